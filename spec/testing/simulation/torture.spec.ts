// `torture`: a handler that has one bug is found out by the cut that shows it, and a good one
// survives all.

import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { channel, select } from 'corosock';
import type { Handler, ServerSocket } from 'corosock';
import { SimulationError, torture } from 'corosock/testing';
import type { TortureOptions, WorldClient } from 'corosock/testing';
import { Echo } from '../../../examples/stories/echo.ts';

/** Answers each message, waits 20 s for the next, and cares for the end. */
const good: Handler = async (ws) => {
  for (;;) {
    const [data, status] = await ws.read({ timeoutMs: 20_000 });
    if (status === 'closed') return;
    if (status === 'timeout') return void (await ws.endServer(4008, 'Too slow'));
    await ws.write(data, { timeoutMs: 5000 });
  }
};

/** Sends two messages, and wants both back. */
const twoMessages = async (client: WorldClient): Promise<void> => {
  for (const text of ['a', 'b']) {
    await client.write(text);
    expect(await client.read()).toEqual([text, 'ok']);
  }
  await client.close();
};

/** Gives the error with which a handler does not survive. */
async function failure(handler: Handler, options: TortureOptions = {}): Promise<SimulationError> {
  const error: unknown = await torture(handler, twoMessages, options).catch((thrown: unknown) => thrown);
  expect(error).toBeInstanceOf(SimulationError);
  return error as SimulationError;
}

describe('torture', () => {
  it('says how many waits and cuts a good handler has survived', async () => {
    const report = await torture(good, twoMessages);
    // Three reads and, with a slow peer, two writes; twelve cuts a read, six a write, one at open.
    expect({ ...report }).toEqual({ waits: 5, cuts: 49, survived: 49 });
    expect(String(report)).toBe('your handler survived 49 cuts');
  });

  it('sends no hostile input where it is told so', async () => {
    expect(await torture(good, twoMessages, { hostile: false })).toMatchObject({ waits: 5, cuts: 30 });
  });

  it('gives the same report for the same seed', async () => {
    const [one, two] = [await torture(Echo, twoMessages), await torture(Echo, twoMessages)];
    expect(one).toEqual(two);
  });

  it('waits in a cut run neither for the scenario nor for what it has begun', async () => {
    const scenario = async (client: WorldClient): Promise<void> => {
      await client.write('a');
      const [data] = await client.read();
      if (data === undefined) await new Promise(() => {});
    };
    expect(await torture(good, scenario, { hostile: false })).toMatchObject({ waits: 3 });
  });

  it('lets writes at the same time wait together for a slow peer', async () => {
    const handler: Handler = async (ws) => {
      await Promise.all([ws.write('a'), ws.write('b')]);
    };
    expect(await torture(handler, async () => {}, { hostile: false })).toMatchObject({ waits: 2 });
  });

  it('counts the waits of child tasks, channels, selects and sleeps', async () => {
    const handler: Handler = async (ws) => {
      using numbers = channel<number>({ clock: ws.clock });
      await ws.read();
      const task = ws.spawn(async (signal) => {
        await ws.clock.sleep(1000, { signal });
        await numbers.put(1, { signal });
      });
      const [, [taken]] = await select({ ws, numbers });
      await task;
      if (taken === 1) await ws.write('one');
    };
    const read = async (client: WorldClient): Promise<void> => {
      await client.write('begin');
      expect(await client.read()).toEqual(['one', 'ok']);
    };
    // The read, the sleep, the select, the write to a slow peer.
    expect(await torture(handler, read, { hostile: false })).toMatchObject({ waits: 4 });
  });

  it('cuts a shared socket whose handler has returned while it waits for messages', async () => {
    const shared = {
      onPreServer: (handshake: { sharedConnection: boolean }): void => {
        handshake.sharedConnection = true;
      },
      server(): void {},
      async onClientMessage(ws: ServerSocket, data: unknown): Promise<boolean> {
        await ws.write(String(data));
        return true;
      },
    };
    // Before the first, the second and the third message; and two writes.
    expect(await torture(shared, twoMessages, { hostile: false })).toMatchObject({ waits: 5 });
  });

  it('connects as the options say, or a function that prepares the run', async () => {
    const seen: string[] = [];
    const handler: Handler = async (ws) => {
      seen.push(ws.request.url.search);
      await good(ws);
    };
    const options = { hostile: false, client: { url: 'ws://localhost/?a' } };
    await torture({ '/': handler }, twoMessages, options);
    expect(new Set(seen)).toEqual(new Set(['?a']));
    const client: TortureOptions['client'] = async ({ world, host }) => {
      await world.connect(host, { url: 'ws://localhost/?other' });
      return { url: 'ws://localhost/?own' };
    };
    seen.length = 0;
    await torture({ '/': handler }, twoMessages, { ...options, client });
    expect(seen.slice(0, 2)).toEqual(['?other', '?own']);
  });
});

