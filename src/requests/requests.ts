// `requests`: request and reply over one socket, both ways. Reads the socket, gives replies to
// outgoing-requests.ts and calls to incoming-requests.ts, and ends both with the socket. What
// messages look like is in json-rpc.ts.

import { IncomingRequests } from './incoming-requests.ts';
import type { Question, RequestContext } from './incoming-requests.ts';
import { callText, incomingOf, INVALID, paramsText, UNPARSED } from './json-rpc.ts';
import type { Incoming, Outcome } from './json-rpc.ts';
import { OutgoingRequests, resultOf } from './outgoing-requests.ts';
import { isMeantForPeer, ReplyError } from './request-error.ts';
import { REQUESTS_OPTIONS } from './requests-options.ts';
import type { RequestsOptions } from './requests-options.ts';
import type { Conversation } from '../conversation/conversation.ts';
import { reject } from '../socket/attended-call.ts';
import { parseJson } from '../socket/json-message.ts';
import { readAlone } from '../socket/sole-reader.ts';
import type { SoleReader } from '../socket/sole-reader.ts';
import type { Socket } from '../socket/socket.ts';
import { LazyTimer } from '../time/lazy-timer.ts';
import { unattendedThen } from '../waiting/abortable.ts';
import { LazyPromise } from '../waiting/lazy-promise.ts';
import { badArgument, checkNames, show } from '../core/arguments.ts';
import type { CloseInfo } from '../core/close-info.ts';
import type { Data } from '../core/data.ts';
import { UsageError } from '../core/errors.ts';
import { noop } from '../core/noop.ts';
import { complete, namesOf } from '../core/options.ts';
import type { Complete } from '../core/options.ts';
import type { ReadResult, WriteStatus } from '../core/status.ts';
import { checkWait } from '../core/wait-options.ts';
import type { WaitOptions } from '../core/wait-options.ts';
import { allowListeners, warnOfError } from '#platform';

/** What a request is about: JSON-RPC takes parameters by name or by position. */
export type RequestParams = object;

/** Request and reply over one socket, in both directions. */
export interface Requests {
  /**
   * Sends a request, and waits for its reply.
   *
   * The result is what the peer has sent; its type is not checked. Replies may come in any order.
   * After a time-out or an abort the peer is not told: it may yet do what was asked, and its late
   * reply is ignored. A request whose message still waits for room is not sent.
   *
   * @param params - An array or an object that JSON can hold. Default: none.
   * @param options - `timeoutMs`: longest wait for the reply, in milliseconds ≥ 0. Default: that of
   *   `requests`. `signal`: aborting rejects with its reason.
   * @returns `[result, 'ok']`, `[undefined, 'timeout']`, or `[undefined, 'closed']` where the
   *   socket has ended before the reply came: the peer may have done what was asked.
   * @throws RequestError where the peer has answered with an error, or with what is no reply of
   *   JSON-RPC 2.0 (-32603). UsageError `COROSOCK_ARGUMENT`; `COROSOCK_PENDING_REQUESTS` beyond
   *   `maxPending`; nothing is sent then. The signal's reason when it aborts.
   */
  request<T = unknown>(method: string, params?: RequestParams, options?: WaitOptions): Promise<ReadResult<T>>;
  /**
   * Sends a notification: a request without a reply. Whether the peer knows the method, and what
   * its handler does, stays unknown.
   *
   * @param params - As in `request`.
   * @param options - As in `write`. Default: waits for room as long as the peer takes data at all.
   * @returns As `write`.
   * @throws UsageError `COROSOCK_ARGUMENT`. The signal's reason when it aborts.
   */
  notify(method: string, params?: RequestParams, options?: WaitOptions): Promise<WriteStatus>;
  /**
   * Resolves at the end of the socket, once no handler runs; never rejects. For handlers that
   * ignore their signal it waits four fifths of `closeTimeoutMs`, and reports them. On a dedicated
   * socket, a server's handler awaits it: the socket closes when that returns.
   */
  readonly closed: Promise<CloseInfo>;
}

