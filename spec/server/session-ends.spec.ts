// Sessions that end while a handler uses them: the end of its socket, and no error of the handler.

import type { ServerSocket, Session } from 'corosock';
import { connect } from 'corosock/client';
import { serve } from 'corosock';
import { runServer, settle, virtualClock } from 'corosock/testing';
import { describe, expect, it } from 'vitest';
import { gist } from '../fixtures/memory-host.ts';
import { held, SECRET } from '../session/session-fixtures.ts';

const sessions = { secret: SECRET };

describe('a session that ends', () => {
  it('in the middle of an update is no error of the handler', async () => {
    const reports: unknown[] = [];
    const { promise: changing, resolve: goOn } = held();
    let session: Session | undefined;
    const { client, done } = runServer(
      async (ws) => {
        ({ session } = ws);
        await ws.session?.update(() => changing);
      },
      { sessions, clock: virtualClock(), report: (error) => reports.push(error) },
    );
    const ws = await client;
    await session?.end();
    goOn();
    const outcome = await done;
    expect([(await ws.closed).code, 'end' in outcome && gist(outcome.end), reports]).toEqual([
      3008,
      [3008, 'session', true],
      [],
    ]);
  });

  it.each<[string, (ws: ServerSocket) => Promise<unknown>]>([
    ['an update', async (ws) => ws.session?.update(() => settle())],
    ['a task', async (ws) => ws.spawn(async () => ws.session?.update(() => settle()))],
  ])('during %s is no error, while the client has not answered the close', async (_, use) => {
    const reports: unknown[] = [];
    await using host = await serve(
      async (ws) => {
        const using = use(ws);
        await ws.session?.end();
        await using;
      },
      { sessions, report: (error) => reports.push(error) },
    );
    const ws = await connect(host.url);
    expect([(await ws.closed).code, reports]).toEqual([3008, []]);
  });

  it('between the handshake and the socket closes it with 3008, whatever the handler reads of it', async () => {
    const reports: unknown[] = [];
    const { client, done } = runServer(
      {
        onPreServer(handshake) {
          handshake.signal.addEventListener('abort', () => expect.unreachable());
          // Behind the commit, before the socket joins.
          void Promise.resolve(handshake.session).then((session) => void session?.end());
        },
        async server(ws) {
          await ws.session?.load();
        },
      },
      { sessions, clock: virtualClock(), report: (error) => reports.push(error) },
    );
    await client;
    const outcome = await done;
    expect(['end' in outcome && gist(outcome.end), reports]).toEqual([[3008, 'session', true], []]);
  });

  it('still reports a session that is over and not its own', async () => {
    const reports: unknown[] = [];
    let first: Session | undefined;
    const server = async (ws: ServerSocket): Promise<void> => {
      await first?.end();
      first ??= ws.session;
      await first?.load();
      await ws.closed;
    };
    await using host = await serve(server, { sessions, report: (error) => reports.push(error) });
    const ws = await connect(host.url);
    const other = await connect(host.url);
    expect([(await other.closed).code, (await ws.closed).code, reports]).toMatchObject([
      1011,
      3008,
      [{ code: 'COROSOCK_SESSION_OVER' }],
    ]);
  });
});
