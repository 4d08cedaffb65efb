// Random plays of select for fast-check: commands that fill, take from, select over, close and
// abort sources, and a player that performs them and records the results.
// select-conservation.spec.ts checks the records.

import { getEventListeners } from 'node:events';
import { channel, every, select } from 'corosock';
import type { Channel, Selectable } from 'corosock';
import fc from 'fast-check';
import { handSource } from './hand-source.ts';
import { ScriptedBudget } from '../conversation/scripted-budget.ts';
import { scripted } from '../conversation/scripted-transport.ts';
import type { ScriptedConversation } from '../conversation/scripted-transport.ts';
import { HandClock, turn } from '../time/hand-clock.ts';

const KEYS = ['ws', 'a', 'b', 'mine', 'stop', 'tick', 'promise'] as const;
type Key = (typeof KEYS)[number];
/** The sources whose values are counted. */
export const COUNTED = ['ws', 'a', 'b', 'mine'] as const;
export type Counted = (typeof COUNTED)[number];

export type Command =
  | { readonly kind: 'fill' | 'take'; readonly at: Counted; readonly timeoutMs: number }
  | {
      readonly kind: 'select';
      readonly keys: readonly Key[];
      readonly timeoutMs: number;
      readonly hasSignal: boolean;
    }
  | { readonly kind: 'tick'; readonly ms: number }
  | { readonly kind: 'abort' | 'stop' | 'fulfil' | 'turn' | 'microtask' }
  | { readonly kind: 'close'; readonly at: 'ws' | 'a' | 'b' };

export interface Play {
  readonly commands: readonly Command[];
  readonly capacity: number;
  /** The answers of the socket's turn budget, in order. */
  readonly turnsOver: readonly boolean[];
}

/** One call: its time-out, and how it ended. */
export interface Call {
  readonly timeoutMs: number;
  status: string;
}

export interface Seen {
  /** The values that each source accepted, in order. */
  readonly put: Readonly<Record<Counted, readonly string[]>>;
  /** The values taken from each source, in order; those left at the end come last. */
  readonly taken: Readonly<Record<Counted, readonly string[]>>;
  /** Selects, takes and reads; the status is `pending` if one has not settled. */
  readonly calls: readonly Call[];
  /** What is left at the end. */
  readonly timers: number;
  readonly listeners: number;
  readonly subscribers: number;
}

const timeoutMs = fc.constantFrom(0, 5, 5, Infinity);
const counted = fc.constantFrom(...COUNTED);

const command = fc.oneof<fc.WeightedArbitrary<Command>[]>(
  { weight: 8, arbitrary: fc.record({ kind: fc.constant('fill'), at: counted, timeoutMs }) },
  {
    weight: 9,
    arbitrary: fc.record({
      kind: fc.constant('select'),
      keys: fc.shuffledSubarray([...KEYS], { minLength: 1, maxLength: 4 }),
      timeoutMs,
      hasSignal: fc.boolean(),
    }),
  },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('take'), at: counted, timeoutMs }) },
  { weight: 3, arbitrary: fc.record({ kind: fc.constant('tick'), ms: fc.constantFrom(1, 5, 9) }) },
  {
    weight: 3,
    arbitrary: fc.record({
      kind: fc.constantFrom('abort', 'microtask', 'microtask', 'turn', 'stop', 'fulfil'),
    }),
  },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('close'), at: fc.constantFrom('ws', 'a', 'b') }) },
);

/** Random plays; short, so that many can be performed. */
export const play: fc.Arbitrary<Play> = fc.record({
  commands: fc.array(command, { minLength: 2, maxLength: 14, size: 'max' }),
  capacity: fc.constantFrom(1, 2, 5),
  turnsOver: fc.array(fc.boolean(), { minLength: 1, maxLength: 4 }),
});

/** Performs the commands, ends all sources, and takes what is left. */
export async function perform(given: Play): Promise<Seen> {
  const player = new Player(given);
  for (const command of given.commands) await player.do(command);
  return player.finish();
}

