// Fairness of a host (docs/internals/decisions/fairness.md): peers that flood it, or take all that it
// writes, do not hold the event loop beyond the budget, however many they are. The work itself moves
// the time.

import { channel, requests, select } from 'corosock';
import type { ReadResult } from 'corosock';
import { settle } from 'corosock/testing';
import { describe, expect, it, vi } from 'vitest';
import { scripted, ScriptedTransport } from './scripted-transport.ts';
import type { ScriptedConversation } from './scripted-transport.ts';
import { noop } from '../../src/core/noop.ts';
import { ClientMessages } from '../../src/server/client-messages.ts';
import type { MessageSocket } from '../../src/socket/message-socket.ts';
import {
  SAME_SOCKET_MS,
  BUDGET_MESSAGES,
  BUDGET_MS,
  RESERVE_MS,
  TurnBudget,
} from '../../src/time/turn-budget.ts';
import type { SendOptions } from '../../src/transport/transport.ts';
import type { Data } from '../../src/core/data.ts';
import { Deadlines } from '../../src/time/deadline.ts';
import { TaskQueue } from '../../src/waiting/task-queue.ts';
import { HandClock, turn } from '../time/hand-clock.ts';

const SOCKETS = 32;
/** Messages of a quiet peer that come in each turn. */
const A_TURN = 8;
const COST_MS = 0.25;
/** Where the flood dries up, so that a host which never comes back fails instead of hanging. */
const END_MS = 50_000;
/**
 * What a turn may take: the messages before the first look, the budget, those before the next look,
 * and two of each socket: for a read that waited for a later turn, and one that waited for a message.
 */
const mostMs = (sockets: number, costMs: number): number =>
  BUDGET_MS + RESERVE_MS + (2 * BUDGET_MESSAGES + 2 * sockets) * costMs;

/** A peer that has always sent more: as soon as its link runs again, still in this turn, as a stream does that has a chunk at hand. */
class FloodedLink extends ScriptedTransport {
  readonly #clock: HandClock;

  constructor(clock: HandClock) {
    super();
    this.#clock = clock;
  }

  override resume(): void {
    super.resume();
    process.nextTick(() => this.flood());
  }

  flood(): void {
    if (this.#clock.nowMs < END_MS) this.arrive(...Array.from({ length: 100 }, () => 'flood'));
    else this.end();
  }
}

/** A peer that takes at once what is sent, still in this turn, as the operating system does for one that reads fast. */
class TakingLink extends ScriptedTransport {
  readonly #clock: HandClock;

  constructor(clock: HandClock) {
    super();
    this.#clock = clock;
  }

