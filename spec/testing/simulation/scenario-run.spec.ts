// How a scenario fails: by what it throws, because it never ends, or because it cannot go on.

import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Handler } from 'corosock';
import { simulate, world } from 'corosock/testing';
import type { World, WorldClient } from 'corosock/testing';
import { failureOf, withoutLines } from './told.ts';

const echo: Handler = async (ws) => {
  for await (const message of ws) await ws.write(message);
};

function throwsAlways(): never {
  throw new Error('of a getter');
}

describe('a promise that nobody handles', () => {
  // vitest fails for rejections that nobody handles; here they are what is looked for.
  let listeners: NodeJS.UnhandledRejectionListener[] = [];
  beforeEach(() => {
    listeners = process.listeners('unhandledRejection');
    process.removeAllListeners('unhandledRejection');
  });
  afterEach(() => {
    for (const listener of listeners) process.on('unhandledRejection', listener);
  });

  const cause = new Error('of nobody');
  it.each<[string, (w: World) => Promise<void>]>([
    ['of the scenario', async () => void Promise.reject(cause)],
    [
      'of a handler that ends with its host',
      async (w) => {
        await w.connect(
          w.serve(async (ws) => {
            await ws.closed;
            void Promise.reject(cause);
          }),
        );
      },
    ],
  ])('fails its seed: one %s', async (_, scenario) => {
    const error = await failureOf(scenario);
    expect(error).toMatchObject({ code: 'COROSOCK_SIMULATION', seed: 1, cause });
    expect(error.message).toMatch(/^simulate\(\): seed 1 fails: unhandled rejection: Error: of nobody/);
    expect(process.listenerCount('unhandledRejection')).toBe(0);
  });
});

describe('a scenario that fails', () => {
  it('fails with its error, its seed and the code', async () => {
    const cause = new Error('of the scenario');
    const error = await failureOf(async ({ seed }) => {
      if (seed === 2) throw cause;
    });
    expect(error).toMatchObject({ code: 'COROSOCK_SIMULATION', name: 'SimulationError', seed: 2, cause });
    expect(error.message).toMatch(
      /^simulate\(\): seed 2 fails: Error: of the scenario \(scenario at scenario-run\.spec\.ts:\d+\)\n/,
    );
  });

  it('may throw before it is asynchronous, and what is no error', async () => {
    const scenario = (): never => {
      // oxlint-disable-next-line typescript/only-throw-error -- what callers do
      throw 'of the scenario';
    };
    expect(await failureOf(scenario)).toMatchObject({ seed: 1, cause: 'of the scenario' });
  });

  it.each([
    ['without a prototype', Object.create(null) as unknown],
    ['whose message throws', Object.defineProperty(new Error(), 'message', { get: throwsAlways })],
    ['whose every property throws', new Proxy({}, { get: throwsAlways })],
  ])('may throw an object %s', async (_, thrown) => {
    const error = await failureOf(() => Promise.reject(thrown));
    expect(error).toMatchObject({ code: 'COROSOCK_SIMULATION', seed: 1 });
    expect(error.message).toMatch(/^simulate\(\): seed 1 fails: something that cannot be shown/);
    expect(error.cause).toBe(thrown);
    const ofHandler = await failureOf(async (w) => {
      await (
        await w.connect(w.serve(() => Promise.reject(thrown)))
      ).closed;
    });
    expect(ofHandler.cause).toBe(thrown);
  });

  it.each<[string, (client: WorldClient) => Promise<unknown>]>([
    ['read', async (client) => await client.read()],
    ['readJson', async (client) => await client.readJson()],
    ['for await', async (client) => await client[Symbol.asyncIterator]().next()],
    ['write', async (client) => await client.write('a')],
    ['write of fragments', async (client) => await client.write(['a', 'b'])],
  ])('fails with the mistake of a script that uses a client of another world: %s', async (_, call) => {
    let first: WorldClient | undefined;
    const error = await failureOf(async (w) => {
      const greet: Handler = async (ws) => {
        for (const word of ['hello', 'again']) await ws.writeJson(word);
      };
      const client = await w.connect(w.serve(greet));
      first ??= client;
      // Both wait: the second one still does in the next world.
      await w.clock.advance(10);
      await call(first);
    });
    expect(error).toMatchObject({ seed: 2, cause: { name: 'UsageError', code: 'COROSOCK_ARGUMENT' } });
    expect((error.cause as Error).message).toBe(
      'A call of a client: expected a client of this world (seed 2), got client 1 of another (seed 1)',
    );
  });

  it('fails with the error of a script', async () => {
    const cause = new Error('of the script');
    const error = await failureOf(async (w) => {
      void w.spawn('ada', () => Promise.reject(cause));
      await w.clock.advance(1000);
    });
    expect(error).toMatchObject({ seed: 1, cause });
    expect(error.message).toMatch(
      /fails: Error: of the script \(script 'ada' at scenario-run\.spec\.ts:\d+\)/,
    );
  });

  it('fails with the error of a step', async () => {
    const cause = new Error('of a timer');
    const error = await failureOf(async (w) => {
      w.clock.setTimeout(() => {
        throw cause;
      }, 10);
      await w.clock.advance(1000);
    });
    expect(error).toMatchObject({ seed: 1, cause });
  });

  it('fails where a script ignores the end of its hosts', async () => {
    const error = await failureOf(async (w) => void w.spawn('ada', () => new Promise(() => {})));
    expect(error.message).toContain("'ada'");
  });

  it('fails at untilMs, in virtual time', async () => {
    const error = await failureOf(async (w) => {
      for (;;) await w.clock.advance(60_000);
    });
    expect(error).toMatchObject({ code: 'COROSOCK_SIMULATION' });
    expect(error.message).toContain('it has not ended by t=3600000 (untilMs)');
  });

  it('fails where it goes round in a circle, and no time passes', async () => {
    const error = await failureOf(async (w) => {
      const again = (): void => void w.clock.setImmediate(again);
      again();
      await new Promise(() => {});
    });
    expect(error.message).toContain('100000 steps at one time');
  });

  it.each<[string, (w: World) => Promise<void>]>([
    [
      'w.settle()',
      async (w) => {
        for (;;) await w.settle();
      },
    ],
    [
      'w.clock.advance()',
      async (w) => {
        for (;;) await w.clock.advance(0);
      },
    ],
  ])('fails where it calls %s for ever, and no time passes', async (call, scenario) => {
    const { message } = await failureOf(scenario);
    expect(withoutLines(message)).toContain(
      `seed 1 fails: UsageError: ${call} at scenario-run.spec.ts: 1000 calls at one time, and nothing has happened`,
    );
  });

  it('fails where it calls them for ever and takes no error for an end', async () => {
    let isStopped = false;
    const error = await failureOf(
      async (w) => {
        while (!isStopped) await w.settle().catch(() => {});
      },
      { runs: 1 },
    );
    isStopped = true;
    expect(error.code).toBe('COROSOCK_DEADLOCK');
  });

  it('names its seed where it uses a client of another world', async () => {
    await using other = world({ seed: 5 });
    const host = other.serve(echo);
    const error = await failureOf(async (w) => void (await w.connect(host)), { seed: 3 });
    expect(error.message).toContain('this world (seed 3), got one of another (seed 5)');
  });
});

