// Random reading: the events of a conversation while a handler reads, as commands for fast-check, and
// a player that performs them and records all that is visible from outside. conservation.spec.ts
// states the laws over its record.

import fc from 'fast-check';
import { ScriptedBudget } from './scripted-budget.ts';
import { CLOSED_BY_PEER, scripted } from './scripted-transport.ts';
import type { ScriptedConversation } from './scripted-transport.ts';
import type { Data } from '../../src/core/data.ts';
import type { ReadResult } from '../../src/core/status.ts';
import { turn } from '../time/hand-clock.ts';

export type Command =
  | { readonly kind: 'arrive'; readonly data: Data }
  | { readonly kind: 'read'; readonly len: number; readonly timeoutMs: number; readonly hasSignal: boolean }
  | { readonly kind: 'tick'; readonly ms: number }
  | { readonly kind: 'abort' | 'toggle' | 'settle' | 'turn' | 'close' | 'peer closes' | 'link is lost' };

export interface Play {
  readonly commands: readonly Command[];
  readonly queueMessages: number;
  readonly queueBytes: number;
  readonly overflow: 'pause' | 'close';
  /** What the fairness budget says of each read that it is asked of. */
  readonly turnsOver: readonly boolean[];
}

/** One read and what came of it; 'rejected' stands for an abort or a second read at once. */
export interface Read {
  readonly len: number;
  readonly timeoutMs: number;
  result: ReadResult | readonly [data: undefined, status: 'pending' | 'rejected'];
}

export interface Seen {
  /** What came before we began to close, in order. */
  readonly kept: readonly Data[];
  /** How many came after. */
  readonly dropped: number;
  /** In the order of the calls, in which they take: the last ones read what was left. */
  readonly reads: readonly Read[];
  /** At moments when all reads but a parked one were settled. */
  readonly moments: readonly Moment[];
  readonly toggled: boolean;
  /** `closeInfo.unread`: at the end of the link, and when nothing was left to read. */
  readonly unread: readonly [atEnd: number, afterAll: number];
  readonly queuedAtEnd: number;
}

export interface Moment {
  readonly atEnd: boolean;
  /** How many messages, and parts of one, had been read. */
  readonly pieces: number;
  readonly isPaused: boolean;
  readonly isClosing: boolean;
  readonly messages: number;
  readonly bytes: number;
}

const text = fc.string({ unit: fc.constantFrom('a', 'b', 'ü', '€', '😀', '𝄞', '\0'), maxLength: 8 });
const binary = fc.uint8Array({ maxLength: 8 });
const plain = fc.constantFrom('abort', 'toggle', 'settle', 'turn', 'close', 'peer closes', 'link is lost');

const command = fc.oneof<fc.WeightedArbitrary<Command>[]>(
  { weight: 10, arbitrary: fc.record({ kind: fc.constant('arrive'), data: fc.oneof(text, binary) }) },
  {
    weight: 12,
    arbitrary: fc.record({
      kind: fc.constant('read'),
      len: fc.constantFrom(1, 2, 3, 5, Infinity),
      timeoutMs: fc.constantFrom(0, 5, 5, Infinity),
      hasSignal: fc.boolean(),
    }),
  },
  { weight: 4, arbitrary: fc.record({ kind: fc.constant('tick'), ms: fc.constantFrom(1, 4, 5) }) },
  { weight: 3, arbitrary: fc.constant({ kind: 'settle' }) },
  { weight: 2, arbitrary: fc.constant({ kind: 'turn' }) },
  { weight: 2, arbitrary: fc.record({ kind: plain }) },
);

/** Random plays. */
export const play: fc.Arbitrary<Play> = fc.record({
  commands: fc.array(command, { minLength: 1, maxLength: 50, size: 'max' }),
  queueMessages: fc.constantFrom(1, 2, 5, 64),
  queueBytes: fc.constantFrom(1, 10, 1000),
  overflow: fc.constantFrom('pause', 'pause', 'close'),
  turnsOver: fc.array(fc.boolean(), { minLength: 1, maxLength: 5 }),
});

