// Node's event loop beside fake timers, installed before the test kit is loaded and after: `settle`
// and `advance` keep the originals.

import { scrypt } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { mock } from 'node:test';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { select } from 'corosock';
import * as testing from 'corosock/testing';
import { TurnRow } from '../../src/testing/real-turn.ts';

const file = fileURLToPath(import.meta.url);
/** A thread of its own hashes for some 50 ms. */
const hash = promisify(scrypt);

const loaded = { ...testing, select };

const FAKED = [
  'setImmediate',
  'clearImmediate',
  'setTimeout',
  'clearTimeout',
  'Date',
  'performance',
] as const;

const timersOfNode = quietly(() => mock.timers);

/** The fake timers of runners. Those of vitest are `@sinonjs/fake-timers`, as those of
 * jest are, which fake `queueMicrotask`, too. */
const runners: ReadonlyArray<readonly [name: string, install: () => void]> = [
  ['vitest', () => void vi.useFakeTimers({ toFake: [...FAKED] })],
  ['jest', () => void vi.useFakeTimers({ toFake: [...FAKED, 'queueMicrotask'] })],
  ['node:test', () => timersOfNode.enable()],
];

const orders: ReadonlyArray<readonly [order: string, kit: (install: () => void) => Promise<typeof loaded>]> =
  [
    [
      'after the kit is loaded',
      async (install) => {
        install();
        return loaded;
      },
    ],
    [
      'before the kit is loaded',
      async (install) => {
        vi.resetModules();
        // What loads modules needs no timers, and those that are loaded again see the fakes.
        install();
        return { ...(await import('corosock/testing')), select: (await import('corosock')).select };
      },
    ],
  ];

const cases = runners.flatMap(([runner, install]) =>
  orders.map(([order, kit]) => [runner, order, async () => await kit(install)] as const),
);

describe.each(cases)('with fake timers of %s, installed %s', (_runner, _order, kit) => {
  afterEach(() => {
    vi.useRealTimers();
    timersOfNode.reset();
  });

  it('settle lets the event loop have turns', async () => {
    const { settle } = await kit();
    let hasRun = false;
    const { port1, port2 } = new MessageChannel();
    port1.addEventListener('message', () => {
      hasRun = true;
      port1.close();
    });
    port1.start();
    port2.postMessage('x');
    await settle();
    expect(hasRun).toBe(true);
  });

  it('a virtual clock moves as ever, and leaves the fakes alone', async () => {
    const { virtualClock, runServer } = await kit();
    const clock = virtualClock();
    const began = Date.now();
    const run = runServer(async (ws) => void (await ws.write((await ws.read({ timeoutMs: 10_000 }))[1])), {
      clock,
    });
    const client = await run.client;
    await clock.advance(10_000);
    expect([await client.read(), Date.now() - began]).toEqual([['timeout', 'ok'], 0]);
  });

  it('turns of a virtual clock come in the order of the calls', async () => {
    const { virtualClock } = await kit();
    const clock = virtualClock();
    const order: number[] = [];
    for (const turn of [1, 2]) clock.setImmediate(() => order.push(turn));
    await new Promise<void>((resolve) => void clock.setImmediate(resolve));
    expect(order).toEqual([1, 2]);
  });

  it('a world runs and moves its time', async () => {
    const { world } = await kit();
    await using w = world({ seed: 1 });
    const host = w.serve(async (ws) => void (await ws.write((await ws.read({ timeoutMs: 10_000 }))[1])));
    const client = await w.connect(host);
    await w.clock.advance(10_000);
    expect(await client.read()).toEqual(['timeout', 'ok']);
  });

  it('run.waiting waits for real I/O, however long it takes', async () => {
    const { runServer } = await kit();
    const lengths: number[] = [];
    await using run = runServer(async (ws) => {
      await hash('secret', 'salt', 64);
      lengths.push((await readFile(file)).byteLength);
      await ws.read();
    });
    await run.waiting;
    expect(lengths).toHaveLength(1);
  });

  it('the end of a run waits for real I/O', async () => {
    const { runServer, virtualClock } = await kit();
    const reports: unknown[] = [];
    const run = runServer(async () => void (await hash('secret', 'salt', 64)), {
      clock: virtualClock(),
      report: (error) => reports.push(error),
    });
    await run.client;
    await run[Symbol.asyncDispose]();
    expect([(await run.done).kind, reports]).toEqual(['returned', []]);
  });

  it('a world finds code that waits for real I/O, and steps out for it', async () => {
    const { world } = await kit();
    await using w = world();
    const read = async (): Promise<unknown> => await readFile(file);
    void w.connect(w.serve(async () => void (await read()), { report: () => {} }));
    await expect(w.settle()).rejects.toMatchObject({ code: 'COROSOCK_REAL_TIME' });
    const seen: unknown[] = [];
    void w.connect(w.serve(async () => void seen.push(await w.real(read()))));
    await w.clock.advance(0);
    expect(seen).toHaveLength(1);
  });

  it('select gives what has come', async () => {
    const { fakeSocket, select } = await kit();
    const { ws, client } = fakeSocket();
    await client.write('x');
    expect(await select({ ws, never: new Promise(() => {}) })).toEqual(['ws', ['x', 'ok']]);
  });
});

/** Node 20 warns that its mock timers are experimental: that is no fault of ours. */
function quietly<T>(make: () => T): T {
  const warnings = vi.spyOn(process, 'emitWarning').mockImplementation(() => {});
  try {
    return make();
  } finally {
    warnings.mockRestore();
  }
}

describe('TurnRow', () => {
  /** Calls a function in so many turns. */
  const turns = (row: TurnRow, count: number, onTurn: (turn: number) => void): Promise<void> => {
    let turn = 0;
    return row.each(() => {
      onTurn(turn);
      turn += 1;
      return turn < count;
    });
  };

  it('knows whether other code waits for a turn', async () => {
    const row = new TurnRow();
    await turns(row, 1, () => {});
    const before = row.isAlone;
    const other = setImmediate(() => {});
    expect([before, row.isAlone]).toEqual([true, false]);
    clearImmediate(other);
  });

  it('runs all promise jobs and ticks of a turn before the next', async () => {
    const row = new TurnRow();
    const order: string[] = [];
    await turns(row, 20, (turn) => {
      order.push(`turn ${turn}`);
      process.nextTick(() => void Promise.resolve().then(() => order.push(`job ${turn}`)));
    });
    const pairs = Array.from({ length: 20 }, (_, turn) => [`turn ${turn}`, `job ${turn}`]);
    expect(order).toEqual(pairs.flat().slice(0, -1));
  });

  it('lets the event loop have a turn in every eight', async () => {
    const row = new TurnRow();
    let loops = 0;
    const count = (): void => {
      loops += 1;
      if (loops < 10) setImmediate(count);
    };
    setImmediate(count);
    await turns(row, 88, () => {});
    expect(loops).toBe(10);
  });

  it('calls nothing after the last turn, and can begin again', async () => {
    const row = new TurnRow();
    const order: string[] = [];
    await turns(row, 1, () => order.push('first'));
    await new Promise((resolve) => void setImmediate(resolve));
    await turns(row, 2, (turn) => order.push(`again ${turn}`));
    expect(order).toEqual(['first', 'again 0', 'again 1']);
  });

  it('rejects with what the function throws', async () => {
    const row = new TurnRow();
    const thrown = new Error('no');
    await expect(
      row.each(() => {
        throw thrown;
      }),
    ).rejects.toBe(thrown);
  });
});
