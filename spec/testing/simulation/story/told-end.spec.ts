// What a story tells of one end of a link: each way to read, to write and to end.

import { describe, expect, it } from 'vitest';
import { select } from 'corosock';
import type { Handler, HostOptions } from 'corosock';
import type { WorldClient } from 'corosock/testing';
import { failureOf, linesOf } from '../told.ts';

/** The story of a handler and a client, without the lines of the handshake and the failure. */
async function storyOf(
  handler: Handler,
  play: (client: WorldClient) => Promise<void>,
  options: HostOptions = {},
): Promise<readonly string[]> {
  const error = await failureOf(
    async (w) => {
      const client = await w.connect(w.serve(handler, options));
      await play(client);
      await w.clock.advance(60_000);
      throw new Error('the end');
    },
    { seed: 1 },
  );
  return linesOf(error).slice(2, -1);
}

const echo: Handler = async (ws) => {
  for await (const message of ws) await ws.write(message);
};

describe('a story', () => {
  it('tells messages that are read at once, later, and by select', async () => {
    const lines = await storyOf(
      async (ws) => {
        await ws.clock.sleep(10);
        await ws.readMessage();
        const [, result] = await select({ ws });
        await ws.write(result?.[1] ?? 'none');
        await ws.closed;
      },
      async (client) => {
        await client.write('a');
        await client.write(new Uint8Array(3));
      },
    );
    expect(lines).toEqual([
      't=0 client 1 at told-end.spec.ts writes "a" · client 1 at told-end.spec.ts writes 3 bytes',
      't=0 "a" waits for handler of client 1',
      't=0 3 bytes waits for handler of client 1',
      't=10 handler of client 1 goes on at told-end.spec.ts · ' +
        'handler of client 1 at told-end.spec.ts readMessage → "a" · handler of client 1 select → 3 bytes · ' +
        'host at told-end.spec.ts writes "ok" to client 1',
      't=10 "ok" waits for client 1',
    ]);
  });

  it('tells reads that time out, at once and later', async () => {
    const lines = await storyOf(echo, async (client) => {
      await client.read(10, 0);
      await client.read(10, 500);
    });
    expect(lines).toEqual([
      't=0 client 1 at told-end.spec.ts read → timeout',
      't=500 client 1 at told-end.spec.ts read → timeout',
    ]);
  });

  it('tells who closes, with which code, and each read that finds it closed', async () => {
    const lines = await storyOf(echo, async (client) => {
      await client.close(4000);
      await client.read();
    });
    expect(lines).toEqual([
      't=0 client 1 at told-end.spec.ts closes with 4000',
      't=0 handler of client 1 at told-end.spec.ts for await → closed 4000',
      't=0 client 1 has closed: 4000 · client 1 at told-end.spec.ts read → closed 4000',
    ]);
  });

  it('tells that a handler has returned', async () => {
    const lines = await storyOf(
      async (ws) => void (await ws.read()),
      async (client) => void (await client.write('x')),
    );
    expect(lines.slice(1, 3)).toEqual([
      't=0 handler of client 1 at told-end.spec.ts read → "x" · ' +
        'host closes client 1 with 1000: its handler has ended',
      't=0 client 1 has closed: 1000',
    ]);
  });

  it('tells a read that no line of the user has called', async () => {
    const lines = await storyOf(
      async (ws) => void (await ws.write('x')),
      async (client) => {
        process.nextTick(client.readMessage.bind(client));
      },
    );
    expect(lines.join()).toContain('client 1 readMessage → "x"');
  });

  it('calls the client of bytes a client before its handshake is over', async () => {
    const error = await failureOf(
      async (w) => {
        const client = await w.connect(w.serve(async (ws) => void (await ws.write('x'))));
        await client.read();
        throw new Error('the end');
      },
      { seed: 1, fidelity: 'wire' },
    );
    expect(linesOf(error).join()).toContain('host at told-end.spec.ts writes "x" to a client');
  });

  it('tells ends by a heartbeat', async () => {
    const lines = await storyOf(echo, async (client) => client.link.cut());
    expect(lines.filter((line) => line.includes('1006')).map((line) => line.replace(/^t=\d+ /u, ''))).toEqual(
      expect.arrayContaining(['client 1 has closed: 1006 by heartbeat']),
    );
  });

  it('tells messages in parts, and shortens long ones', async () => {
    const lines = await storyOf(echo, async (client) => {
      await client.write('a'.repeat(100));
      await client.write(['par', 't']);
    });
    expect(lines[0]).toContain(`writes "${'a'.repeat(60)}"…`);
    expect(lines.join()).toContain('writes "par", a part,');
  });

  it('tells why a host closes, where its handler has not asked for it', async () => {
    const lines = await storyOf(
      async (ws) => {
        await ws.clock.sleep(10);
        await ws.session?.end();
        await ws.closed;
      },
      async () => {},
      { sessions: { secret: 'a secret of 32 bytes, as it seems' } },
    );
    expect(lines.join('\n')).toMatch(/closes .*: session/u);
  });

  it('tells no lines where something else has made stacks its own', async () => {
    const { prepareStackTrace } = Error;
    Error.prepareStackTrace = () => undefined;
    try {
      const lines = await storyOf(echo, async (client) => void (await client.write('hi')));
      expect(lines.join('\n')).toContain('client 1 writes "hi"');
    } finally {
      if (prepareStackTrace === undefined) Reflect.deleteProperty(Error, 'prepareStackTrace');
      else Error.prepareStackTrace = prepareStackTrace;
    }
  });
});
