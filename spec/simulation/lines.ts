// Takes, reads and selects that wait in line though something is there: earlier calls have had the
// time of their turn. Some are given up. Each value goes to the next in line, once and in order.

import { channel, select } from 'corosock';
import type { Channel, ReadResult, ServerSocket, WebSocketServer } from 'corosock';
import { runServer } from 'corosock/testing';
import type { VirtualClock } from 'corosock/testing';
import { ABANDONED, claim } from './scene.ts';
import type { Scenario, Scene } from './scene.ts';
import type { SeededRandom } from '../fuzz/seeded.ts';
import { BUDGET_MESSAGES } from '../../src/time/turn-budget.ts';

/** A clock of a world whose code takes time: it goes on while the world stands still. */
class BusyClock {
  readonly #clock: VirtualClock;
  #workMs = 0;

  constructor(clock: VirtualClock) {
    this.#clock = clock;
  }

  /** Takes so much time, as a computation does. */
  work(ms: number): void {
    this.#workMs += ms;
  }

  now(): number {
    return this.#clock.now() + this.#workMs;
  }

  setTimeout(run: () => void, ms: number): unknown {
    return this.#clock.setTimeout(run, ms);
  }

  clearTimeout(timer: unknown): void {
    this.#clock.clearTimeout(timer);
  }

  setImmediate(run: () => void): unknown {
    return this.#clock.setImmediate(run);
  }
}

/** What values come from, by each way to take. */
interface Line {
  readonly source: Channel<number> | ServerSocket;
  readonly put: (value: number) => Promise<unknown>;
  readonly take: (signal?: AbortSignal) => Promise<ReadResult<unknown>>;
  /** Calls that are served without a wait, and take from nothing. */
  readonly spend: () => Promise<unknown>;
}

/** So many calls that are served without a wait use a turn up, where each takes a millisecond. */
const TURN = 2 * BUDGET_MESSAGES;
const ROUNDS = 4;

/** Gives a list in another order. */
function shuffled<T>(dice: SeededRandom, list: readonly T[]): T[] {
  const left = [...list];
  return Array.from(list, () => left.splice(dice.below(left.length), 1)[0] as T);
}

class Lineup {
  readonly #scene: Scene;
  readonly #clock: BusyClock;
  readonly #line: Line;
  #put = 0;
  #taken = 0;

  constructor(scene: Scene, clock: BusyClock, line: Line) {
    this.#scene = scene;
    this.#clock = clock;
    this.#line = line;
  }

  /** Lets some calls wait in line behind a turn that is over, and gives others up. */
  async play(): Promise<void> {
    const { dice } = this.#scene;
    const [kept, given, selects] = [dice.below(3), dice.between(1, 3), dice.between(1, 3)];
    await this.#fill(kept + selects + 1);
    for (let at = 0; at < TURN; at += 1) {
      this.#clock.work(1);
      void this.#line.spend();
    }
    const chosen: number[] = [];
    const takes: Array<Promise<void>> = [];
    const ends: Array<() => void> = [];
    const calls = [
      ...Array.from({ length: kept }, () => () => void takes.push(this.#take())),
      ...Array.from({ length: given }, () => () => void ends.push(this.#giveUp())),
      ...Array.from({ length: selects }, () => () => void takes.push(this.#select(chosen))),
    ];
    // Comes when the next turn has begun, and those in line have not gone on yet.
    this.#clock.setImmediate(() => void takes.push(this.#takeLater(chosen)));
    for (const call of shuffled(dice, calls)) call();
    if (dice.isLikely(0.3)) await Promise.resolve();
    for (const end of shuffled(dice, ends)) end();
    await this.#scene.sleep(1);
    await Promise.all(takes);
    // A take that waits is served before each select, whichever was called first.
    for (const value of chosen.toSorted((one, other) => one - other)) this.#expect([value, 'ok']);
    claim(this.#taken === this.#put, 'not all was taken', this.#taken, this.#put);
  }

  async #fill(count: number): Promise<void> {
    const last = this.#put + count;
    const puts: Array<Promise<unknown>> = [];
    for (; this.#put < last; this.#put += 1) puts.push(this.#line.put(this.#put));
    await Promise.all(puts);
    await this.#scene.sleep(1);
  }

  #expect([value, status]: ReadResult<unknown>): void {
    claim(status === 'ok' && Number(value) === this.#taken, 'took another', value, status, this.#taken);
    this.#taken += 1;
  }

  async #take(): Promise<void> {
    this.#expect(await this.#line.take());
  }

  async #takeLater(chosen: number[]): Promise<void> {
    const [value] = await this.#line.take();
    chosen.push(Number(value));
  }

  async #select(chosen: number[]): Promise<void> {
    const { source } = this.#line;
    const [, [value]] = await select({ source }, { clock: this.#clock });
    chosen.push(Number(value));
  }

  /** Begins a take or an iteration. @returns Gives it up. */
  #giveUp(): () => void {
    if (this.#scene.dice.isLikely(0.5)) {
      const controller = new AbortController();
      const taking = this.#line.take(controller.signal).then(
        (result) => claim(false, 'one that was given up has taken', result),
        (error: unknown) => claim(error === ABANDONED, 'another error', String(error)),
      );
      void this.#scene.w.spawn('given up', () => taking);
      return () => controller.abort(ABANDONED);
    }
    const iterator = this.#line.source[Symbol.asyncIterator]();
    const iterating = iterator.next().then(({ done }) => claim(done === true, 'an iterator went on'));
    void this.#scene.w.spawn('left', () => iterating);
    return () => void iterator.return?.();
  }
}

async function inChannel(scene: Scene): Promise<void> {
  const clock = new BusyClock(scene.w.clock);
  const values = channel<number>({ clock });
  const spent = channel<number>({ whenFull: 'drop-oldest', clock });
  const lineup = new Lineup(scene, clock, {
    source: values,
    put: (value) => values.put(value),
    take: (signal) => values.take(signal === undefined ? {} : { signal }),
    spend: () => spent.put(0),
  });
  for (let round = 0; round < ROUNDS; round += 1) await lineup.play();
  await scene.claimNoTimers();
}

async function inSocket(scene: Scene): Promise<void> {
  const clock = new BusyClock(scene.w.clock);
  const server: WebSocketServer<void> = {
    onPreServer(handshake) {
      handshake.sharedConnection = true;
    },
    async server(ws) {
      // By then there is a client.
      await scene.sleep(1);
      const client = await run.client;
      const lineup = new Lineup(scene, clock, {
        source: ws,
        put: (value) => client.write(String(value)),
        take: (signal) => ws.readMessage(signal === undefined ? {} : { signal }),
        spend: () => ws.write('spent'),
      });
      for (let round = 0; round < ROUNDS; round += 1) await lineup.play();
      await ws.endServer();
    },
  };
  const run = runServer(server, { clock });
  await scene.hearAll(await run.client, (text) => claim(text === 'spent', 'heard something else', text));
  const { kind, ...facts } = await run.done;
  claim(kind === 'returned', 'the handler has failed', kind, facts);
}

export const LINES: readonly Scenario[] = [
  { name: 'calls that wait for their turn at a channel are served in order', play: inChannel },
  { name: 'calls that wait for their turn at a socket are served in order', play: inSocket },
];
