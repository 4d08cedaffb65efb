// What closes a socket whose peer has sent another message than was asked for, where the handler
// does not catch the error (docs/reference/endings.md). It is reported as any error of a handler.

import { runServer } from 'corosock/testing';
import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { defineServer, MessageError } from 'corosock';
import type { Data, ServerSocket } from 'corosock';

const schema = z.object({ id: z.number() });

const FAULTS: ReadonlyArray<readonly [what: string, message: Data, code: number]> = [
  ['binary where text is needed', new Uint8Array([1]), 1003],
  ['text that is not JSON', '{"password":hunter2', 1007],
  ['JSON that the schema refuses', '{"id":"hunter2"}', 1008],
];

describe('a MessageError that a handler does not catch', () => {
  it.each(FAULTS)(
    'closes with its code, and with no text for the peer: %s, %j, %d',
    async (_, message, code) => {
      const reported: unknown[] = [];
      await using run = runServer((ws) => ws.readJson({ schema }).then(() => {}), {
        report: (error, { phase }) => reported.push([(error as Error).name, phase]),
      });
      const client = await run.client;
      await client.write(message);
      expect(await client.closed).toMatchObject({ code, reason: '', clean: true, by: 'peer' });
      expect(await run.done).toMatchObject({ kind: 'threw', end: { code, by: 'handler', clean: true } });
      expect(reported).toEqual([['MessageError', 'server']]);
    },
  );

  it('leaves the socket open when it is caught', async () => {
    const server = async (ws: ServerSocket) => {
      const [value] = await ws.readJson().catch(() => ['no JSON'] as const);
      await ws.writeJson(value);
    };
    await using run = runServer(server);
    const client = await run.client;
    await client.write('{');
    expect(await client.readJson()).toEqual(['no JSON', 'ok']);
  });
});

describe('a MessageError that onClientMessage does not catch', () => {
  it('closes with its code', async () => {
    const reported: unknown[] = [];
    const server = defineServer({
      onPreServer: (handshake) => {
        handshake.sharedConnection = true;
      },
      server: () => {},
      onClientMessage: () => {
        throw new MessageError('COROSOCK_NOT_JSON');
      },
    });
    await using run = runServer(server, {
      report: (error, { phase }) => reported.push([(error as Error).name, phase]),
    });
    const client = await run.client;
    await client.write('{');
    expect(await client.closed).toMatchObject({ code: 1007 });
    expect(reported).toEqual([['MessageError', 'onClientMessage']]);
  });
});
