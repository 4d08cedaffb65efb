// What happens in one world, in words: one line an event, with what has come of it and the lines of
// users. Only a run that has failed is recorded, when it is run again. A world tells its events
// here; what each end of a link does is told-end.ts's.

import type { Agenda } from '../seeded/agenda.ts';
import { callerOf, ToldEnd } from './told-end.ts';
import type { Line, Words } from './told-end.ts';
import type { LinkSockets } from '../seeded/world-parts.ts';
import type { MemoryServer } from '../../memory-server.ts';
import { handlerName, placeText } from '../../who-waits.ts';
import type { Wait } from '../../../server/host-waits.ts';
import type { Where } from '../../../server/report.ts';
import type { Conversation } from '../../../conversation/conversation.ts';
import { MessageSocket } from '../../../socket/message-socket.ts';
import { ConnectError, shownError } from '../../../core/errors.ts';
import { propertyOf } from '../../../core/object-like.ts';

/** Lines that are kept, the youngest. */
const MOST_LINES = 10_000;

/** Reads and writes are told of so many steps before the end: to find their lines takes time. */
const TOLD_STEPS = 20_000;

/** Characters of what was thrown that stand in a line. */
const MOST_THROWN = 120;

/** Waits that end without a word of a socket. */
const RESTS: ReadonlySet<Wait['waits']> = new Set(['select', 'task', 'other']);

/** How a run is recorded. */
export interface Recording {
  /** From this step on it is told, too, which handlers go on after a sleep or a channel. */
  readonly watchedFrom: number;
  /**
   * From this step on it is told what clients and hosts read, write and close. Handshakes, faults
   * and errors are told from the beginning. Default 0.
   */
  readonly toldFrom?: number;
}

/** Gives how a run of so many steps is recorded. @param watched - So many are watched, the last. */
export function recordingOf(steps: number, watched: number): Recording {
  return { watchedFrom: steps - watched, toldFrom: Math.max(0, steps - TOLD_STEPS) };
}