describe('a handler that outlives its world', () => {
  it.each<[string, Handler, string]>([
    [
      'itself',
      async (ws) => {
        await ws.read();
        await new Promise(() => {});
      },
      'but not the handler of client 1: it waits in no call of this package',
    ],
    [
      'in a sleep for ever',
      async (ws) => {
        await ws.clock.sleep(Infinity);
      },
      'but not the handler of client 1: it waits at scenario-run.spec.ts:',
    ],
    [
      'by a child task',
      async (ws) => {
        void ws.spawn(async function counts() {
          await new Promise(() => {});
        });
        await ws.closed;
      },
      "but not task 'counts' of the handler of client 1: it waits in no call of this package",
    ],
  ])('fails its seed: %s', async (_, handler, text) => {
    const error = await failureOf(async (w) => {
      const client = await w.connect(w.serve(handler));
      await client.write('a');
    });
    expect(error).toMatchObject({ code: 'COROSOCK_SIMULATION', seed: 1 });
    expect(error.message).toContain(`its world has ended, ${text}`);
    expect(error.cause).toBeInstanceOf(Error);
  });

  it('is told of, also where its link is over and forgotten', async () => {
    const error = await failureOf(async (w) => {
      const host = w.serve(() => new Promise(() => {}));
      const first = await w.connect(host);
      first.link.reset();
      await first.closed;
      await w.connect(host);
    });
    expect(error.message).toContain(
      'not the handler: it waits in no call of this package; the handler of client 2: it waits in',
    );
  });

  it('has an hour to end', async () => {
    const ends: number[] = [];
    await simulate(
      async (w) => {
        await w.connect(
          w.serve(async (ws) => {
            await ws.clock.sleep(1_800_000);
            ends.push(w.clock.now());
          }),
        );
      },
      { runs: 1 },
    );
    expect(ends).toEqual([1_800_000]);
  });
});

describe('a scenario that cannot go on', () => {
  it('fails at once', async () => {
    const error = await failureOf(async (w) => {
      const client = await w.connect(w.serve(echo));
      await client.read();
    });
    expect(error).toMatchObject({ code: 'COROSOCK_DEADLOCK', seed: 1 });
  });

  it('fails where no host was made', async () => {
    expect(await failureOf(() => new Promise(() => {}))).toMatchObject({ code: 'COROSOCK_DEADLOCK' });
  });

  it('is none where a time-out, or a heartbeat, lets it go on', async () => {
    await simulate(
      async (w) => {
        const client = await w.connect(w.serve(echo));
        expect(await client.read(20, 5000)).toEqual([undefined, 'timeout']);
      },
      { runs: 2 },
    );
  });
});

describe('a scenario beside real time', () => {
  it('may step out of its world', async () => {
    const report = await simulate(
      async (w) => {
        expect(await w.real(new Promise((resolve) => setTimeout(() => resolve('real'), 1)))).toBe('real');
      },
      { runs: 2 },
    );
    expect(report.virtualMs).toBe(0);
  });

  it('fails where a handler waits for a timer of Node', async () => {
    const error = await failureOf(async (w) => {
      const slow: Handler = async (ws) => {
        await new Promise((resolve) => {
          setTimeout(resolve, 1000).unref();
        });
        await ws.write('late');
      };
      const client = await w.connect(w.serve(slow));
      await client.read();
    });
    expect(error).toMatchObject({ code: 'COROSOCK_SIMULATION', cause: { code: 'COROSOCK_REAL_TIME' } });
  });
});
