// A test that waits for ever with runServer, fakeSocket or a world is told who waits where, once.

import { setTimeout as sleep } from 'node:timers/promises';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { Handler } from 'corosock';
import type * as Kit from 'corosock/testing';
import type { FakeOptions } from 'corosock/testing';

const code = 'COROSOCK_STANDSTILL';
const HERE = String.raw`standstill\.spec\.ts:\d+`;

/** The looks of the watch, which the test makes itself, and the kit that they belong to. */
let looks: Array<() => void> = [];
let kit: typeof Kit;

beforeEach(async () => {
  looks = [];
  const setTimer = setTimeout;
  vi.resetModules();
  vi.stubGlobal('setTimeout', (run: () => void, ms: number) => {
    if (ms !== 500) return setTimer(run, ms);
    looks.push(run);
    return setTimer(() => {}, 0);
  });
  kit = await import('corosock/testing');
  vi.unstubAllGlobals();
});

afterEach(() => {
  vi.unstubAllGlobals();
});

/** Half a second passes, so many times. */
async function halfSeconds(count: number): Promise<void> {
  for (let look = 0; look < count; look += 1) {
    await kit.settle();
    for (const run of looks.splice(0)) run();
  }
}

/** The options of a run, and what it reports. */
function watched(options: FakeOptions = {}): {
  readonly options: FakeOptions;
  readonly reports: Array<Error & { readonly code?: string }>;
} {
  const reports: Error[] = [];
  return { options: { ...options, report: (error) => void reports.push(error as Error) }, reports };
}

const greet: Handler = async (ws) => {
  await ws.readMessage(10_000);
};

describe('a test that waits for ever', () => {
  it('is told who waits where, and the next timer of a virtual clock', async () => {
    const { options, reports } = watched({ clock: kit.virtualClock() });
    const run = kit.runServer(greet, options);
    const test = async (): Promise<unknown> => await (await run.client).read();
    void test();
    await halfSeconds(3);
    expect(reports).toMatchObject([
      {
        code,
        message: expect.stringMatching(
          new RegExp(
            `^The test has stood still for a second: handler waits in read at ${HERE}; client 1 waits in ` +
              `read at ${HERE}; nothing is in flight\\. The next timer comes with await clock\\.advance\\(10000\\)$`,
          ),
        ) as string,
      },
    ]);
  });

  it('is told once', async () => {
    const { options, reports } = watched({ clock: kit.virtualClock() });
    const client = await kit.runServer(greet, options).client;
    void client.read();
    await halfSeconds(8);
    expect([reports.length, looks.length]).toEqual([1, 0]);
  });

  it('is told that no timer is set', async () => {
    const { options, reports } = watched({ clock: kit.virtualClock() });
    void (await kit.runServer(async (ws) => void (await ws.closed), options).client).read(1, Infinity);
    await halfSeconds(3);
    expect(reports[0]?.message).toMatch(/\. No timer is set: nothing can come any more$/);
  });

  it('is told also after the garbage collector has run', async () => {
    setFlagsFromString('--expose-gc');
    const collect = runInNewContext('gc') as () => void;
    const { options, reports } = watched({ clock: kit.virtualClock() });
    void (await kit.runServer(async (ws) => void (await ws.closed), options).client).read(1, Infinity);
    for (let look = 0; look < 3; look += 1) {
      await kit.settle();
      collect();
      await halfSeconds(1);
    }
    expect(reports).toMatchObject([{ code }]);
  });

  it('is told what waits for a reader', async () => {
    const { options, reports } = watched({ queueMessages: 1 });
    const client = await kit.runServer(async (ws) => void (await ws.closed), options).client;
    for (let message = 0; message < 2; message += 1) await client.write('x');
    void client.read();
    await halfSeconds(3);
    expect(reports[0]?.message).toMatch(/; what is in flight waits for a reader$/);
  });

  it.each<[string, (run: Kit.ServerRun) => unknown]>([
    ['run.done', ({ done }) => done],
    ['client.closed', async ({ client }) => await (await client).closed],
  ])('may wait in %s', async (_, wait) => {
    const { options, reports } = watched({ clock: kit.virtualClock() });
    const run = kit.runServer(greet, options);
    await run.client;
    void wait(run);
    await halfSeconds(3);
    expect(reports).toMatchObject([{ code }]);
  });

  it('may wait in run.waiting', async () => {
    const { options, reports } = watched();
    void kit.runServer(async () => await new Promise(() => {}), options).waiting;
    await halfSeconds(7);
    expect(reports).toMatchObject([{ code }]);
  });

  it('is told of several clients, child tasks and what is foreign, after three seconds', async () => {
    const { options, reports } = watched({ clock: kit.virtualClock() });
    const run = kit.runServer(async (ws) => {
      void ws.spawn(async function poll() {
        await ws.clock.sleep(5);
      });
      await new Promise(() => {});
    }, options);
    await run.client;
    void (await run.connect()).read();
    await halfSeconds(6);
    const before = reports.length;
    await halfSeconds(1);
    expect([before, reports[0]?.message.replaceAll(new RegExp(HERE, 'g'), 'HERE')]).toEqual([
      0,
      'The test has stood still for a second: handler of client 1 waits in no call of this package; ' +
        "task 'poll' of handler of client 1 waits at HERE; " +
        'handler of client 2 waits in no call of this package; ' +
        "task 'poll' of handler of client 2 waits at HERE; " +
        'client 2 waits in read at HERE; nothing is in flight. The next timer comes with await clock.advance(5)',
    ]);
  });

  it('is told of both ends of a fakeSocket', async () => {
    const { options, reports } = watched();
    const { ws, client } = kit.fakeSocket(options);
    const test = async (): Promise<unknown> => await Promise.all([ws.read(), client.read()]);
    void test();
    await halfSeconds(3);
    expect(reports[0]?.message.replaceAll(new RegExp(HERE, 'g'), 'HERE')).toBe(
      'The test has stood still for a second: ws waits in read at HERE; client waits in read at HERE; ' +
        'nothing is in flight',
    );
  });
});

