// `asWs`: the socket of a handler as libraries know it that were written for `ws`. The view reads
// the socket and emits its messages; it writes, closes and pings through the conversation. Its face
// is ws-view.ts's, its events as objects are ws-events.ts's.

import type { ServerSocket } from './host.ts';
import { HostedSocket, SocketHandle } from './hosted-socket.ts';
import type { SocketRun } from './hosted-socket.ts';
import { WsEmitter } from './ws-events.ts';
import type { WsData } from './ws-events.ts';
import type {
  AnyListener,
  WsBinaryType,
  WsSendable,
  WsSendCallback,
  WsSendOptions,
  WsView,
} from './ws-view.ts';
import { readAlone } from '../socket/sole-reader.ts';
import type { SoleReader } from '../socket/sole-reader.ts';
import type { Conversation } from '../conversation/conversation.ts';
import { badArgument, checkClose } from '../core/arguments.ts';
import type { CloseInfo } from '../core/close-info.ts';
import { bytesOf } from '../core/data.ts';
import type { Data } from '../core/data.ts';
import { noop } from '../core/noop.ts';
import type { WriteStatus } from '../core/status.ts';

const CONNECTING = 0;
const OPEN = 1;
const CLOSING = 2;
const CLOSED = 3;

const NOT_SENT = 'The conversation is over or ending: nothing was sent';

/** RFC 6455 §5.5. */
const MAX_CONTROL_BYTES = 125;

/**
 * A client that asks for more than it takes is held back: a listener that answers each message
 * does not wait for its answers.
 *
 * @limit Bytes that `send` of a view has not passed on | the client's messages wait until it has
 */
const MOST_UNSENT_BYTES = 1_048_576;
/** What a short message takes in memory while it waits. */
const UNSENT_OVERHEAD_BYTES = 512;

/** Held weakly: a second call for a socket gives the view that it has. */
const views = new WeakMap<SocketRun, SocketView>();

/**
 * Gives a socket the face of a WebSocket of `ws`, for libraries that were written for it:
 * graphql-ws, tRPC, Nest. From then on the view reads the socket; a read of the handler would be a
 * UsageError. The handler goes on with `await ws.closed`: the socket ends with its handler.
 *
 * Nothing is lost: messages wait for the first listener of `message`, in the bounds of the queue,
 * and so they do between `pause` and `resume`. The event `close` comes once, behind all messages.
 *
 * An error that a listener throws, or rejects with, is reported and closes the socket with 1011, as
 * an error of the handler does. `error` is emitted only where it has a listener: when the peer has
 * broken a rule or a limit.
 *
 * @param ws - The `ws` of a handler. A second call gives the same view.
 * @throws UsageError `COROSOCK_ARGUMENT`; `COROSOCK_CONCURRENT_READ` where a read waits, or another
 *   call reads the socket alone.
 */
export function asWs(ws: ServerSocket): WsView {
  const run = HostedSocket.runOf(ws);
  if (run === undefined) throw badArgument('asWs()', 'the ws of a handler', ws);
  const known = views.get(run);
  if (known !== undefined) return known;
  const view = new SocketView(run, ws as HostedSocket);
  views.set(run, view);
  return view;
}

class SocketView extends WsEmitter implements WsView {
  readonly CONNECTING = CONNECTING;
  readonly OPEN = OPEN;
  readonly CLOSING = CLOSING;
  readonly CLOSED = CLOSED;
  readonly extensions = '';
  binaryType: WsBinaryType = 'nodebuffer';
  readonly #run: SocketRun;
  readonly #reader: SoleReader;
  /** Of its own: `binaryData` of the handler's `ws` does not change what it sends. */
  readonly #ws: SocketHandle;
  #isPaused = false;
  #isClosed = false;
  /** Bytes that were given to `send`, and are not accepted yet. */
  #unsentBytes = 0;
  #watchesControls = false;
  /** Lets the loop look again; does nothing while it runs. */
  #wake: () => void = noop;