describe('torture names the cut, the wait, the line and the seed', () => {
  it('of a handler that fails after a time-out', async () => {
    const handler: Handler = async (ws) => {
      for (;;) {
        const [data, status] = await ws.read({ timeoutMs: 20_000 });
        if (status === 'timeout') throw new Error('planted');
        if (status === 'closed') return;
        await ws.write(data);
      }
    };
    const error = await failure(handler, { seed: 7 });
    expect(error).toMatchObject({ code: 'COROSOCK_SIMULATION', seed: 7, cause: { message: 'planted' } });
    expect(error.message).toMatch(
      /^torture\(\): seed 7, cut \d+ of \d+, time-out while the handler waits in read at \S+torture\.spec\.ts:\d+:\d+ \(wait 1\): error reported by server: Error: planted\n/,
    );
    expect(error.story).toContain('time-out');
  });
});

describe('torture finds', () => {
  // vitest fails for rejections that nobody handles; here they are what is looked for.
  let listeners: NodeJS.UnhandledRejectionListener[] = [];
  beforeEach(() => {
    listeners = process.listeners('unhandledRejection');
    process.removeAllListeners('unhandledRejection');
  });
  afterEach(() => {
    for (const listener of listeners) process.on('unhandledRejection', listener);
  });

  /** Runs something when the end of a read is not the one of the good run. */
  const atEnd =
    (planted: (ws: ServerSocket, end: 'timeout' | 1000 | 1001 | 1006) => unknown): Handler =>
    async (ws) => {
      for (;;) {
        const [data, status] = await ws.read({ timeoutMs: 20_000 });
        if (status === 'closed') return void (await planted(ws, (ws.closeInfo?.code ?? 1006) as 1006));
        if (status === 'timeout') return void (await planted(ws, 'timeout'));
        await ws.write(data);
      }
    };

  it.each<[string, Handler, RegExp]>([
    [
      'an unhandled rejection',
      atEnd((_, end) => void (end === 1006 && Promise.reject(new Error('planted')))),
      /link lost .*: unhandled rejection: Error: planted/,
    ],
    [
      'an error that the cut does not explain',
      atEnd((_, end) => end === 1006 && Promise.reject(new Error('planted'))),
      /link lost .*: error reported by server: Error: planted/,
    ],
    [
      'a promise that never settles',
      atEnd((_, end) => end === 1001 && new Promise(() => {})),
      /closed by the peer .*: the handler waits in other, and never ends: its `finally` does not run/,
    ],
    [
      'a child task that is left over',
      atEnd(
        (ws, end) =>
          void (
            end === 'timeout' &&
            ws.spawn(async function stuck() {
              await new Promise(() => {});
            })
          ),
      ),
      /time-out .*: the child task stuck waits in other, and never ends/,
    ],
    [
      'a timer that is left over',
      atEnd((ws, end) => void (end === 1006 && ws.clock.setTimeout(() => {}, 60_000))),
      /link lost .*: 1 timer is left over/,
    ],
    [
      'a call that is left over',
      atEnd((ws, end) => void (end === 1006 && channel({ clock: ws.clock }).take())),
      /link lost .*: a call is left over/,
    ],
    [
      'a close code that says that the server has failed',
      atEnd((ws, end) => end === 'timeout' && ws.endServer(1011)),
      /time-out .*: a wrong close code: 1011 by local/,
    ],
    [
      'a close code of a host that does not close',
      async (ws) => {
        ws.draining.addEventListener('abort', () => void ws.endServer(1000));
        await good(ws);
      },
      /host closing .*: a wrong close code: 1000 by local/,
    ],
    [
      'a write to a slow peer whose time-out was not thought of',
      async (ws) => {
        for await (const message of ws)
          if ((await ws.write(message, { timeoutMs: 1000 })) === 'timeout') throw new Error('planted');
      },
      /slow write .* write .*: error reported by server: Error: planted/,
    ],
    [
      'input that makes the handler fail',
      async (ws) => {
        for await (const message of ws) {
          if (message === '') throw new Error('planted');
          await ws.write(message);
        }
      },
      /empty message .*: error reported by server: Error: planted/,
    ],
    [
      'code that goes round in a circle',
      atEnd(async (ws, end) => {
        while (end === 1006) await new Promise<void>((resume) => void ws.clock.setImmediate(resume));
      }),
      /link lost .*: it goes round in a circle/,
    ],
  ])('%s', async (_, handler, message) => {
    expect((await failure(handler)).message).toMatch(message);
  });

  it('an unhandled rejection, and not that of a scenario that was cut', async () => {
    const scenario = async (client: WorldClient): Promise<void> => {
      await client.write('a');
      const [data] = await client.read();
      if (data === undefined) void Promise.reject(new Error('of the scenario'));
      await client.close();
    };
    expect(await torture(good, scenario)).toMatchObject({ waits: 3 });
  });
});