/** Does the commands, ends the link where none of them did, and reads what is left. */
export async function perform({ commands, turnsOver, ...limits }: Play): Promise<Seen> {
  const player = new Player(scripted({ ...limits, budget: new ScriptedBudget(turnsOver) }));
  for (const command of commands) await player.do(command);
  return player.finish();
}

class Player {
  readonly #all: ScriptedConversation;
  readonly #kept: Data[] = [];
  #dropped = 0;
  readonly #reads: Read[] = [];
  readonly #moments: Moment[] = [];
  #controller = new AbortController();
  #toggled = false;

  constructor(all: ScriptedConversation) {
    this.#all = all;
  }

  get #isOver(): boolean {
    return this.#all.ws.closeInfo !== undefined;
  }

  get #isClosing(): boolean {
    return this.#all.link.calls.some((call) => call.startsWith('close'));
  }

  async do(command: Command): Promise<void> {
    const { link, clock, conversation, ws } = this.#all;
    switch (command.kind) {
      case 'arrive':
        return this.#arrive(command.data);
      case 'read':
        return this.#read(command.len, command.timeoutMs, command.hasSignal);
      case 'tick':
        return clock.tick(command.ms);
      case 'abort':
        this.#controller.abort();
        this.#controller = new AbortController();
        return;
      case 'toggle':
        this.#toggled = true;
        ws.binaryData = !ws.binaryData;
        return;
      case 'settle':
        return this.#settle();
      case 'turn':
        return turn();
      case 'close':
        return conversation.close(1000, '', 'local');
      case 'peer closes':
        return this.#isOver ? undefined : link.end(CLOSED_BY_PEER);
      case 'link is lost':
        return this.#isOver ? undefined : link.end();
      default:
        return command satisfies never;
    }
  }

  async finish(): Promise<Seen> {
    const { link, ws } = this.#all;
    if (!this.#isOver) link.end();
    await turn();
    await turn();
    await this.#settle();
    const queuedAtEnd = ws.queued.messages;
    const unread = ws.closeInfo?.unread ?? -1;
    while (ws.queued.messages > 0) {
      this.#read(Infinity, Infinity, false);
      await turn();
      await turn();
      await this.#settle();
    }
    return {
      kept: this.#kept,
      dropped: this.#dropped,
      reads: this.#reads,
      moments: this.#moments,
      toggled: this.#toggled,
      unread: [unread, ws.closeInfo?.unread ?? -1],
      queuedAtEnd,
    };
  }

  #arrive(data: Data): void {
    if (this.#isOver) return;
    if (this.#isClosing) this.#dropped += 1;
    else this.#kept.push(data);
    this.#all.link.arrive(data);
  }

  #read(len: number, timeoutMs: number, hasSignal: boolean): void {
    const { ws } = this.#all;
    const options = hasSignal ? { timeoutMs, signal: this.#controller.signal } : { timeoutMs };
    const read: Read = { len, timeoutMs, result: [undefined, 'pending'] };
    this.#reads.push(read);
    (len === Infinity ? ws.readMessage(options) : ws.read({ ...options, len })).then(
      (result) => (read.result = result),
      () => (read.result = [undefined, 'rejected']),
    );
  }

  /** Lets those who wait hear of what has happened, and looks around. */
  async #settle(): Promise<void> {
    for (let microtask = 0; microtask < 5; microtask += 1) await Promise.resolve();
    const { link, ws } = this.#all;
    this.#moments.push({
      atEnd: ws.atEnd,
      pieces: this.#reads.filter(({ result }) => result[1] === 'ok').length,
      isPaused: link.isPaused,
      isClosing: this.#isClosing || this.#isOver,
      ...ws.queued,
    });
  }
}
