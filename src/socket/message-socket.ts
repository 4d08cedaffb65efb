// `Socket` over a conversation: checks the arguments of each call and passes them on to the
// conversation's reader and writer. client-socket.ts and server/hosted-socket.ts extend it with
// the members of a client and of a server's socket.

import { attended, reject } from './attended-call.ts';
import type { Conversation } from '../conversation/conversation.ts';
import { checkReadJson, parseJson, plainText, validate } from './json-message.ts';
import type { ReadJsonOptions } from './json-message.ts';
import { MessageIterator } from './message-iterator.ts';
import { isFragmented, Fragments } from '../conversation/fragments.ts';
import type { Fragmented } from '../conversation/fragments.ts';
import { readableOf, writableOf } from './message-streams.ts';
import { given, pendingRead } from '../conversation/pending-read.ts';
import type { InHand, ReadMethod, ReadView, ReadWait } from '../conversation/pending-read.ts';
import type { ReadOptions, Socket, WriteOptions } from './socket.ts';
import { SocketPort } from './socket-port.ts';
import { unattendedThen } from '../waiting/abortable.ts';
import type { SendOptions } from '../transport/transport.ts';
import { badArgument, checkLength, checkMs, checkNames, checkSignal } from '../core/arguments.ts';
import type { CloseInfo } from '../core/close-info.ts';
import { isData } from '../core/data.ts';
import type { Data } from '../core/data.ts';
import { stringifyJson } from '../core/json-text.ts';
import { isObjectLike } from '../core/object-like.ts';
import { DEFAULT_READ_TIMEOUT_MS } from '../core/parked-wait.ts';
import { source } from '../core/source.ts';
import type { SourcePort } from '../core/source.ts';
import type { ReadResult, WriteStatus } from '../core/status.ts';
import { checkWait, waitOf } from '../core/wait-options.ts';
import type { WaitOptions } from '../core/wait-options.ts';

const READ_OPTIONS: ReadonlySet<string> = new Set(['len', 'timeoutMs', 'signal']);
const WRITE_OPTIONS: ReadonlySet<string> = new Set(['timeoutMs', 'signal', 'compress']);

/** Without `binaryData`: strings are sent as text. Both compress where that was agreed on. */
const TYPED: SendOptions = Object.freeze({ binary: false, compress: true });
const BINARY: SendOptions = Object.freeze({ binary: true, compress: true });

/** A {@link Socket} over one conversation. */
export class MessageSocket implements Socket {
  static {
    // For `select`. Not written as an accessor: isolated declarations cannot name its key (TS9038).
    Object.defineProperty(MessageSocket.prototype, source, {
      configurable: true,
      get(this: MessageSocket): SourcePort<ReadResult> {
        return this.#port;
      },
    });
  }

  /** Whether its holder may still answer a message that it has read, or will read. */
  static hasInHand(ws: MessageSocket): boolean {
    const inHand = ws.#view?.inHand;
    if (inHand === undefined) return false;
    return inHand === 'message' || ws.#conversation.queue.readable > 0;
  }

  static isOne(value: unknown): value is MessageSocket {
    return isObjectLike(value) && #conversation in value;
  }

  /** For rooms that work with the conversation of a socket: `client/`, `requests/`. */
  static conversationOf(ws: MessageSocket): Conversation {
    return ws.#conversation;
  }

  /** Says whether a call that reads the socket alone has a message in hand. */
  static setInHand(ws: MessageSocket, inHand: InHand): void {
    ws.#ownView().inHand = inHand;
    if (inHand === 'nothing') ws.#conversation.lookForLastWords();
  }

  readonly #conversation: Conversation;
  /** Made by the first read, or when `binaryData` is set. */
  #view: ReadView | undefined;
  #readable: ReadableStream<Data> | undefined;
  #writable: WritableStream<Data> | undefined;

  constructor(conversation: Conversation) {
    this.#conversation = conversation;
  }

  get protocol(): string {
    return this.#conversation.transport.protocol;
  }

  get signal(): AbortSignal {
    return this.#conversation.over.signal;
  }

  get closeInfo(): CloseInfo | undefined {
    return this.#conversation.queue.end;
  }