describe('torture needs a good run: it refuses', () => {
  it.each<[string, Handler, (client: WorldClient) => Promise<void>, RegExp]>([
    [
      'a scenario that fails',
      good,
      async () => {
        throw new Error('of the scenario');
      },
      /before any cut: the scenario fails: Error: of the scenario/,
    ],
    [
      'a scenario that does not end',
      good,
      async () => new Promise(() => {}),
      /before any cut: the scenario does not end/,
    ],
    [
      'a scenario that does not end, beside a handler that waits for ever',
      async (ws) => void (await ws.closed),
      async () => new Promise(() => {}),
      /before any cut: the scenario does not end/,
    ],
    [
      'a scenario that throws what is no error',
      good,
      // oxlint-disable-next-line typescript/prefer-promise-reject-errors -- code of users may
      () => Promise.reject('no error'),
      /before any cut: the scenario fails: no error/,
    ],
    [
      'a handler that fails without a cut',
      () => Promise.reject(new Error('planted')),
      async () => {},
      /before any cut: error reported by server: Error: planted/,
    ],
  ])('%s', async (_, handler, scenario, message) => {
    await expect(torture(handler, scenario)).rejects.toMatchObject({
      code: 'COROSOCK_SIMULATION',
      message: expect.stringMatching(message) as string,
    });
  });

  it('a client that is refused', async () => {
    const server = { onPreServer: (): false => false, server: good };
    await expect(torture(server, twoMessages)).rejects.toMatchObject({
      cause: { status: 403 },
      message: expect.stringContaining('the client gets no handler: ConnectError: ') as string,
    });
  });

  it('a handler whose waits no seed decides', async () => {
    let calls = 0;
    const handler: Handler = async (ws) => {
      calls += 1;
      if (calls <= 3) await ws.clock.sleep(1);
      await good(ws);
    };
    await expect(torture(handler, twoMessages)).rejects.toThrow(/wait 1 is not that of the run before/);
  });

  it.each<[string, () => Promise<unknown>]>([
    ['torture(): expected scenario to be a function', () => torture(good, 1 as never)],
    ['torture(): ', () => torture(good, twoMessages, { sead: 1 } as never)],
    ['torture(): expected hostile to be', () => torture(good, twoMessages, { hostile: 1 as never })],
    ['torture(): expected seed to be a safe integer', () => torture(good, twoMessages, { seed: -1 })],
    ['torture() host', () => torture(good, twoMessages, { host: 1 as never })],
    ['torture(): expected client to be', () => torture(good, twoMessages, { client: 1 as never })],
    ['w.serve()', () => torture(good, twoMessages, { host: { clocks: 1 } as never })],
  ])('refuses: %s', async (message, call) => {
    await expect(call()).rejects.toMatchObject({
      code: 'COROSOCK_ARGUMENT',
      message: expect.stringContaining(message) as string,
    });
  });
});