  constructor(run: SocketRun, ws: HostedSocket) {
    super();
    this.#run = run;
    this.#reader = readAlone(ws, 'asWs()', 'ws.closed');
    this.#ws = SocketHandle.on(ws);
    this.#reader.port.subscribe(() => this.#wake());
    // `closed` would have a second reaction: `host.waits` could not tell which line awaits it.
    this.#conversation.over.onAbort(() => this.#wake());
    void this.#emitAll();
  }

  get readyState(): 1 | 2 | 3 {
    if (this.#isClosed) return CLOSED;
    const { closer, queue } = this.#conversation;
    return closer === undefined && queue.end === undefined ? OPEN : CLOSING;
  }

  get protocol(): string {
    return this.#ws.protocol;
  }

  get url(): string {
    return this.#run.request.url.href;
  }

  get bufferedAmount(): number {
    return this.#ws.bufferedBytes + this.#conversation.waitingWrites.bytes;
  }

  get isPaused(): boolean {
    return this.#isPaused;
  }

  send(
    data: WsSendable,
    optionsOrCallback?: WsSendOptions | WsSendCallback,
    callback?: WsSendCallback,
  ): void {
    const [options, done] =
      typeof optionsOrCallback === 'function' ? [{}, optionsOrCallback] : [optionsOrCallback ?? {}, callback];
    if (options.fin === false) throw badArgument('send()', 'fin to be true: a whole message', false);
    const message = messageOf(data, options.binary);
    const bytes = bytesOf(message) + UNSENT_OVERHEAD_BYTES;
    this.#unsentBytes += bytes;
    const written = this.#ws.write(message, { compress: options.compress ?? true });
    void this.#callBack((error) => {
      this.#unsentBytes -= bytes;
      this.#wake();
      done?.(error);
    }, written);
  }

  close(code: number = 1000, reason: string | Uint8Array = ''): void {
    const text = typeof reason === 'string' ? reason : Buffer.from(reason).toString();
    checkClose('close()', code, text);
    this.#conversation.close(code, text, 'local');
  }

  terminate(): void {
    this.#ws.terminate();
  }

  ping(data?: unknown, mask?: unknown, callback?: unknown): void {
    this.#control('ping', [data, mask, callback]);
  }

  pong(data?: unknown, mask?: unknown, callback?: unknown): void {
    this.#control('pong', [data, mask, callback]);
  }

  pause(): void {
    this.#isPaused = true;
  }

  resume(): void {
    this.#isPaused = false;
    this.#wake();
  }

  override on(event: string | symbol, listener: AnyListener): this {
    super.on(event, listener);
    return this.#listened(event);
  }

  override addListener(event: string | symbol, listener: AnyListener): this {
    return this.on(event, listener);
  }

  override prependListener(event: string | symbol, listener: AnyListener): this {
    super.prependListener(event, listener);
    return this.#listened(event);
  }

  /** As where the handler fails. Callbacks of `send` count as listeners. */
  protected listenerOnError(error: unknown): void {
    this.#run.fail(error, 'asWs');
  }

  get #conversation(): Conversation {
    return this.#run.conversation;
  }

  /** There is a listener more: messages, pings and pongs may have waited for it. */
  #listened(event: string | symbol): this {
    this.#wake();
    if ((event === 'ping' || event === 'pong') && !this.#watchesControls) {
      this.#watchesControls = true;
      this.#conversation.transport.watchControls?.((kind, data) => this.#emit(kind, bufferOf(data)));
    }
    return this;
  }

  #control(kind: 'ping' | 'pong', values: readonly unknown[]): void {
    const callback = values.find((value) => typeof value === 'function') as WsSendCallback | undefined;
    const [data] = values;
    const given = data === undefined || data === null || typeof data === 'function' ? '' : data;
    const bytes = Buffer.from(messageOf(given as WsSendable, true) as Uint8Array);
    if (bytes.length > MAX_CONTROL_BYTES)
      throw badArgument(`${kind}()`, `at most ${MAX_CONTROL_BYTES} bytes`, bytes.length);
    const isSent = this.#conversation.transport[kind](bytes);
    const sent = Promise.resolve<WriteStatus>(isSent ? 'ok' : 'closed');
    if (callback !== undefined) void this.#callBack(callback, sent);
  }

  /** Calls back in a later microtask. */
  async #callBack(callback: WsSendCallback, sent: Promise<WriteStatus>): Promise<void> {
    try {
      callback((await sent) === 'ok' ? undefined : new Error(NOT_SENT));
    } catch (error) {
      this.listenerOnError(error);
    }
  }

  /** Whether messages may be emitted; at the end also while paused, as there is no later. */
  get #isWanted(): boolean {
    if (this.listenerCount('message') === 0) return false;
    const mayWait = this.#conversation.queue.end === undefined;
    return !mayWait || (!this.#isPaused && this.#unsentBytes <= MOST_UNSENT_BYTES);
  }

  /**
   * Emits all messages, and then the end. Between the look for a listener and `emit` nothing is
   * awaited: the listener may leave.
   */
  async #emitAll(): Promise<void> {
    const { budget, spender } = this.#conversation.reader.scheduling;
    while (this.#mayEmit) {
      if (!this.#isWanted || !this.#reader.port.ready()) await this.#untilWoken();
      else if (!this.#emitNext()) break;
      else if (budget.spend(spender)) await budget.okLater(spender);
    }
    this.#emitEnd(await this.#conversation.closed);
  }

  /** At the end messages without a listener have no later. */
  get #mayEmit(): boolean {
    return this.#isWanted || this.#conversation.queue.end === undefined;
  }

  /** Resolves when messages, listeners, the pause or the end have changed. */
  #untilWoken(): Promise<void> {
    return new Promise((resolve) => {
      this.#wake = resolve;
    });
  }

  /** @returns False where the end has come. */
  #emitNext(): boolean {
    const [data, status] = this.#reader.port.take();
    if (status !== 'ok') return false;
    if (typeof data === 'string') this.#emit('message', Buffer.from(data), false);
    else this.#emit('message', inForm(this.binaryType, data), true);
    return true;
  }

  #emitEnd({ by, cause, clean, code, reason }: CloseInfo): void {
    this.#isClosed = true;
    const isFault = by === 'protocol' || by === 'limit';
    if (isFault && this.listenerCount('error') > 0) this.#emit('error', cause);
    this.#emit('close', code, Buffer.from(reason), clean);
  }

  #emit(event: string, ...values: readonly unknown[]): void {
    try {
      this.emit(event, ...values);
    } catch (error) {
      this.listenerOnError(error);
    }
  }
}

/** @param binary - Default: whether it is no text. */
function messageOf(data: WsSendable, binary?: boolean): Data {
  const message = typeof data === 'number' ? String(data) : data;
  if (typeof message === 'string') return binary === true ? Buffer.from(message) : message;
  const bytes = bytesIn(message);
  return binary === false ? bufferOf(bytes).toString() : bytes;
}

function bytesIn(data: unknown): Uint8Array {
  if (ArrayBuffer.isView(data)) return new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
  if (data instanceof ArrayBuffer || data instanceof SharedArrayBuffer) return new Uint8Array(data);
  throw badArgument('send()', 'a string, a Buffer, an ArrayBuffer or a view on one', data);
}

function bufferOf({ buffer, byteOffset, byteLength }: Uint8Array): Buffer {
  return Buffer.from(buffer, byteOffset, byteLength);
}

function inForm(form: WsBinaryType, bytes: Uint8Array): Exclude<WsData, string> {
  if (form === 'arraybuffer') return new Uint8Array(bytes).buffer;
  const buffer = bufferOf(bytes);
  return form === 'fragments' ? [buffer] : buffer;
}
