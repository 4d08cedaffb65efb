// What has to hold in a world: after each step, and within a time.

import { describe, expect, it } from 'vitest';
import { simulate, world } from 'corosock/testing';
import type { Handler } from 'corosock';

const echo: Handler = async (ws) => {
  for await (const message of ws) await ws.write(message);
};

/** Throws what has no text. */
function throwsOpaque(): never {
  throw Object.create(null);
}

describe('w.always', () => {
  it('is checked after each step', async () => {
    await using w = world();
    let count = 0;
    w.always('counts', () => void (count += 1));
    for (let turn = 0; turn < 5; turn += 1) w.clock.setImmediate(() => {});
    await w.settle();
    expect(count).toBe(5);
  });

  it('is checked when all promise jobs and ticks of the step have run', async () => {
    await using w = world();
    const seen: unknown[] = [];
    const state = { begun: 0, over: 0 };
    w.always('no step is halfway', () => void seen.push({ ...state }));
    const work = async (): Promise<void> => {
      state.begun += 1;
      for (let job = 0; job < 20; job += 1) await Promise.resolve();
      await new Promise<void>((resolve) => process.nextTick(resolve));
      state.over += 1;
    };
    for (let turn = 0; turn < 10; turn += 1) w.clock.setImmediate(() => void work());
    await w.settle();
    expect(seen).toEqual(Array.from({ length: 10 }, (_, at) => ({ begun: at + 1, over: at + 1 })));
  });

  it('fails a simulation in the step after which it does not hold', async () => {
    const cause = new Error('no more than one');
    const steps: number[] = [];
    const failing = simulate(
      async (w) => {
        const host = w.serve(echo);
        w.always('one socket', () => {
          steps.push(host.sockets.size);
          if (host.sockets.size > 1) throw cause;
        });
        for (let turn = 0; turn < 4; turn += 1) await w.connect(host);
      },
      { seed: 1 },
    );
    await expect(failing).rejects.toMatchObject({
      code: 'COROSOCK_SIMULATION',
      message: expect.stringContaining("always 'one socket': Error: no more than one") as string,
      cause: { cause },
    });
    expect(Math.max(...steps)).toBe(2);
  });

  it.each<[string, () => unknown]>([
    ['the check gave false', () => false],
    ['expected a check that gives no promise', async () => {}],
    ['expected a check that gives no promise', () => Promise.reject(new Error('of nobody'))],
    // oxlint-disable-next-line unicorn/no-thenable -- promises of a library, or of a patched Promise
    ['expected a check that gives no promise', () => ({ then: (resolve: () => void) => resolve() })],
    ['something that cannot be shown', throwsOpaque],
  ])('fails the end of a world: %s', async (text, check) => {
    const w = world();
    w.always('holds', check);
    w.clock.setImmediate(() => {});
    await w.settle();
    await expect(w[Symbol.asyncDispose]()).rejects.toThrow(`always 'holds': ${text}`);
  });

  it('need not hold while the world ends', async () => {
    const w = world();
    const host = w.serve(echo);
    await w.connect(host);
    w.always('one socket', () => host.sockets.size === 1);
    await w[Symbol.asyncDispose]();
    expect(host.sockets.size).toBe(0);
  });
});

describe('w.eventually', () => {
  it('takes no promise for an answer', async () => {
    // JavaScript's callers may give an async function.
    const check = (async () => false) as unknown as () => boolean;
    const failing = simulate((w) => w.eventually('comes', check, 1000), { runs: 1 });
    await expect(failing).rejects.toThrow("eventually 'comes': expected a check that gives no promise");
  });

  it('is the cause, also where a finally throws after it', async () => {
    const failing = simulate(
      async (w) => {
        try {
          await w.eventually('comes', () => false, 1000);
        } finally {
          throwsOpaque();
        }
      },
      { runs: 1 },
    );
    await expect(failing).rejects.toThrow("eventually 'comes': was not true within 1000 ms");
  });

  it('resolves when its check gives true', async () => {
    await using w = world();
    let isSo = false;
    w.clock.setTimeout(() => (isSo = true), 500);
    const found = w.eventually('so', () => isSo, 1000).then(() => w.clock.now());
    await w.clock.advance(2000);
    expect([await found, w.clock.timers]).toEqual([500, 0]);
  });

  it('resolves at once where it is so', async () => {
    await using w = world();
    await w.eventually('so', () => true, 0);
    expect(w.clock.timers).toBe(0);
  });

  it('fails a simulation when its time is over, also where nothing awaits it', async () => {
    const failing = simulate(async (w) => void w.eventually('so', () => false, 1000), { seed: 4 });
    await expect(failing).rejects.toMatchObject({
      seed: 4,
      message: expect.stringContaining("eventually 'so': was not true within 1000 ms") as string,
    });
  });

  it.each([1, 'yes', undefined, null])('fails a simulation where its check gives %o', async (answer) => {
    const failing = simulate(async (w) => w.eventually('so', () => answer as never, 1000), { seed: 4 });
    await expect(failing).rejects.toMatchObject({
      message: expect.stringContaining(
        "eventually 'so': UsageError: w.eventually(): expected a check that gives true or false, got",
      ) as string,
    });
  });

  it('fails a simulation where its check throws', async () => {
    const cause = new Error('of the check');
    const failing = simulate(
      async (w) => {
        await w.eventually(
          'so',
          () => {
            throw cause;
          },
          1000,
        );
      },
      { seed: 4 },
    );
    await expect(failing).rejects.toMatchObject({ cause: { cause } });
  });

  it('fails the end of a world that comes before', async () => {
    const w = world();
    const so = w.eventually('so', () => false, 1000);
    await expect(w[Symbol.asyncDispose]()).rejects.toThrow(
      "eventually 'so': was not true before the world has ended",
    );
    await expect(so).rejects.toThrow('was not true before');
  });

  it('takes the last look when its time is over', async () => {
    await using w = world();
    let looks = 0;
    const so = w.eventually('so', () => (looks += 1) > 1, 1000);
    await w.clock.advance(1000);
    await so;
    expect(looks).toBe(2);
  });
});

describe('checks that are none', () => {
  const w = world();
  it.each<[string, () => unknown]>([
    ['w.always(): expected name to be a string', () => w.always(1 as never, () => {})],
    ['w.always(): expected check to be a function', () => w.always('a', 1 as never)],
    ['w.eventually(): expected name to be a string', () => w.eventually(1 as never, () => true, 1)],
    ['w.eventually(): expected withinMs to be', () => w.eventually('a', () => true, -1)],
  ])('are refused: %s', (message, call) => {
    expect(call).toThrow(
      expect.objectContaining({
        code: 'COROSOCK_ARGUMENT',
        message: expect.stringContaining(message) as string,
      }),
    );
  });
});
