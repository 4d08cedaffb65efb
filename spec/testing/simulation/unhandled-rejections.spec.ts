// One listener of the process for the rejections of all runs.

import { describe, expect, it } from 'vitest';
import { simulate } from 'corosock/testing';
import { listenForRejections } from '../../../src/testing/simulation/unhandled-rejections.ts';

/** Listeners of the process, the runner's included. */
const count = (): number => process.listenerCount('unhandledRejection');

describe('listenForRejections', () => {
  it('tells all that listen, until each ends', () => {
    const before = count();
    const heard: string[] = [];
    const [endOne, endOther] = ['one', 'other'].map((name) =>
      listenForRejections((reason) => heard.push(`${name}: ${String(reason)}`)),
    );
    const emit = (reason: string): void => {
      // The last listener is ours: those of the runner hear nothing of it.
      for (const listener of process.listeners('unhandledRejection').slice(before))
        listener(reason, Promise.resolve());
    };
    emit('a');
    endOne?.();
    emit('b');
    endOther?.();
    endOther?.();
    emit('c');
    expect([heard, count()]).toEqual([['one: a', 'other: a', 'other: b'], before]);
  });

  it('adds one listener to the process for many simulations at one time', async () => {
    const before = count();
    const most: number[] = [];
    const play = async (): Promise<void> => {
      await simulate(
        async (w) => {
          const client = await w.connect(w.serve(async (ws) => void (await ws.closed)));
          most.push(count() - before);
          await client.close();
        },
        { runs: 2 },
      );
    };
    await Promise.all(Array.from({ length: 12 }, play));
    expect([new Set(most), count()]).toEqual([new Set([1]), before]);
  });
});
