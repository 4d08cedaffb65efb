// Worlds over bytes wait for nothing real: `ws` sets timers of Node that its transport replaces.

import { beforeEach, describe, expect, it, vi } from 'vitest';
import type * as RealTurn from '../../../../src/testing/real-turn.ts';
import { simulate } from '../../../../src/testing/simulation/simulate.ts';
import type { ServerSocket } from '../../../../src/index.ts';

const pauses = vi.hoisted(() => ({ count: 0 }));

vi.mock('../../../../src/testing/real-turn.ts', async (original) => {
  const realTurn = await original<typeof RealTurn>();
  const realPause: typeof realTurn.realPause = (...args) => {
    pauses.count += 1;
    return realTurn.realPause(...args);
  };
  return { ...realTurn, realPause };
});

beforeEach(() => {
  pauses.count = 0;
});

/** Ends the socket of another handler, and waits for it. */
async function endOther(seed: number, end: (other: ServerSocket) => Promise<unknown>): Promise<void> {
  await simulate(
    async (w) => {
      let first: ServerSocket | undefined;
      const host = w.serve(async (ws) => {
        await ws.readMessage(60_000);
        const other = first;
        first ??= ws;
        await (other === undefined ? ws.closed : end(other));
      });
      for (const client of [await w.connect(host), await w.connect(host)]) {
        await client.write('hello');
        await w.clock.advance(500);
      }
    },
    { seed, fidelity: 'wire', faults: 'mild' },
  );
}

describe('a simulation over bytes', () => {
  it('takes no real pause where a handler awaits the end of another socket', async () => {
    for (let seed = 1; seed <= 10; seed += 1)
      await endOther(seed, async (other) => await other.endServer(1000));
    expect(pauses.count).toBe(0);
  });

  it('takes some where it looks for code that has left its time', async () => {
    const leaving = endOther(1, async () => await new Promise((resolve) => setTimeout(resolve, 20)));
    await expect(leaving).rejects.toThrow('waits in nothing of it');
    expect(pauses.count).toBeGreaterThan(0);
  });
});