  get closed(): Promise<CloseInfo> {
    return this.#conversation.closed;
  }

  get atEnd(): boolean {
    return this.#view?.atEnd ?? true;
  }

  get binaryData(): boolean {
    return this.#view?.binaryData ?? false;
  }

  set binaryData(binary: boolean) {
    if (typeof binary !== 'boolean') throw badArgument('ws.binaryData', 'true or false', binary);
    this.#ownView().binaryData = binary;
    if (this.#conversation.writes) this.#conversation.writer.sendBinary(binary);
  }

  get queued(): { readonly messages: number; readonly bytes: number } {
    const { messages, bytes } = this.#conversation.queue;
    return { messages, bytes };
  }

  get bufferedBytes(): number {
    return this.#conversation.transport.bufferedBytes;
  }

  get readable(): ReadableStream<Data> {
    this.#readable ??= readableOf(this.#conversation, this.#ownView());
    return this.#readable;
  }

  get writable(): WritableStream<Data> {
    this.#writable ??= writableOf(this.#conversation, this);
    return this.#writable;
  }

  read(
    lenOrOptions?: number | ReadOptions,
    timeoutMs: number = DEFAULT_READ_TIMEOUT_MS,
  ): Promise<ReadResult> {
    try {
      if (typeof lenOrOptions === 'object') return this.#readBy(lenOrOptions);
      return this.#read(lenOrOptions, { timeoutMs, signal: undefined });
    } catch (error) {
      return reject(this.#conversation, error);
    }
  }

  readMessage(timeoutMsOrOptions: number | WaitOptions = DEFAULT_READ_TIMEOUT_MS): Promise<ReadResult> {
    try {
      const wait = waitOfRead('ws.readMessage()', timeoutMsOrOptions);
      return this.#takeOrRead(Infinity, wait, READ_MESSAGE);
    } catch (error) {
      return reject(this.#conversation, error);
    }
  }

  readText(timeoutMsOrOptions: number | WaitOptions = {}): Promise<ReadResult<string>> {
    try {
      const view = this.#ownView();
      const wait = waitOfRead('ws.readText()', timeoutMsOrOptions);
      const read = pendingRead(view, Infinity, wait, READ_TEXT);
      const answer = this.#conversation.reader.read(read);
      const toText = ([message, status]: ReadResult): ReadResult<string> =>
        status === 'ok' ? [plainText(message, textForm(view)), 'ok'] : [message, status];
      return given(read, unattendedThen(answer, toText));
    } catch (error) {
      return reject(this.#conversation, error);
    }
  }

  readJson<T = unknown>(timeoutMsOrOptions: number | ReadJsonOptions<T> = {}): Promise<ReadResult<T>> {
    try {
      const options = waitOf('ws.readJson()', timeoutMsOrOptions);
      checkReadJson('ws.readJson()', options);
      return this.#readJson(options);
    } catch (error) {
      return reject(this.#conversation, error);
    }
  }

  [Symbol.asyncIterator](): AsyncIterableIterator<Data> {
    return new MessageIterator(this.#conversation, this.#ownView());
  }

  write(data: Data | Fragmented, options?: WriteOptions): Promise<WriteStatus> {
    try {
      return isData(data) ? this.#write('ws.write()', data, options) : this.#writeFragments(data, options);
    } catch (error) {
      return reject(this.#conversation, error);
    }
  }

  writeJson(value: unknown, options?: WriteOptions): Promise<WriteStatus> {
    try {
      return this.#write('ws.writeJson()', stringifyJson('ws.writeJson()', value), options);
    } catch (error) {
      return reject(this.#conversation, error);
    }
  }

  terminate(): void {
    this.#conversation.terminate();
  }

  #readBy(options: ReadOptions): Promise<ReadResult> {
    checkNames('ws.read()', options, READ_OPTIONS);
    const { len, timeoutMs = DEFAULT_READ_TIMEOUT_MS, signal } = options;
    checkSignal('ws.read()', 'signal', signal);
    return this.#read(len, { timeoutMs, signal });
  }

  #read(len: number | undefined, wait: ReadWait): Promise<ReadResult> {
    if (len !== undefined) checkLength('ws.read()', len);
    checkMs('ws.read()', 'timeoutMs', wait.timeoutMs);
    return this.#takeOrRead(len, wait, READ);
  }

  #takeOrRead(len: number | undefined, wait: ReadWait, method: ReadMethod): Promise<ReadResult> {
    const { reader } = this.#conversation;
    const view = this.#ownView();
    const data = wait.signal === undefined ? reader.takeAtOnce(view, len) : undefined;
    if (data !== undefined) return Promise.resolve<ReadResult>([data, 'ok']);
    return reader.read(pendingRead(view, len, wait, method));
  }

  #readJson<T>({
    timeoutMs = DEFAULT_READ_TIMEOUT_MS,
    signal,
    schema,
  }: ReadJsonOptions<T>): Promise<ReadResult<T>> {
    const view = this.#ownView();
    const read = pendingRead(view, Infinity, { timeoutMs, signal }, READ_JSON);
    const answer = this.#conversation.reader.read(read);
    const toValue = ([message, status]: ReadResult): ReadResult<T> | Promise<ReadResult<T>> => {
      if (status !== 'ok') return [message, status];
      const value = parseJson(message, textForm(view));
      if (schema === undefined) return [value as T, 'ok'];
      return validate(value, schema).then((valid) => [valid, 'ok']);
    };
    return given(read, unattendedThen(answer, toValue));
  }

  #write(call: string, data: Data, options: WriteOptions | undefined): Promise<WriteStatus> {
    const { writer } = this.#conversation;
    const sending = this.binaryData ? BINARY : TYPED;
    if (options === undefined)
      return writer.write({ data, options: sending, timeoutMs: Infinity, signal: undefined });
    const { timeoutMs = Infinity, signal, compress = true } = checkWriteOptions(call, options);
    return writer.write({ data, options: { ...sending, compress }, timeoutMs, signal });
  }

  #writeFragments(iterable: Fragmented, options: WriteOptions = {}): Promise<WriteStatus> {
    if ((iterable as unknown) instanceof Uint8Array)
      throw badArgument('ws.write()', 'bytes that are no imitation, and were not transferred', iterable);
    if (!isFragmented(iterable))
      throw badArgument('ws.write()', 'a string, a Uint8Array or an iterable of them', iterable);
    const { timeoutMs = Infinity, signal, compress = true } = checkWriteOptions('ws.write()', options);
    const written = this.#conversation.writer.writeFragments({
      fragments: new Fragments(iterable),
      options: { binary: this.binaryData, compress },
      timeoutMs,
      signal,
      onBroken: () => this.#conversation.close(1011, '', 'local'),
    });
    return attended(this.#conversation, written);
  }

