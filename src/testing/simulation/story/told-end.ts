// One end of a link, as a story tells it: what its readers read, what is written, and how it ends.
// The methods of its conversation are wrapped in place. Nothing here takes a turn or a promise job,
// so that a run that is told is the same run. story.ts puts the words into lines.

import { handlerName, placeText } from '../../who-waits.ts';
import type { Conversation } from '../../../conversation/conversation.ts';
import { callOf } from '../../../conversation/pending-read.ts';
import type { PendingRead } from '../../../conversation/pending-read.ts';
import { isOwnFrame, placeOf } from '../../../platform/own-frames.ts';
import type { CloseInfo } from '../../../core/close-info.ts';
import type { Data } from '../../../core/data.ts';
import type { ReadResult } from '../../../core/status.ts';
import { textOf, traceOf } from '../../../core/stack-trace.ts';

/** Names are known once a handshake is over: words are put together when their line is. */
export type Words = () => string;

/** The line of the event that runs, and the names of clients. */
export interface Line {
  /** Whether what the ends of links do is told at this step. */
  readonly isOpen: () => boolean;
  readonly add: (words: Words) => void;
  readonly nameOf: (conversation: Conversation) => string;
}

/** Longest text of a message that is shown. */
const MOST_TEXT = 60;
const FRAMES = 40;

/** Why a host closes, by the one on whose behalf it does. */
const CLOSINGS: Readonly<Record<string, string>> = {
  local: '',
  handler: ': its handler has ended',
  shutdown: ': it shuts down',
};

/** The reasons of an end that a reader asks for. */
const TOLD_REASONS: ReadonlySet<unknown> = new Set(['heartbeat', 'limit', 'protocol', 'session']);

/** Tells what one end of a link does. */
export class ToldEnd {
  readonly #conversation: Conversation;
  readonly #side: 'host' | 'client';
  readonly #line: Line;
  /** Reads that were answered. */
  #answered = 0;

  /** Wraps the methods of a conversation. Called before code of users has its socket. */
  constructor(conversation: Conversation, side: 'host' | 'client', line: Line) {
    this.#conversation = conversation;
    this.#side = side;
    this.#line = line;
    this.#tellReads();
    this.#tellArrivals();
    this.#tellWrites();
    this.#tellClose();
    this.#tellEnd();
  }

