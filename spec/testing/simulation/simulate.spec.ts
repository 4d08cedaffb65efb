// A scenario under many seeds: what it may do, and how its time passes. How it fails:
// scenario-run.spec.ts.

import { describe, expect, it } from 'vitest';
import type { Handler } from 'corosock';
import { simulate } from 'corosock/testing';

const echo: Handler = async (ws) => {
  for await (const message of ws) await ws.write(message);
};
const idle: Handler = async (ws) => void (await ws.closed);

describe('simulate', () => {
  it('runs a scenario under as many seeds as it is asked to', async () => {
    const seeds: number[] = [];
    const report = await simulate(
      async (w) => {
        seeds.push(w.seed);
        const client = await w.connect(w.serve(echo));
        await client.write('a');
        expect(await client.read()).toEqual(['a', 'ok']);
      },
      { runs: 3 },
    );
    expect([seeds, report.runs, report.steps > 9, report.virtualMs]).toEqual([[1, 2, 3], 3, true, 0]);
  });

  it('runs 100 seeds by default', async () => {
    const report = await simulate((w) => w.clock.sleep(10));
    expect(report).toEqual({ runs: 100, steps: 100, virtualMs: 1000 });
  });

  it('runs the one seed that it is given', async () => {
    const seeds: number[] = [];
    const report = await simulate(
      async (w) => {
        seeds.push(w.seed);
        await w.clock.sleep(1);
      },
      { seed: 17 },
    );
    expect([seeds, report.runs]).toEqual([[17], 1]);
  });

  it('fails where nothing happens at all', async () => {
    await expect(simulate(async () => {}, { runs: 2 })).rejects.toMatchObject({
      code: 'COROSOCK_SIMULATION',
      seed: 1,
      message: expect.stringMatching(/^simulate\(\): nothing has happened.*w\.serve/u) as string,
    });
  });

  it('lets time pass when nothing is ready', async () => {
    const report = await simulate(
      async (w) => {
        const client = await w.connect(w.serve(async (ws) => await ws.clock.sleep(60_000)));
        expect([await client.read(), w.clock.now()]).toEqual([[undefined, 'closed'], 60_000]);
      },
      { runs: 2 },
    );
    expect(report.virtualMs).toBe(120_000);
  });

  it.each(['advance', 'sleep'] as const)('lets scripts wait side by side in clock.%s', async (call) => {
    const woken: unknown[] = [];
    const report = await simulate(
      async (w) => {
        await w.settle();
        for (const ms of [1000, 500]) {
          void w.spawn(`for ${ms} ms`, async () => {
            await w.clock[call](ms);
            woken.push([ms, w.clock.now()]);
          });
        }
        await Promise.all([w.clock[call](700), w.clock[call](300), w.clock[call](0)]);
        woken.push(['scenario', w.clock.now()]);
      },
      { runs: 1 },
    );
    expect(woken).toEqual([
      [500, 500],
      ['scenario', 700],
      [1000, 1000],
    ]);
    expect(report.virtualMs).toBe(1000);
  });

  it('ends a run when its scripts have ended, too', async () => {
    const ends: string[] = [];
    await simulate(
      async (w) => {
        void w.spawn('ada', async () => {
          await w.clock.advance(1000);
          ends.push(`ada at ${w.clock.now()}`);
        });
        ends.push('scenario');
      },
      { runs: 1 },
    );
    expect(ends).toEqual(['scenario', 'ada at 1000']);
  });

  it('closes the hosts where scripts only wait', async () => {
    const ends: unknown[] = [];
    await simulate(
      async (w) => {
        const host = w.serve(idle);
        void w.spawn('ada', async () => {
          const client = await w.connect(host);
          for await (const message of client) ends.push(message);
          ends.push(client.closeInfo?.code);
        });
      },
      { runs: 1 },
    );
    expect(ends).toEqual([1001]);
  });

  it('closes the hosts at untilMs where scripts go on and on', async () => {
    let ticks = 0;
    await simulate(
      async (w) => {
        const host = w.serve(idle);
        void w.spawn('ada', async () => {
          const client = await w.connect(host);
          for (; client.closeInfo === undefined; ticks += 1) await w.clock.advance(1000);
        });
      },
      { runs: 1, untilMs: 10_000 },
    );
    expect(ticks).toBe(11);
  });
});

describe('the options of simulate', () => {
  it.each<[string, () => Promise<unknown>]>([
    ['simulate(): expected scenario to be a function', () => simulate(1 as never)],
    ['simulate(): expected options to be an object', () => simulate(async () => {}, 1 as never)],
    ['simulate(): unknown option "seeds"', () => simulate(async () => {}, { seeds: 1 } as never)],
    ['simulate(): expected seed to be a safe integer ≥ 0', () => simulate(async () => {}, { seed: -1 })],
    ['simulate(): expected seed, which runs', () => simulate(async () => {}, { seed: 3, runs: 5 })],
    [
      "simulate(): expected fidelity: 'wire' beside faults.cutChunks",
      () => simulate(async () => {}, { faults: { cutChunks: true }, fidelity: 'messages' }),
    ],
    ['simulate(): expected runs to be an integer from 1', () => simulate(async () => {}, { runs: 0 })],
    ['simulate(): expected untilMs to be', () => simulate(async () => {}, { untilMs: -1 })],
  ])('are checked: %s', async (message, call) => {
    await expect(call()).rejects.toMatchObject({
      code: 'COROSOCK_ARGUMENT',
      message: expect.stringContaining(message) as string,
    });
  });
});
