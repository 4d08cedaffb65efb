// `host.waits`: what each handler and child task waits in, at which line and since when. How lines
// are found: await-stacks.spec.ts.

import { channel, select } from 'corosock';
import type { HostOptions, Servable, ServerSocket, Wait } from 'corosock';
import { runServer } from 'corosock/testing';
import { HostWaits } from '../../src/server/host-waits.ts';
import { describe, expect, it } from 'vitest';
import { here, lineOf } from '../fixtures/here.ts';
import { MemoryHost } from '../fixtures/memory-host.ts';
import type { Sharing } from '../fixtures/memory-host.ts';

const forever = (): Promise<void> => new Promise(() => {});
/** Held here, since what waits for a channel that nobody holds is collected with it. */
const silent = channel();
const full = channel<number>({ capacity: 1 });
/** With these a peer that does not read makes the second write wait. */
const TIGHT: HostOptions = { writeBufferBytes: 1, queueMessages: 1 };

/** What is compared of a wait: what it waits in, its line, and the task where there is one. */
const gist = ({ waits, at, task }: Wait) => [waits, lineOf(at), ...(task === undefined ? [] : [task])];

/** The waits of one handler, once it waits. */
async function waitsOf(
  servable: Servable,
  options?: HostOptions,
  sharing?: Sharing,
): Promise<ReadonlyArray<readonly unknown[]>> {
  const memory = new MemoryHost(options);
  memory.visit(servable, sharing);
  await memory.clock.advance(0);
  return memory.host.waits().map(gist);
}

/** Waits for room in a channel. */
function fullPut(): Promise<unknown> {
  void full.put(1);
  return full.put(2);
}

/** Writes until there is no more room. */
async function fill(ws: ServerSocket): Promise<void> {
  while ((await ws.write('x', { timeoutMs: 0 })) === 'ok') continue;
}