  get #port(): SourcePort<ReadResult> {
    const view = this.#ownView();
    view.port ??= new SocketPort(this.#conversation, view);
    return view.port;
  }

  #ownView(): ReadView {
    this.#view ??= { binaryData: false, atEnd: true, closedReads: 0, inHand: undefined };
    return this.#view;
  }
}

// oxlint-disable-next-line typescript/unbound-method -- they mark a stack frame, are never called
const { read: READ, readMessage: READ_MESSAGE, readJson: READ_JSON } = MessageSocket.prototype;
// oxlint-disable-next-line typescript/unbound-method -- as above
const { readText: READ_TEXT } = MessageSocket.prototype;

function waitOfRead(call: string, timeoutMsOrOptions: number | WaitOptions): ReadWait {
  const options = waitOf(call, timeoutMsOrOptions);
  checkWait(call, options);
  const { timeoutMs = DEFAULT_READ_TIMEOUT_MS, signal } = options;
  return { timeoutMs, signal };
}

/** How a binary message is read as text: with `binaryData` all messages are bytes. */
function textForm(view: ReadView): 'refused' | 'text' {
  return view.binaryData ? 'text' : 'refused';
}

function checkWriteOptions(call: string, options: WriteOptions): WriteOptions {
  checkNames(call, options, WRITE_OPTIONS);
  const { timeoutMs = Infinity, signal, compress = true } = options;
  checkMs(call, 'timeoutMs', timeoutMs);
  checkSignal(call, 'signal', signal);
  if (typeof compress !== 'boolean') throw badArgument(call, 'compress to be true or false', compress);
  return options;
}
