// R10 and R13 (spec/faults/README.md) on a real link, whose cable is pulled, and with a process that
// really stands still. The times are short, and those of the machine's clock.

import { spawn } from 'node:child_process';
import { serve } from 'corosock';
import type { ServeOptions, ServerSocket } from 'corosock';
import { describe, expect, it } from 'vitest';
import { isHere, NetworkNamespace, reason } from '../fixtures/network-namespace.ts';
import { gist } from '../fixtures/memory-host.ts';
import { socketOf, until } from './until.ts';

const TIMES = { intervalMs: 500, timeoutMs: 500 };
const MOST_MS = TIMES.intervalMs + TIMES.timeoutMs + 1000;

/** A client that reads, and answers pings: that of `ws`. */
function clientOf(url: string): string {
  const ws = import.meta.resolve('ws');
  return `import { WebSocket } from ${JSON.stringify(ws)}; new WebSocket(${JSON.stringify(url)});`;
}

/** Serves a client behind a link that can be taken down, until the socket ends; says how. */
async function cutOff(
  index: number,
  options: ServeOptions,
  handler: (ws: ServerSocket) => Promise<void>,
): Promise<{ readonly end: unknown; readonly foundAfterMs: number }> {
  using namespace = new NetworkNamespace(index);
  await using host = await serve(handler, { hostname: namespace.address, ...options });
  namespace.run(clientOf(host.url));
  const ws = await socketOf(host);
  // A living client is pinged and answers, meanwhile.
  await until(() => ws.queued.messages === 0);
  const sinceMs = performance.now();
  namespace.takeDown();
  const end = gist(await ws.closed);
  return { end, foundAfterMs: performance.now() - sinceMs };
}

describe.runIf(isHere)(`a link that is cut${reason}`, { timeout: 30_000 }, () => {
  it('R10: is noticed while nothing is sent', async () => {
    const { end, foundAfterMs } = await cutOff(0, { heartbeat: TIMES }, async (ws) => void (await ws.closed));
    expect([end, foundAfterMs < MOST_MS]).toEqual([[1006, 'heartbeat', false], true]);
  });

  it('R10: is noticed behind a slow writer, whose bytes the kernel goes on taking', async () => {
    const { end, foundAfterMs } = await cutOff(1, { heartbeat: TIMES }, async (ws) => {
      while ((await ws.write('tick')) === 'ok') await ws.read(undefined, 20);
    });
    expect([end, foundAfterMs < MOST_MS]).toEqual([[1006, 'heartbeat', false], true]);
  });

  it('R10: is noticed behind a fast writer, by writeTimeoutMs alone', async () => {
    const options = { heartbeat: false, writeTimeoutMs: 800 } as const;
    const { end, foundAfterMs } = await cutOff(2, options, async (ws) => {
      while ((await ws.write(Buffer.alloc(16_384))) === 'ok');
    });
    expect([end, foundAfterMs < MOST_MS]).toEqual([[1006, 'heartbeat', false], true]);
  });
});

describe('a process that really stands still', { timeout: 30_000 }, () => {
  it.each([
    ['nothing is sent', async (ws: ServerSocket): Promise<void> => void (await ws.closed)],
    [
      'bytes wait for the client',
      async (ws: ServerSocket): Promise<void> => {
        while ((await ws.write(Buffer.alloc(16_384))) === 'ok');
      },
    ],
  ] as const)('R13: ends no client that lives, while %s', async (_, handler) => {
    await using host = await serve(handler, { heartbeat: TIMES, writeTimeoutMs: 500 });
    const args = ['--input-type=module', '--eval', clientOf(host.url)];
    const client = spawn(process.execPath, args, { stdio: 'ignore' });
    const ws = await socketOf(host);
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 1200);
    // Another interval and time-out, for what would be judged late.
    const untilMs = performance.now() + TIMES.intervalMs + TIMES.timeoutMs;
    await until(() => performance.now() > untilMs || ws.closeInfo !== undefined);
    expect(ws.closeInfo).toBe(undefined);
    client.kill('SIGKILL');
  });
});
