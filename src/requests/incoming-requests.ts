// The requests of the peer: runs handlers, so many at once, and gives each its reply. requests.ts
// reads the socket and adds what has come; json-rpc.ts is what it looks like.

import { errorText, INTERNAL_ERROR, METHOD_NOT_FOUND, resultText } from './json-rpc.ts';
import type { Call, ErrorWords, Fault } from './json-rpc.ts';
import { isMeantForPeer } from './request-error.ts';
import { LinkedList } from '../structures/linked-list.ts';
import type { ListNode } from '../structures/linked-list.ts';
import { Ring } from '../structures/ring.ts';

/** What a handler gets besides the params. */
export interface RequestContext {
  /** Aborts at the end of the socket. */
  readonly signal: AbortSignal;
}

/**
 * A function for the requests of one method. TypeScript lets it name the type of its params; what
 * has come is not checked.
 */
export type RequestHandler = {
  handle(params: unknown, context: RequestContext): unknown;
}['handle'];

/** What has come and is no reply. */
export type Question = Call | Fault;

export interface IncomingSettings {
  readonly handlers: Readonly<Record<string, RequestHandler>>;
  readonly context: RequestContext;
  readonly maxRunning: number;
  /** Sends a reply; settles when it was accepted, or was not. Never rejects. */
  readonly send: (text: string) => Promise<unknown>;
  /** Gets what a handler has thrown and no peer may see. */
  readonly onError: (error: unknown, method: string) => void;
  /** Called when a handler has ended and its reply was accepted. */
  readonly onEnd: () => void;
}

/**
 * A request of 50 bytes can ask for any result, and a batch keeps them all until the last is there.
 *
 * @limit Characters of all replies to one batch | further replies are errors, -32603
 */
const MOST_BATCH_CHARACTERS = 4_194_304;
const BATCH_FULL: ErrorWords = Object.freeze({
  ...INTERNAL_ERROR,
  data: `the replies to a batch may have ${MOST_BATCH_CHARACTERS} characters`,
});

/** The replies of one batch, which leave together. */
interface Batch {
  readonly replies: string[];
  characters: number;
  /** Entries that are not answered yet. */
  left: number;
}

/** A question that is being answered. */
class Running implements ListNode<Running> {
  readonly question: Question;
  readonly batch: Batch | undefined;
  previous: Running | undefined;
  next: Running | undefined;

  constructor(question: Question, batch: Batch | undefined) {
    this.question = question;
    this.batch = batch;
  }
}

/** Answers questions in the order in which they come; those that take longer, later. */
export class IncomingRequests {
  readonly #settings: IncomingSettings;
  /** By name, own members only: `constructor` and `__proto__` are no methods. */
  readonly #handlers: ReadonlyMap<string, RequestHandler>;
  /** The calls that run. */
  readonly #running = new LinkedList<Running>();
  /** All that is being answered, faults as well. */
  #count = 0;
  /** Entries of a batch that wait for room. */
  readonly #waiting = new Ring<Running>();

  constructor(settings: IncomingSettings) {
    this.#settings = settings;
    this.#handlers = new Map(Object.entries(settings.handlers));
  }

  /** Whether a question is being answered, or waits for that. */
  get isBusy(): boolean {
    return this.#count > 0 || this.#waiting.length > 0;
  }

  /**
   * Whether one more may be answered.
   *
   * @param pending - Requests of this end that wait for a reply. Handlers may wait for these: they
   *   do not count, or two ends could wait for each other.
   */
  hasRoom(pending: number): boolean {
    return this.#count - pending < this.#settings.maxRunning;
  }

  /** The methods whose handlers run, or whose replies wait for room; oldest first. */
  get running(): readonly string[] {
    return Array.from(this.#running, ({ question }) => (question as Call).method);
  }

  /** Answers one question: its handler is called inside this call. */
  start(question: Question): void {
    this.#begin(new Running(question, undefined));
  }

  /** Lets the questions of a batch wait for room. Their replies leave together, in one message. */
  addBatch(questions: readonly Question[]): void {
    const batch: Batch = { replies: [], characters: 0, left: questions.length };
    for (const question of questions) this.#waiting.push(new Running(question, batch));
  }

  /** Starts the question that has waited longest. @returns false where none waits. */
  startNext(): boolean {
    if (this.#waiting.length === 0) return false;
    this.#begin(this.#waiting.shift());
    return true;
  }

  /** Drops the questions that wait. */
  dropWaiting(): void {
    while (this.#waiting.length > 0) this.#waiting.shift();
  }

  #begin(running: Running): void {
    this.#count += 1;
    if (running.question.kind === 'call') this.#running.append(running);
    void this.#answer(running);
  }

  async #answer(running: Running): Promise<void> {
    const { question, batch } = running;
    const reply =
      question.kind === 'call' ? await this.#call(question) : errorText(question.id, question.words);
    const text = batch === undefined ? reply : replyOf(batch, question, reply);
    // The next handler waits for room in the write buffer, too: replies cannot pile up.
    if (text !== undefined) await this.#settings.send(text);
    this.#running.remove(running);
    this.#count -= 1;
    this.#settings.onEnd();
  }

  /** @returns undefined for a notification. */
  async #call({ id, method, params }: Call): Promise<string | undefined> {
    const { handlers, context } = this.#settings;
    const handler = this.#handlers.get(method);
    if (handler === undefined) return id === undefined ? undefined : errorText(id, METHOD_NOT_FOUND);
    try {
      const value: unknown = await Reflect.apply(handler, handlers, [params, context]);
      return id === undefined ? undefined : resultText(id, value, nameOf(method));
    } catch (error) {
      return this.#errorReply({ id, method }, error);
    }
  }

  #errorReply({ id, method }: Pick<Call, 'id' | 'method'>, error: unknown): string | undefined {
    if (id === undefined || !isMeantForPeer(error)) {
      this.#settings.onError(error, method);
      return id === undefined ? undefined : errorText(id, INTERNAL_ERROR);
    }
    try {
      return errorText(id, error, nameOf(method));
    } catch (mistake) {
      this.#settings.onError(mistake, method);
      return errorText(id, INTERNAL_ERROR);
    }
  }
}

/**
 * Adds the reply of one entry.
 *
 * @returns The message of all replies, with the last entry; undefined before, and where no entry
 *   has a reply.
 */
function replyOf(batch: Batch, { id = null }: Question, reply: string | undefined): string | undefined {
  if (reply !== undefined) {
    batch.characters += reply.length;
    // The first has room in any case, as it had in a message of its own.
    const fits = batch.replies.length === 0 || batch.characters <= MOST_BATCH_CHARACTERS;
    batch.replies.push(fits ? reply : errorText(id, BATCH_FULL));
  }
  batch.left -= 1;
  return batch.left === 0 && batch.replies.length > 0 ? `[${batch.replies.join(',')}]` : undefined;
}

/** Names a handler in errors. */
function nameOf(method: string): string {
  return `requests(): the handler of ${JSON.stringify(method)}`;
}