  override send(data: Data, options: SendOptions): boolean {
    this.#clock.nowMs += COST_MS;
    process.nextTick(() => (this.#clock.nowMs < END_MS ? this.take() : this.end()));
    return super.send(data, options);
  }
}

type Reading = (ws: MessageSocket) => Promise<ReadResult>;

interface FloodedHost {
  readonly clock: HandClock;
  readonly budget: TurnBudget;
  readonly served: number[];
}

function floodedHost(read: Reading, sockets: number = SOCKETS, costMs: number = COST_MS): FloodedHost {
  const clock = new HandClock();
  const budget = new TurnBudget(clock);
  const served = Array.from({ length: sockets }, () => 0);
  served.forEach((_, index) => {
    const link = new FloodedLink(clock);
    const { ws } = scripted({ budget, clock }, link);
    void (async () => {
      while ((await read(ws))[1] === 'ok') {
        served[index] = (served[index] as number) + 1;
        clock.nowMs += costMs;
      }
    })();
    link.flood();
  });
  return { clock, budget, served };
}

/** How long each of a hundred turns takes. */
async function turnsOf(clock: HandClock): Promise<readonly number[]> {
  const turns: number[] = [];
  for (let index = 0; index < 100; index += 1) {
    const sinceMs = clock.nowMs;
    await turn();
    turns.push(clock.nowMs - sinceMs);
  }
  return turns;
}

describe.each([
  ['read', (ws) => ws.read()],
  ['select', async (ws) => (await select({ ws }))[1]],
] as ReadonlyArray<readonly [how: string, read: Reading]>)(
  'a host whose 32 peers flood its %s',
  (_, read) => {
    it('comes back to the event loop after some 6 ms of each turn', async () => {
      const { clock } = floodedHost(read);
      const turns = await turnsOf(clock);
      expect(Math.max(...turns)).toBeLessThanOrEqual(mostMs(SOCKETS, COST_MS));
      expect(clock.nowMs).toBeGreaterThan((BUDGET_MS * turns.length) / 2);
    });

    it('serves every one of them', async () => {
      const { served } = floodedHost(read);
      for (let index = 0; index < 800; index += 1) await turn();
      expect(Math.min(...served)).toBeGreaterThan(400);
    });
  },
);

/** What one of the messages costs below, so that many fit between two looks at the clock. */
const LITTLE_MS = 0.01;

describe('a host of which one peer floods', () => {
  it.each([
    ['read', (ws) => ws.read(), 1],
    ['select', async (ws) => (await select({ ws }))[1], 1],
    [
      'select and two writes',
      async (ws) => {
        const [, result] = await select({ ws });
        await ws.write('a');
        await ws.write('b');
        return result;
      },
      3,
    ],
  ] as ReadonlyArray<readonly [how: string, serve: Reading, calls: number]>)(
    'comes back to the event loop after some 3 ms of each turn: %s',
    async (_, serve, calls) => {
      const turns = await turnsOf(floodedHost(serve, 1, LITTLE_MS).clock);
      const most = SAME_SOCKET_MS + (2 * BUDGET_MESSAGES * LITTLE_MS) / calls;
      expect(Math.max(...turns)).toBeLessThanOrEqual(most + LITTLE_MS);
      // It goes on in every second turn.
      expect(Math.max(...turns)).toBeGreaterThan(SAME_SOCKET_MS);
    },
  );

  it.each([2, 8, 32])('has 6 ms for %d of them together, and serves all alike', async (sockets) => {
    const { clock, served } = floodedHost((ws) => ws.read(), sockets, LITTLE_MS);
    const turns = await turnsOf(clock);
    expect(Math.max(...turns)).toBeGreaterThan(BUDGET_MS);
    expect(Math.max(...turns)).toBeLessThanOrEqual(mostMs(sockets, LITTLE_MS));
    for (let index = 0; index < 300; index += 1) await turn();
    // Each has its 3 ms in turn, some 20 times.
    expect(Math.min(...served) / Math.max(...served)).toBeGreaterThan(0.6);
  });
});

/** Offers what comes to a hook that consumes nothing. */
function offerAll({ conversation, clock }: ScriptedConversation, budget: TurnBudget): ClientMessages {
  const settings = { clock, deadlines: new Deadlines(clock), budget };
  return new ClientMessages(
    conversation,
    noop,
    { ...settings, pool: new TaskQueue(1) },
    {
      clientMessagesOnError: noop,
      clientMessagesOnStall: noop,
      clientMessagesOnIdle: noop,
    },
  );
}

describe('one channel', () => {
  it('spends the budget as one, by puts, takes and selects', async () => {
    const clock = new HandClock();
    const spend = vi.spyOn(TurnBudget.prototype, 'spend');
    const values = channel<number>({ clock });
    await values.put(1);
    await values.put(2);
    await values.take();
    await select({ values });
    const spenders = spend.mock.calls.map(([by]) => by);
    spend.mockRestore();
    expect([spenders.length, new Set(spenders).size]).toEqual([4, 1]);
  });
});

describe('one socket', () => {
  it.each([
    [
      'requests',
      ({ ws }) => void requests(ws, { handlers: { log: noop } }),
      '{"jsonrpc":"2.0","method":"log"}',
    ],
    ['onClientMessage', offerAll, 'a'],
  ] as ReadonlyArray<
    readonly [how: string, serve: (all: ScriptedConversation, budget: TurnBudget) => unknown, message: string]
  >)('spends the budget as one, by reads, selects, writes and %s', async (_, serve, message) => {
    const budget = new TurnBudget(new HandClock());
    const spend = vi.spyOn(budget, 'spend');
    const all = scripted({ budget });
    const { ws, link } = all;
    link.arrive('a', 'b', 'c');
    await ws.read();
    await select({ ws });
    await ws.readText();
    await ws.write('d');
    await select({ ws, late: Promise.resolve() });
    link.arrive('e', 'f');
    const values = channel<number>({ clock: all.clock });
    await select({ ws, values });
    await select({ values, ws });
    serve(all, budget);
    link.arrive(message);
    await settle();
    const spenders = spend.mock.calls.map(([by]) => by);
    expect([spenders.length, new Set(spenders).size]).toEqual([8, 1]);
  });
});

describe('a host whose peers take all that it writes', () => {
  it.each([
    ['small messages, each of which finds room', 'x'],
    ['large messages, each of which waits for the one before', 'x'.repeat(65_536)],
  ])('comes back to the event loop after some 6 ms of each turn: %s', async (_, message) => {
    const clock = new HandClock();
    const budget = new TurnBudget(clock);
    const written: number[] = Array.from({ length: SOCKETS }, () => 0);
    written.forEach((_count, index) => {
      const { ws } = scripted({ budget, clock }, new TakingLink(clock));
      void (async () => {
        while ((await ws.write(message)) === 'ok') written[index] = (written[index] as number) + 1;
      })();
    });
    const turns = await turnsOf(clock);
    expect(Math.max(...turns)).toBeLessThanOrEqual(mostMs(SOCKETS, COST_MS));
    expect(Math.min(...written)).toBeGreaterThan(0);
  });
});

/** Loops that never wait for a peer. Each moves the clock on, and ends at END_MS. */
const LOOPS: Readonly<Record<string, () => HandClock>> = {
  read: () => floodedHost((ws) => ws.read(), 1).clock,
  select: () => floodedHost(async (ws) => (await select({ ws }))[1], 1).clock,
  'put and take': () => {
    const clock = new HandClock();
    const values = channel<number>({ clock });
    void (async () => {
      while ((await values.put(0)) === 'ok') if (clock.nowMs >= END_MS) values.close();
    })();
    void (async () => {
      while ((await values.take())[1] === 'ok') clock.nowMs += COST_MS;
    })();
    return clock;
  },
  'put that drops': () => {
    const clock = new HandClock();
    const values = channel<number>({ clock, capacity: 1, whenFull: 'drop-oldest' });
    void (async () => {
      while ((await values.put(0)) === 'ok' && clock.nowMs < END_MS) clock.nowMs += COST_MS;
    })();
    return clock;
  },
  'write that finds room': () => takingHost('x'),
  'write that waits for room': () => takingHost('x'.repeat(65_536)),
};

function takingHost(message: string): HandClock {
  const clock = new HandClock();
  const { ws } = scripted({ budget: new TurnBudget(clock), clock }, new TakingLink(clock));
  const writeAll = async (): Promise<void> => {
    while ((await ws.write(message)) === 'ok' && clock.nowMs < END_MS);
  };
  for (let count = 0; count < 3; count += 1) void writeAll();
  return clock;
}

/** Runs a function once promises and ticks have had so many turns of this callback. */
function afterTicks(count: number, run: () => void): void {
  if (count === 0) run();
  else process.nextTick(() => queueMicrotask(() => afterTicks(count - 1, run)));
}

describe('between two looks of the event loop at its timers', () => {
  it.each(Object.entries(LOOPS))('a loop of %s has one budget', async (_, begin) => {
    // What came from the network goes before the check phase, as this timer does.
    const clock = await new Promise<HandClock>((resolve) => {
      setTimeout(() => {
        const begun = begin();
        // Behind all that the loop does here, and then behind the check phase.
        afterTicks(1000, () => void setImmediate(() => resolve(begun)));
      }, 0);
    });
    expect(clock.nowMs).toBeGreaterThan(BUDGET_MS);
    expect(clock.nowMs).toBeLessThanOrEqual(mostMs(1, COST_MS));
  });
});

describe('a quiet socket of a host', () => {
  it.each([
    ['6 ms', COST_MS],
    ['3 ms', LITTLE_MS],
  ])('is served in each turn with all that comes, beside a flood of %s', async (_, costMs) => {
    const { clock, budget } = floodedHost((ws) => ws.read(), 1, costMs);
    const quiet = scripted({ budget, clock });
    let answered = 0;
    void (async () => {
      while ((await quiet.ws.read())[1] === 'ok') {
        await quiet.ws.write('answer');
        answered += 1;
      }
    })();
    await turn();
    const behind: number[] = [];
    for (let index = 1; index <= 100; index += 1) {
      quiet.link.arrive(...Array.from({ length: A_TURN }, () => 'question'));
      await turn();
      behind.push(index * A_TURN - answered);
    }
    expect(Math.max(...behind)).toBeLessThanOrEqual(A_TURN);
  });
});