describe('host.waits', () => {
  it('gives id, route, what a handler waits in, the line, and for how long', async () => {
    const memory = new MemoryHost();
    const { run } = memory.visit(async (ws: ServerSocket) => void (await ws.read()));
    await memory.clock.advance(250);
    expect(memory.host.waits()).toEqual([
      { id: run.id, route: '*', waits: 'read', at: expect.stringContaining(FILE) as string, sinceMs: 250 },
    ]);
  });

  let at = '';
  it.each<[string, Wait['waits'], (ws: ServerSocket) => Promise<void>]>([
    ['read', 'read', async (ws) => void [(at = here()), await ws.read()]],
    ['read without a time-out', 'read', async (ws) => void [(at = here()), await ws.read(1, Infinity)]],
    ['read with a signal', 'read', async (ws) => void [(at = here()), await ws.read({ signal: ws.signal })]],
    ['readMessage', 'read', async (ws) => void [(at = here()), await ws.readMessage()]],
    ['readJson', 'read', async (ws) => void [(at = here()), await ws.readJson()]],
    ['select', 'select', async (ws) => void [(at = here()), await select({ ws })]],
    [
      'select with a signal',
      'select',
      async (ws) => void [(at = here()), await select({ ws }, { signal: ws.signal })],
    ],
    ['closed', 'close', async (ws) => void [(at = here()), await ws.closed]],
    ['a task', 'task', async (ws) => void [(at = here()), await ws.spawn(forever)]],
    ['select without a socket', 'select', async () => void [(at = here()), await select({ jobs: silent })]],
    ['select over a promise', 'select', async () => void [(at = here()), await select({ job: forever() })]],
    ['take of a channel', 'other', async () => void [(at = here()), await silent.take()]],
    [
      'take of a channel with a signal',
      'other',
      async ({ signal }) => void [(at = here()), await silent.take({ signal })],
    ],
    ['put into a full channel', 'other', async () => void [(at = here()), await fullPut()]],
  ])('finds the line of %s', async (_, waits, handler) => {
    const [handlerWait] = await waitsOf(handler);
    expect(handlerWait).toEqual([waits, at]);
  });

  it('finds the line of an iteration', async () => {
    const iterating = async (ws: ServerSocket): Promise<void> => {
      at = here(1);
      for await (const _ of ws) continue;
    };
    expect(await waitsOf(iterating)).toEqual([['read', at]]);
  });

  it.each<[string, (ws: ServerSocket) => Promise<void>]>([
    ['a message', async (ws) => void [(at = here()), await ws.write('x')]],
    [
      'a message with a signal',
      async (ws) => void [(at = here()), await ws.write('x', { signal: ws.signal })],
    ],
    ['fragments', async (ws) => void [(at = here()), await ws.write(['x'])]],
    [
      'fragments with a signal',
      async (ws) => void [(at = here()), await ws.write(['x'], { signal: ws.signal })],
    ],
  ])('finds the line of a write of %s', async (_, handler) => {
    const writing = async (ws: ServerSocket): Promise<void> => {
      await fill(ws);
      await handler(ws);
    };
    expect(await waitsOf(writing, TIGHT)).toEqual([['write', at]]);
  });

  it('finds the line of endServer while the peer does not answer', async () => {
    const ending = async (ws: ServerSocket): Promise<void> => {
      await fill(ws);
      at = here(1);
      await ws.endServer();
    };
    expect(await waitsOf(ending, TIGHT)).toEqual([['close', at]]);
  });

  it('says "other" of what is nothing of a socket, and since when the handler has run', async () => {
    const memory = new MemoryHost();
    memory.visit(forever);
    await memory.clock.advance(40);
    expect(memory.host.waits()).toMatchObject([{ waits: 'other', at: undefined, sinceMs: 40 }]);
  });

  it('finds the line of an iteration over a channel', async () => {
    const jobs = channel<number>();
    const iterating = async (): Promise<void> => {
      at = here(1);
      for await (const _ of jobs) continue;
    };
    expect(await waitsOf(iterating)).toEqual([['other', at]]);
  });

  it('finds the line of a call that is awaited twice, if it was one of the first of its host', async () => {
    const twice = async (ws: ServerSocket): Promise<void> => {
      at = here(1);
      const read = ws.read();
      void read.then(() => {});
      await read;
    };
    expect(await waitsOf(twice)).toEqual([['read', at]]);
  });

  it('gives an entry for each of several waits', async () => {
    const both = async (ws: ServerSocket): Promise<void> => {
      await Promise.all([ws.read(), ws.closed]);
    };
    expect((await waitsOf(both)).map(([waits]) => waits)).toEqual(['read', 'close']);
  });

  it('gives the handler first, then its child tasks by name', async () => {
    const handler = async (ws: ServerSocket): Promise<void> => {
      at = here(2);
      void ws.spawn(async function reading() {
        await ws.read();
      });
      void ws.spawn(forever);
      await ws.closed;
    };
    expect(await waitsOf(handler)).toEqual([
      ['close', at.replace(/\d+$/, (line) => `${Number(line) + 3}`)],
      ['read', at, 'reading'],
      ['other', undefined, 'forever'],
    ]);
  });

  it.each<[string, (ws: ServerSocket) => Promise<unknown>]>([
    ['iterates', async (ws) => await ws[Symbol.asyncIterator]().next()],
    ['reads JSON', async (ws) => await ws.readJson()],
    ['reads with a signal', async (ws) => await ws.read({ signal: ws.signal })],
    ['selects with a signal', async (ws) => await select({ ws }, { signal: ws.signal })],
  ])('knows a child task that %s from its handler', async (_, wait) => {
    const handler = async (ws: ServerSocket): Promise<void> => {
      void ws.spawn(async function child() {
        await wait(ws);
      });
      await ws.closed;
    };
    expect((await waitsOf(handler)).map(([waits, , task]) => [waits, task])).toEqual([
      ['close', undefined],
      [expect.stringMatching(/^(read|select)$/), 'child'],
    ]);
  });

  it('no longer gives a task that has ended, and the handler that has awaited it', async () => {
    const handler = async (ws: ServerSocket): Promise<void> => {
      await ws.spawn(async () => {});
      await ws.read();
    };
    expect((await waitsOf(handler)).map(([waits]) => waits)).toEqual(['read']);
  });

  it('gives a handler by its own socket where it reads that of another', async () => {
    const memory = new MemoryHost();
    const first = memory.visit(() => {}, 'shared');
    const second = memory.visit(async ({ host }: ServerSocket) => {
      const [ws] = await host.openServer(first.run.id);
      await ws?.read();
    });
    await memory.clock.advance(0);
    expect(memory.host.waits()).toMatchObject([{ id: second.run.id, waits: 'read' }]);
  });

  it('gives a wait of other code by the socket that it waits for', async () => {
    const memory = new MemoryHost();
    const { run } = memory.visit(() => {}, 'shared');
    const [ws] = await memory.host.openServer(run.id);
    at = here(1);
    void (async () => void (await ws?.read()))();
    void ws?.closed.then(() => {});
    expect(memory.host.waits().map((wait) => [wait.id, ...gist(wait)])).toEqual([[run.id, 'read', at]]);
  });

  it('gives calls that are not awaited to the handler, unless it waits elsewhere; of each kind one', async () => {
    const writing = async (ws: ServerSocket): Promise<void> => {
      for (let n = 0; n < 5; n += 1) void ws.write('x');
      await forever();
    };
    const reading = async (ws: ServerSocket): Promise<void> => {
      for (let n = 0; n < 5; n += 1) void ws.write('x');
      await ws.read();
    };
    expect(await waitsOf(writing, TIGHT)).toEqual([['write', undefined]]);
    expect((await waitsOf(reading, TIGHT)).map(([waits]) => waits)).toEqual(['read']);
  });

  it('gives nothing of a shared socket whose handler has returned, and of none', async () => {
    expect(await waitsOf(() => {}, {}, 'shared')).toEqual([]);
    expect(new MemoryHost().host.waits()).toEqual([]);
  });

  it('gives the pattern of the route', () => {
    const route = runServer(async (ws) => void (await ws.read())).host.waits()[0]?.route;
    expect(route).toBe('*');
  });

  it('counts no time for a read that only lets the event loop have a turn', async () => {
    const memory = new MemoryHost({ queueMessages: 512 });
    const { client } = memory.visit(async (ws: ServerSocket) => {
      for (let status = ''; status !== 'closed';) [, status] = await ws.read();
    });
    await client.close();
    await memory.clock.advance(0);
    expect(memory.host.waits().map(({ sinceMs }) => sinceMs)).toEqual([]);
  });
});