  get #name(): string {
    return this.#line.nameOf(this.#conversation);
  }

  /** Who reads here. */
  get #reader(): string {
    return this.#side === 'host' ? handlerName({ client: this.#name }) : this.#name;
  }

  #tell(words: Words): void {
    if (this.#line.isOpen()) this.#line.add(words);
  }

  /** The line of the user that calls now: it takes time to find. */
  #caller(): string | undefined {
    return this.#line.isOpen() ? callerOf() : undefined;
  }

  #tellReads(): void {
    const { reader, queue } = this.#conversation;
    const read = reader.read.bind(reader);
    const takeMessage = reader.takeMessage.bind(reader);
    const take = queue.take.bind(queue);
    let taken: Data | undefined;
    Object.assign(queue, { take: (len: number) => (taken = take(len)) });
    Object.assign(reader, {
      // All reads are told in one place.
      takeAtOnce: () => undefined,
      read: (pending: PendingRead): Promise<ReadResult> => {
        const at = this.#caller();
        const unset = pending.settle;
        taken = undefined;
        const answer = read(pending);
        if (pending.settle === unset) this.#answer(pending, at, resultNow(taken, queue.end));
        else onSettle(pending, (result) => this.#answer(pending, at, result));
        return answer;
      },
      takeMessage: (view: PendingRead['view']): ReadResult => {
        const result = takeMessage(view);
        this.#tellAnswer('select', undefined, result);
        return result;
      },
    });
  }

  #answer(pending: PendingRead, at: string | undefined, result: ReadResult): void {
    // `ws.read()` → `read`.
    this.#tellAnswer(callOf(pending).replaceAll(/^ws\.|\(\)$/gu, ''), at, result);
  }

  #tellAnswer(call: string, at: string | undefined, [data, status]: ReadResult): void {
    this.#answered += 1;
    const closed = status === 'closed' ? `closed ${endText(this.#conversation.queue.end)}` : status;
    const answer = data === undefined ? closed : dataText(data);
    this.#tell(() => `${this.#reader}${placeText(at)} ${call} → ${answer}`);
  }

  /** A message that no read takes at once is told by itself. */
  #tellArrivals(): void {
    const receive = this.#conversation.receive.bind(this.#conversation);
    Object.assign(this.#conversation, {
      receive: (data: Data, bytes: number): void => {
        const before = this.#answered;
        receive(data, bytes);
        if (this.#answered === before) this.#tell(() => `${dataText(data)} waits for ${this.#reader}`);
      },
    });
  }

  #tellWrites(): void {
    const { transport } = this.#conversation;
    const send = transport.send.bind(transport);
    const sendFragment = transport.sendFragment.bind(transport);
    Object.assign(transport, {
      send: (...args: Parameters<typeof send>): boolean => {
        this.#tellWrite(dataText(args[0]));
        return send(...args);
      },
      sendFragment: (...args: Parameters<typeof sendFragment>): boolean => {
        this.#tellWrite(`${dataText(args[0])}, a part,`);
        return sendFragment(...args);
      },
    });
  }

  #tellClose(): void {
    const conversation = this.#conversation;
    const close = conversation.close.bind(conversation);
    Object.assign(conversation, {
      close: (...args: Parameters<typeof close>): void => {
        const [code, , closer] = args;
        if (!conversation.isEnding) this.#tellClosing(code, CLOSINGS[closer] ?? `: ${closer}`);
        close(...args);
      },
    });
  }

  #tellClosing(code: number, why: string): void {
    const place = placeText(this.#caller());
    if (this.#side === 'host') this.#tell(() => `host${place} closes ${this.#name} with ${code}${why}`);
    else this.#tell(() => `${this.#name}${place} closes with ${code}${why}`);
  }

  #tellWrite(what: string): void {
    const place = placeText(this.#caller());
    if (this.#side === 'host') this.#tell(() => `host${place} writes ${what} to ${this.#name}`);
    else this.#tell(() => `${this.#name}${place} writes ${what}`);
  }

  /** The end is told by the reads that it ends, or else by itself. */
  #tellEnd(): void {
    const conversation = this.#conversation;
    const end = conversation.end.bind(conversation);
    Object.assign(conversation, {
      end: (...args: Parameters<typeof end>): void => {
        const before = this.#answered;
        end(...args);
        if (this.#answered > before) return;
        const whose = this.#side === 'host' ? 'socket of ' : '';
        this.#tell(() => `${whose}${this.#name} has closed: ${endText(conversation.queue.end)}`);
      },
    });
  }
}

/** The line of the user that has called this package now; undefined where a step has. */
export function callerOf(): string | undefined {
  const lines = (textOf(traceOf(FRAMES)) ?? '').split('\n').slice(1);
  // A frame of Node, or of this package, has no place of the user.
  return placeOf(String(lines.find((line) => isStep(line) || placeOf(line) !== undefined)));
}

/** Whether a step of the world has begun in a frame: nothing of the user has called it. */
function isStep(line: string): boolean {
  return line.includes('(node:') || (line.includes(' at async ') && isOwnFrame(line));
}

/** Calls back with what settles a read. */
function onSettle(pending: PendingRead, tell: (result: ReadResult) => void): void {
  const { settle } = pending;
  pending.settle = (result) => {
    tell(result);
    settle(result);
  };
}

/** The answer of a read that has not waited. */
function resultNow(taken: Data | undefined, end: CloseInfo | undefined): ReadResult {
  if (taken !== undefined) return [taken, 'ok'];
  return [undefined, end === undefined ? 'timeout' : 'closed'];
}

function endText(end: CloseInfo | undefined): string {
  return TOLD_REASONS.has(end?.by) ? `${end?.code} by ${end?.by}` : `${end?.code}`;
}

function dataText(data: Data): string {
  if (typeof data !== 'string') return `${data.length} bytes`;
  return data.length > MOST_TEXT ? `${JSON.stringify(data.slice(0, MOST_TEXT))}…` : JSON.stringify(data);
}
