// The memory that a select leaves, measured over 20,000 of them on one socket (A7).

import { channel, every, select } from 'corosock';
import type { Channel } from 'corosock';
import { describe, expect, it } from 'vitest';
import { leftBytes } from '../faults/left-bytes.ts';
import { turn } from '../time/hand-clock.ts';
import { scripted } from '../conversation/scripted-transport.ts';
import type { ScriptedConversation } from '../conversation/scripted-transport.ts';

interface Lasting extends ScriptedConversation {
  readonly jobs: Channel<string>;
  readonly signal: AbortSignal;
  readonly promise: Promise<void>;
}

type Call = (on: Lasting) => Promise<unknown>;

const KINDS: ReadonlyArray<readonly [kind: string, call: Call]> = [
  [
    'takes at once',
    ({ ws, link, jobs, signal, promise }) => {
      link.arrive('a');
      return select({ jobs, signal, promise, ws });
    },
  ],
  [
    'waits for a socket',
    ({ ws, link, jobs, signal, promise }) => {
      const selected = select({ jobs, signal, promise, ws }, { timeoutMs: 10, signal });
      link.arrive('a');
      return selected;
    },
  ],
  [
    'waits for a channel',
    ({ ws, jobs, signal, promise }) => {
      const selected = select({ ws, jobs, signal, promise });
      void jobs.put('job');
      return selected;
    },
  ],
  [
    'times out',
    ({ ws, clock, jobs, promise }) => {
      const selected = select({ ws, jobs, promise, tick: every(100, { clock }) }, { timeoutMs: 10 });
      clock.tick(10);
      return selected;
    },
  ],
  [
    'is aborted',
    ({ ws, jobs, signal, promise }) => {
      const controller = new AbortController();
      const selected = select({ ws, jobs, signal, promise }, { signal: controller.signal }).catch(() => {});
      controller.abort();
      return selected;
    },
  ],
  ['takes from a promise of its own', ({ ws }) => select({ ws, own: Promise.resolve() })],
];

describe('a select', { timeout: 60_000 }, () => {
  const SELECTS = 20_000;
  const LEFT_BYTES = 20;

  it.each(KINDS)('A7: that %s leaves at most 20 bytes', async (_, call) => {
    const all = scripted();
    const on: Lasting = {
      ...all,
      jobs: channel({ clock: all.clock }),
      signal: new AbortController().signal,
      promise: new Promise(() => {}),
    };
    // From here on the port knows that the promise is pending.
    await select({ promise: on.promise }, { timeoutMs: 0 });
    const times = async (selects: number): Promise<void> => {
      for (let n = 0; n < selects; n += 1) await call(on);
      // Begins a new turn, and lets all timers run out.
      await turn();
      all.clock.tick(1000);
      all.clock.waits.length = 0;
    };
    expect(await leftBytes(SELECTS, times)).toBeLessThanOrEqual(LEFT_BYTES);
  });
});