describe('a test that waits for ever in a world', () => {
  const message = (reports: readonly Error[]): string | undefined =>
    reports[0]?.message.replaceAll(new RegExp(HERE, 'g'), 'HERE');

  it('is told of handlers and clients, and how time passes', async () => {
    const { options, reports } = watched();
    const w = kit.world();
    const host = w.serve(greet, options);
    const [client] = [await w.connect(host), await w.connect(host)];
    const test = async (): Promise<unknown> => await client.read();
    void test();
    await halfSeconds(8);
    expect([reports.length, looks.length, message(reports)]).toEqual([
      1,
      0,
      'The test has stood still for a second: handler of client 1 waits in read at HERE; handler of client 2 ' +
        'waits in read at HERE; client 1 waits in read at HERE; nothing is in flight. ' +
        'Time passes with await w.clock.advance(ms)',
    ]);
  });

  it('is told that no code waits for a timer', async () => {
    const { options, reports } = watched();
    const w = kit.world();
    const client = await w.connect(w.serve(async (ws) => void (await ws.closed), options));
    const test = async (): Promise<unknown> => await client.closed;
    void test();
    await halfSeconds(3);
    expect(message(reports)).toMatch(/\. No code waits for a timer$/);
  });

  it('is told of a link that stalls', async () => {
    const { options, reports } = watched();
    const w = kit.world();
    const client = await w.connect(w.serve(greet, options));
    client.link.stall('out');
    await client.write('a');
    void client.read();
    await halfSeconds(3);
    expect(message(reports)).toMatch(/; client 1 link stalls out and holds 1; 1 in flight\. Time passes/);
  });

  it.each<[string, Kit.WorldOptions, (w: Kit.World, client: Kit.WorldClient) => unknown]>([
    ['w.connect', { faults: { delayMs: [5, 5] } }, () => undefined],
    ['w.eventually', {}, async (w) => await w.eventually('it comes', () => false, 1000)],
    ['client.closed', {}, async (_, client) => await client.closed],
  ])('may wait in %s', async (_, worldOptions, wait) => {
    const { options, reports } = watched();
    const w = kit.world(worldOptions);
    const connecting = w.connect(w.serve(greet, options));
    if (worldOptions.faults === undefined) void wait(w, await connecting);
    await halfSeconds(3);
    expect(reports).toMatchObject([{ code }]);
  });

  it('hears of it on the console where there is no host', async () => {
    const warn = vi.spyOn(process, 'emitWarning').mockImplementation(() => {});
    void kit.world().eventually('it comes', () => false, 1000);
    await halfSeconds(3);
    expect(warn).toHaveBeenCalledTimes(1);
  });
});