class Player {
  readonly #clock = new HandClock();
  readonly #socket: ScriptedConversation;
  readonly #channels: Readonly<Record<'a' | 'b', Channel<string>>>;
  readonly #mine = handSource();
  readonly #tick = every(7, { clock: this.#clock });
  readonly #stop = new AbortController();
  #abort = new AbortController();
  #fulfil: (value: string) => void = () => {};
  readonly #promise = new Promise<string>((resolve) => {
    this.#fulfil = resolve;
  });
  readonly #sources: Readonly<Record<Key, Selectable>>;
  readonly #put: Record<Counted, string[]> = { ws: [], a: [], b: [], mine: [] };
  readonly #taken: Record<Counted, string[]> = { ws: [], a: [], b: [], mine: [] };
  readonly #puts: Array<{ readonly at: 'a' | 'b'; readonly value: string; status: string }> = [];
  readonly #calls: Call[] = [];
  readonly #signals: AbortSignal[] = [];
  #filled = 0;

  constructor({ capacity, turnsOver }: Play) {
    const clock = this.#clock;
    this.#socket = scripted({ budget: new ScriptedBudget(turnsOver), clock }, undefined, clock, 'many');
    this.#channels = {
      a: channel({ capacity, clock }),
      b: channel({ capacity, clock, whenFull: 'drop-newest' }),
    };
    this.#sources = {
      ws: this.#socket.ws,
      ...this.#channels,
      mine: this.#mine,
      stop: this.#stop.signal,
      tick: this.#tick,
      promise: this.#promise,
    };
  }

  get #isOver(): boolean {
    return this.#socket.ws.closeInfo !== undefined;
  }

  async do(command: Command): Promise<void> {
    switch (command.kind) {
      case 'fill':
        return this.#fill(command.at, command.timeoutMs);
      case 'take':
        return this.#take(command.at, command.timeoutMs);
      case 'select':
        return this.#select(command.keys, command.timeoutMs, command.hasSignal);
      case 'tick':
        return this.#clock.tick(command.ms);
      case 'abort':
        this.#abort.abort('aborted');
        this.#abort = new AbortController();
        return;
      case 'stop':
        return this.#stop.abort('stopped');
      case 'fulfil':
        return this.#fulfil('fulfilled');
      case 'microtask':
        return Promise.resolve();
      case 'turn':
        return turn();
      case 'close':
        return this.#close(command.at);
      default:
        return command satisfies never;
    }
  }

  async finish(): Promise<Seen> {
    for (const at of ['ws', 'a', 'b'] as const) this.#close(at);
    this.#stop.abort('stopped');
    this.#fulfil('fulfilled');
    this.#tick[Symbol.dispose]();
    await turn();
    await turn();
    while (this.#mine.subscribers > 0) this.#fill('mine', 0);
    // No call waits any more, so what is left comes in order.
    for (const at of COUNTED) await this.#drain(at);
    const statuses = new Map(this.#puts.map(({ value, status }) => [value, status]));
    for (const at of ['a', 'b'] as const) {
      this.#put[at] = this.#put[at].filter((value) => statuses.get(value) === 'ok');
    }
    const listeners = [...this.#signals, this.#stop.signal].map(
      (signal) => getEventListeners(signal, 'abort').length,
    );
    return {
      put: this.#put,
      taken: this.#taken,
      calls: this.#calls,
      timers: this.#clock.timers,
      listeners: Math.max(...listeners),
      subscribers: this.#mine.subscribers,
    };
  }

  #close(at: 'ws' | 'a' | 'b'): void {
    if (at !== 'ws') this.#channels[at].close();
    else if (!this.#isOver) this.#socket.link.end();
  }

  #fill(at: Counted, timeoutMs: number): void {
    this.#filled += 1;
    const value = `${at}${this.#filled}`;
    if (at === 'ws' && this.#isOver) return;
    this.#put[at].push(value);
    if (at === 'ws') return this.#socket.link.arrive(value);
    if (at === 'mine') return this.#mine.fill(value);
    const put = { at, value, status: 'pending' };
    this.#puts.push(put);
    void this.#channels[at].put(value, { timeoutMs }).then((status) => {
      put.status = status;
    });
  }

  #take(at: Counted, timeoutMs: number): void {
    if (at === 'mine') return;
    const taking =
      at === 'ws' ? this.#socket.ws.readMessage({ timeoutMs }) : this.#channels[at].take({ timeoutMs });
    this.#follow<readonly [unknown, string]>(timeoutMs, taking, (result) =>
      result[1] === 'timeout' ? ['timeout', undefined] : [at, result],
    );
  }

  #select(given: readonly Key[], timeoutMs: number, hasSignal: boolean): void {
    // A select over disposed ticks alone would never end.
    const keys: readonly Key[] = given.join() === 'tick' ? ['tick', 'stop'] : given;
    const sources = Object.fromEntries(keys.map((key) => [key, this.#sources[key]]));
    const { signal } = this.#abort;
    this.#signals.push(signal);
    const options = { timeoutMs, clock: this.#clock, ...(hasSignal ? { signal } : undefined) };
    this.#follow(timeoutMs, select(sources, options), (answer) => answer);
  }

  /** Records the result in a single `then`: a further await could change the order of results. */
  #follow<A>(
    timeoutMs: number,
    calling: Promise<A>,
    read: (answer: A) => readonly [key: string, value: unknown],
  ): void {
    const call: Call = { timeoutMs, status: 'pending' };
    this.#calls.push(call);
    calling.then(
      (answer) => {
        const [key, value] = read(answer);
        call.status = key;
        this.#note(key, value);
      },
      () => {
        call.status = 'rejected';
      },
    );
  }

  #note(key: string, value: unknown): void {
    if (key === 'mine') this.#taken.mine.push(value as string);
    if (key !== 'ws' && key !== 'a' && key !== 'b') return;
    const [data, status] = value as readonly [data: string, status: string];
    if (status === 'ok') this.#taken[key].push(data);
  }

  async #drain(at: Counted): Promise<void> {
    await turn();
    if (at === 'mine') return void this.#taken.mine.push(...this.#mine.values.splice(0));
    const next = (): Promise<readonly [data: string | Uint8Array | undefined, status: string]> =>
      at === 'ws' ? this.#socket.ws.readMessage(0) : this.#channels[at].take({ timeoutMs: 0 });
    for (let [data, status] = await next(); status === 'ok'; [data, status] = await next()) {
      this.#taken[at].push(String(data));
    }
  }
}