/**
 * Speaks JSON-RPC 2.0 over a socket: sends requests to the peer, and answers those of the peer by
 * `handlers`. Both ends may do both; it is the same on a server, in a client and in a browser.
 *
 * It reads the socket from now on: any other read is a UsageError. Handlers are called in the order
 * in which requests come, and run side by side: replies leave in the order in which they are ready.
 * What a handler returns is the result, undefined as null. A RequestError that it throws is the
 * error; any other error is reported, and the peer gets -32603 without its text. A handler of a
 * notification is called in the same way, and all of its errors are reported. From the 17th of one
 * socket on they are counted: a peer can cause them as often as it likes.
 *
 * Once this end has begun to close the socket, no further handler is called.
 *
 * @param ws - The socket of a handler or of a client. A call inside of `ws.spawn` is fine.
 * @throws UsageError `COROSOCK_ARGUMENT`; `COROSOCK_CONCURRENT_READ` where a read of the socket
 *   waits, or `requests` was called for it before.
 *
 * Invariants: I1, I5, I7.
 */
export function requests(ws: Socket, options: RequestsOptions = {}): Requests {
  checkNames(CALL, options, namesOf(REQUESTS_OPTIONS));
  const settings = complete(CALL, options, REQUESTS_OPTIONS);
  // An end without methods may send a notification, and return.
  const goOn = Object.keys(settings.handlers).length > 0 ? 'rpc.closed' : undefined;
  return new RequestLink(readAlone(ws, CALL, goOn), settings);
}

const CALL = 'requests()';
const NO_OPTIONS: WaitOptions = Object.freeze({});
/** Part of `closeTimeoutMs`: the handler that awaits `closed` has the rest for itself. */
const GRACE = 0.8;
/**
 * Most calls in one message. Each entry of a batch gets an error of some 80 bytes, also a digit.
 *
 * @limit Requests in one batch of JSON-RPC | one error -32600 for all of them
 */
const MAX_BATCH = 1000;

/**
 * A peer can have a handler fail as often as it sends.
 *
 * @limit Errors of handlers of `requests` that are reported for one socket, each at once | a server
 * counts further ones of each method, a client leaves them out
 */
const MOST_ERRORS = 16;

const TOO_LONG: Question = Object.freeze({
  ...INVALID,
  words: Object.freeze({ ...INVALID.words, data: `a batch may hold ${MAX_BATCH} requests` }),
});

class RequestLink implements Requests {
  readonly #reader: SoleReader;
  readonly #settings: Complete<RequestsOptions>;
  readonly #outgoing: OutgoingRequests;
  readonly #incoming: IncomingRequests;
  /** Resolves once no handler runs after the end. */
  readonly #idle = new LazyPromise<object>();
  /** Lets the loop look again; undefined while it runs. */
  #wake: () => void = noop;
  /** Set while handlers run after the end. */
  #lateTimer: LazyTimer | undefined;
  /** Whether the end was read: nothing more comes. */
  #isOver = false;
  /** Whether a reply without an id was reported. */
  #isFaultTold = false;
  /** Errors of handlers so far. */
  #errors = 0;