describe('the report of host.close', () => {
  it('A3: names the line of a select that an abandoned handler waits in', async () => {
    const memory = new MemoryHost({ closeTimeoutMs: 100 });
    let at = '';
    const { run } = memory.visit(async () => {
      at = here(1);
      await select({ jobs: silent });
    });
    const closing = memory.host.close({ graceMs: 0 });
    await memory.clock.advance(100);
    const { abandoned } = await closing;
    expect(abandoned.map((wait) => [wait.id, ...gist(wait)])).toEqual([[run.id, 'select', at]]);
  });

  it('has one entry for each socket', async () => {
    const memory = new MemoryHost({ closeTimeoutMs: 100 });
    const [first, second] = [memory.visit(forever, 'shared'), memory.visit(forever)];
    const closing = memory.host.close({ graceMs: 0 });
    await memory.clock.advance(100);
    expect((await closing).abandoned.map(({ id }) => id)).toEqual([first.run.id, second.run.id]);
  });
});

describe('the filter of host.waits', () => {
  async function twoWaits(options: HostOptions = {}) {
    const memory = new MemoryHost(options);
    const [old, young] = [
      memory.visit(forever),
      await memory.clock.advance(100).then(() => memory.visit(forever)),
    ];
    await memory.clock.advance(50);
    return { host: memory.host, old: old.run.id, young: young.run.id };
  }

  it('leaves out what has not waited longer', async () => {
    const { host, old } = await twoWaits();
    expect(host.waits({ longerThanMs: 50 }).map(({ id }) => id)).toEqual([old]);
  });

  it('leaves out other sockets', async () => {
    const { host, young } = await twoWaits();
    expect(host.waits({ id: young }).map(({ id }) => id)).toEqual([young]);
    expect(host.waits({ id: 'unknown' })).toEqual([]);
  });

  it.each<[string, object, string]>([
    ['no object', null as never, 'expected options to be an object, got null'],
    ['an unknown name', { longer: 1 }, 'unknown option "longer". The options are longerThanMs, id'],
    [
      'a negative time',
      { longerThanMs: -1 },
      'expected longerThanMs to be a number of milliseconds ≥ 0, got -1',
    ],
    ['an id that is no text', { id: 7 }, 'expected id to be the id of a socket, got 7'],
  ])('refuses %s', async (_, filter, message) => {
    expect(() => new MemoryHost().host.waits(filter)).toThrow(`host.waits(): ${message}`);
  });
});