describe('nothing is told of a world', () => {
  it.each<[string, (w: Kit.World, client: Kit.WorldClient) => unknown]>([
    ['where the test waits in nothing of it', () => undefined],
    ['while it stands still for something real', async (w) => await w.real(new Promise(() => {}))],
    [
      'after its end',
      async (w, client) => {
        void client.read();
        await w[Symbol.asyncDispose]();
      },
    ],
  ])('%s', async (_, wait) => {
    const { options, reports } = watched();
    const w = kit.world();
    void wait(w, await w.connect(w.serve(greet, options)));
    await halfSeconds(8);
    expect(reports).toEqual([]);
  });

  it('in a simulation', async () => {
    const { options, reports } = watched();
    const scenario = async (w: Kit.World): Promise<void> => {
      const client = await w.connect(w.serve(greet, options));
      void client.read();
      await w.real(halfSeconds(4));
      await client.write('a');
    };
    await kit.simulate(scenario, { runs: 1 });
    expect([reports, looks.length]).toEqual([[], 0]);
  });
});

describe('nothing is told', () => {
  it.each<[string, FakeOptions, (run: Kit.ServerRun) => unknown]>([
    ['where the test waits in nothing of the run', {}, () => undefined],
    ['after run.waiting has resolved', {}, async (run) => await run.waiting],
    ['where a read ends by itself', {}, async ({ client }) => await (await client).readMessage(5000)],
    [
      'after the end of the run',
      {},
      async (run) => {
        void (await run.client).read();
        await run[Symbol.asyncDispose]();
      },
    ],
  ])('%s', async (_, given, wait) => {
    const { options, reports } = watched(given);
    const run = kit.runServer(async (ws) => void (await ws.closed), options);
    await run.client;
    void wait(run);
    await halfSeconds(8);
    expect(reports).toEqual([]);
  });

  it('while messages move', async () => {
    const { options, reports } = watched({ clock: kit.virtualClock() });
    const client = await kit.runServer(async (ws) => {
      for await (const message of ws) await ws.write(message);
    }, options).client;
    for (let round = 0; round < 4; round += 1) {
      const reading = client.read();
      await halfSeconds(2);
      await client.write('x');
      await reading;
    }
    expect(reports).toEqual([]);
  });

  it('while a handler sleeps on the real clock', async () => {
    const { options, reports } = watched();
    const run = kit.runServer(async (ws) => await ws.clock.sleep(60_000), options);
    void (await run.client).read();
    await halfSeconds(8);
    expect(reports).toEqual([]);
  });

  it('where fake timers were there before the kit was loaded', async () => {
    vi.resetModules();
    vi.useFakeTimers();
    try {
      const faked = await import('corosock/testing');
      const { options, reports } = watched();
      void (await faked.runServer(greet, options).client).read();
      await vi.advanceTimersByTimeAsync(10_000);
      expect(reports).toEqual([]);
    } finally {
      vi.useRealTimers();
    }
  });
});

it('comes after about a second of real time', async () => {
  const { options, reports } = watched({ clock: kit.virtualClock() });
  vi.resetModules();
  const real = await import('corosock/testing');
  void (await real.runServer(greet, options).client).read();
  const began = performance.now();
  while (reports.length === 0) await sleep(20);
  expect(performance.now() - began).toBeGreaterThan(1000);
});