  constructor(reader: SoleReader, settings: Complete<RequestsOptions>) {
    const { conversation, port, ws } = reader;
    this.#reader = reader;
    this.#settings = settings;
    this.#outgoing = new OutgoingRequests(conversation.reader.scheduling);
    this.#incoming = new IncomingRequests({
      handlers: settings.handlers,
      context: new SocketContext(conversation),
      maxRunning: settings.maxRunning,
      send: (text) => ws.write(text),
      onError: (error, method) => this.#handlerOnError(error, method),
      onEnd: () => this.#handlerOnEnd(),
    });
    port.subscribe(() => this.#wake());
    conversation.over.onAbort(() => this.#socketOnEnd());
    void this.#run();
  }

  request<T>(
    method: string,
    params?: RequestParams,
    options: WaitOptions = NO_OPTIONS,
  ): Promise<ReadResult<T>> {
    try {
      const { maxPending, timeoutMs: usualMs } = this.#settings;
      checkCall('rpc.request()', method, options);
      const text = paramsText('rpc.request()', params);
      if (this.#outgoing.size >= maxPending) throw tooMany(maxPending);
      const { timeoutMs = usualMs, signal } = options;
      const wait = signal === undefined ? { timeoutMs } : { timeoutMs, signal };
      const send = (id: number): Promise<WriteStatus> =>
        this.#reader.ws.write(callText(id, method, text), wait);
      const answer = this.#outgoing.add(timeoutMs, signal, send);
      // One more handler may run meanwhile.
      this.#wake();
      // The error is made in a reaction: its stack shows the line that awaits the request.
      return unattendedThen(answer, (given) => resultOf<T>(given));
    } catch (error) {
      return reject(this.#reader.conversation, error);
    }
  }

  notify(method: string, params?: RequestParams, options: WaitOptions = NO_OPTIONS): Promise<WriteStatus> {
    try {
      checkCall('rpc.notify()', method, options);
      const text = paramsText('rpc.notify()', params);
      return this.#reader.ws.write(callText(undefined, method, text), options);
    } catch (error) {
      return reject(this.#reader.conversation, error);
    }
  }

  get closed(): Promise<CloseInfo> {
    // By way of that promise, `host.waits` knows what waits here.
    return this.#reader.conversation.closed.then((end) => this.#idle.promise.then(() => end));
  }

  /** One loop, so that handlers run in the AsyncLocalStorage context of the call of `requests`. */
  async #run(): Promise<void> {
    const { budget, spender } = this.#reader.conversation.reader.scheduling;
    // No handler runs before the caller has what `requests` returns.
    await Promise.resolve();
    while (!this.#isOver) {
      if (!this.#step()) await new Promise<void>((resolve) => void (this.#wake = resolve));
      else if (budget.spend(spender)) await budget.okLater(spender);
    }
  }

  /** Takes one message, or starts one entry of a batch. @returns false where it has to wait. */
  #step(): boolean {
    const { conversation, port } = this.#reader;
    if (conversation.closer !== undefined || !this.#incoming.hasRoom(this.#outgoing.size)) return false;
    if (this.#incoming.startNext()) return true;
    if (!port.ready()) return false;
    const [message, status] = port.take();
    if (status === 'ok') this.#receive(message);
    else this.#finish();
    this.#lookForLastWords();
    return true;
  }

  #receive(message: Data): void {
    let value: unknown;
    try {
      value = parseJson(message, this.#reader.ws.binaryData ? 'text' : 'refused');
    } catch {
      return this.#incoming.start(UNPARSED);
    }
    if (!Array.isArray(value)) return this.#takeOne(incomingOf(value));
    if (value.length === 0) return this.#incoming.start(INVALID);
    this.#takeBatch(value.map((entry) => incomingOf(entry)));
  }

  #takeOne(incoming: Incoming): void {
    if (incoming.kind === 'reply') this.#takeReply(incoming.id, incoming.outcome);
    else this.#incoming.start(incoming);
  }

  #takeBatch(entries: readonly Incoming[]): void {
    const questions: Question[] = [];
    for (const entry of entries) {
      if (entry.kind === 'reply') this.#takeReply(entry.id, entry.outcome);
      else questions.push(entry);
    }
    if (questions.length > MAX_BATCH) return this.#incoming.start(TOO_LONG);
    this.#incoming.addBatch(questions);
  }

  /** A reply to no request that waits is late, or nonsense: it is never answered. */
  #takeReply(id: unknown, outcome: Outcome): void {
    if (this.#outgoing.settle(id, outcome) || id !== null || outcome.kind !== 'error') return;
    // The peer could not read a message of ours, and cannot say which.
    if (!this.#isFaultTold) this.#reportFault('unread', () => unreadError(outcome));
    this.#isFaultTold = true;
  }

  #handlerOnError(error: unknown, method: string): void {
    const { over, listener } = this.#reader.conversation;
    if (over.explains(error)) return;
    const phase = `requests: ${method}`;
    this.#errors += 1;
    const isOften = this.#errors > MOST_ERRORS;
    if (listener === undefined) {
      if (!isOften) warnOfError(error, phase);
      return;
    }
    // Meant for the peer, but a notification has no reply: it is a fault of the peer.
    if (!isOften && !isMeantForPeer(error)) return listener.report(error, phase);
    listener.reportFault(`requests: an error of ${method}`, phase, () => error as Error);
  }

  #handlerOnEnd(): void {
    this.#wake();
    this.#lookForLastWords();
    this.#settleIfIdle();
  }

  /** The peer's close frame is answered once no handler has a request in hand. */
  #lookForLastWords(): void {
    this.#reader.setInHand(this.#incoming.isBusy ? 'message' : 'nothing');
  }

  /**
   * What had come before the end is still taken, unless this end has closed. Handlers that run on
   * are waited for, for a bounded time.
   */
  #socketOnEnd(): void {
    const { closer, settings, reader } = this.#reader.conversation;
    if (closer !== undefined) this.#finish();
    this.#wake();
    if (this.#isIdle) return;
    const { clock } = reader.scheduling;
    const graceMs = settings.closeTimeoutMs * GRACE;
    this.#lateTimer = new LazyTimer(clock, clock.now() + graceMs, () => this.#giveUp(graceMs));
  }

  /** Nothing more comes: no request is answered any more. */
  #finish(): void {
    this.#isOver = true;
    this.#incoming.dropWaiting();
    this.#outgoing.close();
    this.#settleIfIdle();
  }

  get #isIdle(): boolean {
    return this.#isOver && !this.#incoming.isBusy;
  }

  #settleIfIdle(): void {
    if (!this.#isIdle) return;
    this.#lateTimer?.stop();
    this.#idle.resolve(this);
  }

  #giveUp(graceMs: number): void {
    this.#finish();
    this.#wake();
    for (const method of this.#incoming.running) {
      const late = `The handler of ${JSON.stringify(method)} still runs ${graceMs} ms after its socket has closed`;
      this.#reportFault('late', () => new Error(late));
    }
    this.#idle.resolve(this);
  }

  /** Clients cause it: of many of one kind the log gets one and their number. */
  #reportFault(kind: string, makeError: () => Error): void {
    const { listener } = this.#reader.conversation;
    if (listener === undefined) warnOfError(makeError(), 'requests');
    else listener.reportFault(`requests: ${kind}`, 'requests', makeError);
  }
}

/** What handlers get besides the params: the same object for all handlers of a socket. */
class SocketContext implements RequestContext {
  readonly #conversation: Conversation;

  constructor(conversation: Conversation) {
    this.#conversation = conversation;
    Object.freeze(this);
  }

  get signal(): AbortSignal {
    const { signal } = this.#conversation.over;
    // Many handlers may listen to it; Node warns from the eleventh listener on.
    allowListeners(signal);
    return signal;
  }
}

/** A log gets it: of the peer's own words only the beginning, escaped. */
function unreadError({ code, message }: Extract<Outcome, { readonly kind: 'error' }>): ReplyError {
  return new ReplyError(code, `The peer could not read a message: ${show(message)}`);
}

function checkCall(call: string, method: unknown, options: WaitOptions): void {
  if (typeof method !== 'string') throw badArgument(call, 'method to be a string', method);
  if (options !== NO_OPTIONS) checkWait(call, options);
}

function tooMany(maxPending: number): UsageError {
  return new UsageError(
    'COROSOCK_PENDING_REQUESTS',
    `rpc.request(): expected at most ${maxPending} requests that wait for a reply (maxPending), got one more`,
  );
}
