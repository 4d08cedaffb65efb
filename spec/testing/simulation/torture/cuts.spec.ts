// The cuts of torture: each shows a bug that no other run shows.

import { describe, expect, it } from 'vitest';
import type { Handler } from 'corosock';
import { torture } from 'corosock/testing';
import { atEnd, failure, good } from './tortured.ts';

describe('a cut finds', { timeout: 30_000 }, () => {
  it.each<[string, Handler, RegExp]>([
    [
      'a close code that says that the server has failed',
      atEnd((ws, end) => end === 'timeout' && ws.endServer(1011)),
      /time-out .*: a wrong close code: 1011 by local\. Right after this cut: any but 1011\n/,
    ],
    [
      'a close code of a host that does not close',
      async (ws) => {
        ws.draining.addEventListener('abort', () => void ws.endServer(1000));
        await good(ws);
      },
      /host closing .*: a wrong close code: 1000 by local\. Right after this cut: 1001, or one from 3000 on\n/,
    ],
    [
      'a write to a slow peer whose time-out was not thought of',
      async (ws) => {
        for await (const message of ws)
          if ((await ws.write(message, { timeoutMs: 1000 })) === 'timeout') throw new Error('planted');
      },
      /slow write .* write .*: error reported by server: Error: planted/,
    ],
  ])('%s', async (_, handler, message) => {
    expect((await failure(handler)).message).toMatch(message);
  });

  it('a close code that is neither that of the cut nor that of the run without one', async () => {
    const handler: Handler = async (ws) => {
      const [, status] = await ws.read({ timeoutMs: 20_000 });
      await ws.endServer(status === 'timeout' ? 1011 : 4000);
    };
    const said = torture(handler, async (client) => {
      await client.write('a');
      await client.closed;
    });
    await expect(said).rejects.toThrow(/Right after this cut: any but 1011, or 4000 as without it/);
  });

  it.each<[string, Handler]>([
    ['link lost', atEnd((ws, end) => end === 1006 && ws.closeInfo?.by === 'link' && bug())],
    ['closed by the peer', atEnd((_, end) => end === 1001 && bug())],
    ['time-out', atEnd((_, end) => end === 'timeout' && bug())],
    ['aborted', atEnd((ws, end) => end === 1006 && ws.closeInfo?.by === 'local' && bug())],
    ['stalled peer', atEnd((ws, end) => end === 1006 && ws.closeInfo?.by === 'heartbeat' && bug())],
    ['host closing', atEnd((ws) => ws.draining.aborted && bug())],
  ])('what no other cut shows: %s', async (name, handler) => {
    const { message } = await failure(handler, { hostile: false });
    expect(message).toMatch(new RegExp(`cut \\d+ of \\d+, ${name} while .*: Error: planted`));
  });
});

function bug(): never {
  throw new Error('planted');
}
