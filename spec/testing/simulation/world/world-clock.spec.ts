// The clock of a world: time stands still between calls of `advance`.

import { describe, expect, it } from 'vitest';
import { world } from 'corosock/testing';
import { Agenda } from '../../../../src/testing/simulation/seeded/agenda.ts';
import { Choices } from '../../../../src/testing/simulation/seeded/choices.ts';
import { Escapes } from '../../../../src/testing/simulation/world/escapes.ts';

describe('w.clock', () => {
  it('lets time pass only in clock.advance, from one date on', async () => {
    await using w = world();
    const host = w.serve(async (ws) => {
      await ws.clock.sleep(60_000);
      await ws.write(new Date(w.clock.wallTimeMs()).toISOString());
    });
    const ws = await w.connect(host, {});
    await w.clock.advance(59_999);
    const before = ws.queued.messages;
    await w.clock.advance(1);
    expect([before, await ws.read(), w.clock.now()]).toEqual([0, ['2030-01-01T00:01:00.000Z', 'ok'], 60_000]);
  });

  it('adds up calls of advance that overlap', async () => {
    await using w = world();
    await Promise.all([w.clock.advance(1000), w.clock.advance(500)]);
    expect(w.clock.now()).toBe(1500);
  });

  it('sleeps for several scripts at one time, side by side', async () => {
    await using w = world();
    const woken: unknown[] = [];
    const host = w.serve(async (ws) => {
      await ws.clock.sleep(700);
      woken.push(['handler', w.clock.now()]);
    });
    await w.connect(host);
    for (const [name, ms] of [
      ['ada', 1000],
      ['bob', 500],
    ] as const) {
      void w.spawn(name, async () => {
        await w.clock.sleep(ms);
        woken.push([name, w.clock.now()]);
      });
    }
    await w.clock.advance(1000);
    expect(woken).toEqual([
      ['bob', 500],
      ['handler', 700],
      ['ada', 1000],
    ]);
  });

  it('ends a sleep with its signal', async () => {
    await using w = world();
    const leaving = new AbortController();
    const sleeping = w.clock.sleep(Infinity, { signal: leaving.signal });
    leaving.abort('enough');
    await expect(sleeping).rejects.toBe('enough');
  });

  it('runs timers of code under test on its clock', async () => {
    await using w = world();
    const order: string[] = [];
    w.clock.setImmediate(() => order.push('turn'));
    w.clock.clearTimeout(w.clock.setTimeout(() => order.push('never'), 5));
    w.clock.setTimeout(() => order.push('timer'), 10);
    const { timers } = w.clock;
    await w.clock.advance(10);
    expect([order, timers, w.clock.timers]).toEqual([['turn', 'timer'], 1, 0]);
  });

  it('settles after code that awaits some turns of Node itself', async () => {
    await using w = world();
    let turns = 0;
    const own = async (): Promise<void> => {
      for (; turns < 5; turns += 1) await new Promise((resolve) => void setImmediate(resolve));
    };
    void own();
    await w.settle();
    expect(turns).toBe(5);
  });

  it('refuses a timer of NaN ms', async () => {
    await using w = world();
    expect(() => w.clock.setTimeout(() => {}, Number.NaN)).toThrow(
      'clock.setTimeout(): expected ms to be a number of milliseconds from 0 to 2147483647, got NaN',
    );
  });
});

describe('w.real', () => {
  it('rejects where its promise never settles, at a line of the test', async () => {
    const settings = { seed: 7, maxRealMs: 1, servers: () => [] };
    const agenda = new Agenda(new Choices(7));
    const escapes = new Escapes({ ...settings, agenda });
    const waits = [escapes.real(new Promise(() => {})), escapes.real(Promise.resolve('done'))];
    await escapes.whenBack();
    while (agenda.step());
    escapes.end();
    expect(await Promise.allSettled(waits)).toMatchObject([
      {
        reason: {
          code: 'COROSOCK_REAL_TIME',
          message: expect.stringMatching(
            /^The world with seed 7 cannot go on: the promise of w\.real\(\) at world-clock\.spec\.ts:\d+ has not settled in 1 ms$/u,
          ) as string,
        },
      },
      { value: 'done' },
    ]);
  });
});