/** Records what happens in one world. */
export class Story {
  readonly #agenda: Agenda;
  readonly #servers: () => Iterable<MemoryServer>;
  readonly #watchedFrom: number;
  readonly #lines: string[] = [];
  #left = 0;
  /** Of the event that runs. */
  #words: Words[] = [];
  #atMs = 0;
  readonly #names = new WeakMap<Conversation, string>();
  readonly #toldFrom: number;
  readonly #line: Line = {
    isOpen: () => this.#agenda.steps >= this.#toldFrom,
    add: (words) => this.#add(words),
    nameOf: (conversation) => this.#names.get(conversation) ?? 'a client',
  };
  /** Handlers that wait in a sleep, a channel or the like at this time, by their waits. */
  #resting: ReadonlyMap<string, Wait> = new Map();
  #isOver = false;

  constructor(
    agenda: Agenda,
    servers: () => Iterable<MemoryServer>,
    { watchedFrom, toldFrom = 0 }: Recording,
  ) {
    this.#agenda = agenda;
    this.#servers = servers;
    this.#watchedFrom = watchedFrom;
    this.#toldFrom = toldFrom;
  }

  /** Ends the story. @param end - Its last words. @returns All lines. */
  finish(end: string): string {
    this.#endLine();
    this.tell(inLine(end));
    this.#endLine();
    this.#isOver = true;
    const rest = this.#left === 0 ? [] : [`… ${this.#left} lines before`];
    const silent = this.#toldFrom > 0 ? [`… before step ${this.#toldFrom} no reads and writes`] : [];
    return [...rest, ...silent, ...this.#lines].join('\n');
  }

  // Called by the world.

  /** The next step is about to run. */
  beforeStep(): void {
    this.#endLine();
    if (this.#isOver || this.#atMs === this.#agenda.now()) return;
    this.#atMs = this.#agenda.now();
    if (this.#agenda.steps >= this.#watchedFrom) this.#resting = this.#look();
  }

  /** A step has run, and all promises have gone on. */
  afterStep(): void {
    if (this.#resting.size === 0) return;
    const resting = this.#look();
    const gone = [...this.#resting].filter(([key]) => !resting.has(key));
    // In front of what has come of it.
    const words = gone.map(
      ([, { at, id }]) =>
        () =>
          `${handlerName({ client: this.#nameOfId(id) })} goes on${placeText(at)}`,
    );
    this.#words.unshift(...words);
    for (const [key] of gone) this.#resting = without(this.#resting, key);
  }

  /** Adds words to the line of the event that runs. */
  tell(words: string): void {
    this.#add(() => words);
  }

  /** A client begins its handshake, in the call that asks for it. */
  connects(name: string, path: string): void {
    this.#endLine();
    const place = placeText(callerOf());
    this.tell(`${name}${place} connects to ${path}`);
  }

  /** A host has a socket, whose handler has not begun. */
  opened(ws: MessageSocket): void {
    void new ToldEnd(MessageSocket.conversationOf(ws), 'host', this.#line);
  }

  /** The host has accepted a client. */
  join(name: string, { client, ws }: LinkSockets): void {
    const [far, near] = [MessageSocket.conversationOf(client), MessageSocket.conversationOf(ws)];
    this.#names.set(far, name).set(near, name);
    void new ToldEnd(far, 'client', this.#line);
    this.tell(`host accepts ${name}`);
  }

  /** A client has no socket. @param error - What its `connect` rejects with. */
  failsToConnect(name: string, error: unknown): void {
    if (!(error instanceof ConnectError) || error.status === undefined)
      return this.tell(`${name} fails to connect: ${inLine(String(propertyOf(error, 'message')))}`);
    const why = inLine(String(error.body).trim());
    this.tell(`${name} is refused with ${error.status}${why === '' ? '' : `: ${why}`}`);
  }

  /** A host reports an error. */
  reports(error: unknown, { phase, socketId }: Where): void {
    const text = inLine(shownError(error));
    this.#add(() => {
      const name = this.#nameOfId(socketId);
      if (name === undefined) return `${phase} fails: ${text}`;
      return phase === 'server'
        ? `${handlerName({ client: name })} fails: ${text}`
        : `${phase} of ${name} fails: ${text}`;
    });
  }

  #add(words: Words): void {
    if (!this.#isOver) this.#words.push(words);
  }

  #endLine(): void {
    if (this.#words.length === 0) return;
    const words = this.#words.map((make) => make());
    this.#words = [];
    this.#lines.push(`t=${Math.round(this.#atMs)} ${words.reduce(joined, []).join(' · ')}`);
    if (this.#lines.length <= MOST_LINES) return;
    this.#lines.shift();
    this.#left += 1;
  }

  /** Undefined before there is a conversation. */
  #nameOfId(id: string | undefined): string | undefined {
    const runs = [...this.#servers()].flatMap((server) => server.runs);
    const run = runs.find((one) => one.id === id);
    return run && this.#line.nameOf(run.conversation);
  }

  /** Finds where handlers wait that a timer may let go on. */
  #look(): ReadonlyMap<string, Wait> {
    const waits = [...this.#servers()].flatMap(({ host, openRuns }) => host.handlerWaits.of(openRuns));
    const resting = waits.filter((wait) => wait.at !== undefined && RESTS.has(wait.waits));
    return new Map(resting.map((wait) => [[wait.id, wait.task, wait.waits, wait.at].join(), wait]));
  }
}

/** Makes one line of the text of an error, which may have many, and long ones. */
function inLine(text: string): string {
  const line = text.slice(0, 2 * MOST_THROWN).replaceAll(/\s*\n\s*/gu, ' ');
  return line.length > MOST_THROWN ? `${line.slice(0, MOST_THROWN)}…` : line;
}

/** Joins what is written to several clients: `… to client 1, client 2`. */
function joined(words: readonly string[], next: string): readonly string[] {
  const last = words.at(-1);
  const [, what, whom] = /^(host .* to )(client \d+)$/su.exec(next) ?? [];
  if (last === undefined || what === undefined || !last.startsWith(what)) return [...words, next];
  return [...words.slice(0, -1), `${last}, ${whom}`];
}

function without<K, V>(map: ReadonlyMap<K, V>, key: K): ReadonlyMap<K, V> {
  return new Map([...map].filter(([other]) => other !== key));
}