const FILE = 'host-waits.spec.ts:';

describe('HostWaits.elsewhere', () => {
  /** Whether the handler, and each child task by its name, is elsewhere. */
  async function elsewhere(handler: (ws: ServerSocket) => Promise<unknown>): Promise<unknown> {
    const memory = new MemoryHost();
    const { run } = memory.visit(async (ws: ServerSocket) => void (await handler(ws)));
    await memory.clock.advance(0);
    const waits = new HostWaits({ clock: memory.clock, selects: [] });
    return waits.elsewhere([run]).map(({ task }) => task ?? 'handler');
  }

  it('gives handlers and child tasks that wait in no call of ours', async () => {
    const handler = async (ws: ServerSocket): Promise<void> => {
      void ws.spawn(async function reading() {
        await ws.read();
      });
      void ws.spawn(forever);
      await forever();
    };
    expect(await elsewhere(handler)).toEqual(['handler', 'forever']);
    expect(await elsewhere(async (ws) => await ws.read())).toEqual([]);
  });

  it('gives a read that cannot be followed to the handler of its socket, not to its tasks', async () => {
    const follow = async (ws: ServerSocket): Promise<void> =>
      await new Promise((resolve) => void ws.read().then(() => resolve()));
    expect(await elsewhere(follow)).toEqual([]);
    const inTask = async (ws: ServerSocket): Promise<void> => {
      void ws.spawn(async function child() {
        await follow(ws);
      });
      await ws.closed;
    };
    expect(await elsewhere(inTask)).toEqual(['child']);
  });

  it('gives tasks that await each other, and what awaits one of them', async () => {
    const handler = async (ws: ServerSocket): Promise<void> => {
      const tasks: Array<PromiseLike<void>> = [];
      const awaiting = async (index: number): Promise<void> => {
        await Promise.resolve();
        await tasks[index];
      };
      tasks.push(
        ws.spawn(async function first() {
          await awaiting(1);
        }),
      );
      tasks.push(
        ws.spawn(async function second() {
          await awaiting(0);
        }),
      );
      await ws.spawn(async function third() {
        await awaiting(0);
      });
    };
    expect(await elsewhere(handler)).toEqual(['handler', 'first', 'second', 'third']);
  });

  it('does not count a read that only lets the event loop have a turn', async () => {
    const memory = new MemoryHost();
    const seen: unknown[] = [];
    const { client, run } = memory.visit(async (ws: ServerSocket) => {
      for (let n = 0; n < 4; n += 1) {
        const read = ws.read(10, 0);
        void Promise.resolve().then(() => seen.push(waits.elsewhere([run]).length));
        await read;
      }
    });
    const waits = new HostWaits({ clock: memory.clock, selects: [] });
    await memory.clock.advance(0);
    await client.closed;
    expect(seen).toEqual([1, 1, 1, 1]);
  });
});
