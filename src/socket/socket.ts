// `Socket`: what a server handler, a client and a test all hold for their end of a conversation.
// Types only: message-socket.ts implements it. The members that only a handler has are declared in
// server/host.ts, those of a client in client-socket.ts.

import type { ReadJsonOptions } from './json-message.ts';
import type { CloseInfo } from '../core/close-info.ts';
import type { Data } from '../core/data.ts';
import type { ReadResult, WriteStatus } from '../core/status.ts';
import type { WaitOptions } from '../core/wait-options.ts';

export interface ReadOptions extends WaitOptions {
  /** Most to return: UTF-16 code units of text, bytes of binary. Integer ≥ 1. Default 32 656. */
  readonly len?: number;
}

export interface WriteOptions extends WaitOptions {
  /** Whether to compress the message, where compression was agreed on. Default true. */
  readonly compress?: boolean;
}

/**
 * One end of a conversation: what server handlers, clients and tests all hold.
 *
 * Reads and writes never wait for each other. A call that is not awaited never becomes an
 * unhandled rejection.
 */
export interface Socket extends AsyncIterable<Data> {
  /** The subprotocol that was agreed on, or ''. */
  readonly protocol: string;
  /** Aborts at the end of the conversation, with an AbortError that carries `closeInfo`. */
  readonly signal: AbortSignal;
  /** How the conversation ended; undefined before its end. */
  readonly closeInfo: CloseInfo | undefined;
  /**
   * Resolves at the end of the conversation. Never rejects.
   *
   * A handler that has asked for it hears of the client's close as soon as that has come. Any other
   * handler first answers the messages before it (`write`).
   */
  readonly closed: Promise<CloseInfo>;
  /** Whether the last `read` reached the end of its message. True before the first read. */
  readonly atEnd: boolean;
  /**
   * true: every read gives bytes (text as UTF-8), and strings are written as binary messages.
   * Default false: text is read and written as strings.
   */
  binaryData: boolean;
  /** Messages, and their bytes, that were received and not yet read. */
  readonly queued: { readonly messages: number; readonly bytes: number };
  /**
   * Bytes that writes have accepted and the operating system has not yet taken. A write that still
   * waits does not count.
   */
  readonly bufferedBytes: number;

  /**
   * The received messages as a Web Stream; made on first use.
   *
   * Takes a message only when the stream is pulled, so the peer is held back as by `read`. On a
   * dedicated socket another read at the same time is a UsageError.
   *
   * After all received messages the stream closes at a clean end, and errors with
   * ConnectionLostError at any other end. (A Node stream over it drops messages that it has read
   * ahead when it errors.)
   *
   * Cancelling the stream closes the socket: with 1000 without a reason, with the reason's
   * `closeCode` if it has one, and with 1011 for any other reason. `break` in a `for await` over
   * the stream cancels it. `preventCancel` leaves the socket open.
   *
   * Invariants: I1, I5.
   */
  readonly readable: ReadableStream<Data>;

  /**
   * A Web Stream that sends each chunk as one message; made on first use.
   *
   * A chunk waits for room as a `write` does. Closing the stream closes the socket with 1000 after
   * all chunks, and resolves at a clean end. Aborting the stream drops the chunks that wait, and
   * closes the socket with a code as in `readable`. `preventClose` and `preventAbort` leave the
   * socket open.
   *
   * The stream errors with ConnectionLostError at an end that is not clean. After a clean end a
   * write to the stream errors with the reason of `signal`. A pipe whose source is silent notices
   * the end only at its next chunk: pass `ws.signal` to it.
   *
   * The promises of a stream are the platform's: one that is not awaited may become an unhandled
   * rejection.
   *
   * Invariants: I4, I9.
   */
  readonly writable: WritableStream<Data>;

  /**
   * Reads at most `len` of the oldest message.
   *
   * Waits until there is a message, the conversation is over, or the time is up. Only a read that
   * returns `ok` takes anything. What exceeds `len` stays for the next read; `atEnd` tells whether
   * the message was read to its end.
   *
   * @param len - Most to return: UTF-16 code units of text, bytes of binary. Integer ≥ 1. Default
   *   32 656; when the default cuts a message, one warning of the process (`COROSOCK_CUT`) says so.
   *   A surrogate pair is never split: with `len` 1 it comes whole.
   * @param timeoutMs - Longest wait in milliseconds, ≥ 0; 0 takes only what is there, `Infinity`
   *   sets no timer. Default 86 400 000, one day.
   * @returns `[data, 'ok']`, `[undefined, 'timeout']` or `[undefined, 'closed']`. `closed` comes
   *   after all received messages, and then every time. The caller may change the bytes.
   * @throws UsageError `COROSOCK_ARGUMENT`; `COROSOCK_CONCURRENT_READ` while another read waits (on
   *   a shared socket reads wait in line instead); `COROSOCK_READ_AFTER_CLOSE` at the hundredth
   *   `closed` in a row. With options: the reason of `signal` when it aborts.
   *
   * Invariants: I1, I3.
   */
  read(len?: number, timeoutMs?: number): Promise<ReadResult>;
  /**
   * Reads at most `len` of the oldest message. As above, with options.
   *
   * @param options - `len`, `timeoutMs`: as above. `signal`: aborting rejects with its reason, and
   *   takes nothing.
   */
  read(options: ReadOptions): Promise<ReadResult>;

  /**
   * Reads the whole oldest message, or the rest of it that `read` has left.
   *
   * @param timeoutMs - Longest wait in milliseconds, ≥ 0; 0 takes only what is there, `Infinity`
   *   sets no timer. Default 86 400 000, one day.
   * @returns As `read`.
   * @throws As `read`.
   *
   * Invariants: I1, I3.
   */
  readMessage(timeoutMs?: number): Promise<ReadResult>;
  /**
   * Reads the whole oldest message, or the rest of it that `read` has left. As above, with options.
   *
   * @param options - `timeoutMs`: as above. `signal`: aborting rejects with its reason, and takes
   *   nothing.
   */
  readMessage(options: WaitOptions): Promise<ReadResult>;

  /**
   * Reads the text of the whole oldest message, or of the rest of it that `read` has left.
   *
   * Takes the message in any case: also a binary one. With `binaryData` it decodes bytes as UTF-8.
   *
   * @param timeoutMs - As in `readMessage`.
   * @returns `[text, 'ok']`, else as `read`.
   * @throws MessageError `COROSOCK_NOT_TEXT` for a binary message; with `binaryData` for bytes that
   *   are not UTF-8. A socket closes with 1003 when its handler does not catch it. As `read`.
   *
   * Invariants: I1, I3.
   */
  readText(timeoutMs?: number): Promise<ReadResult<string>>;
  /**
   * Reads the text of the whole oldest message, or of the rest that `read` has left. As above, with
   * options.
   *
   * @param options - As in `readMessage`.
   */
  readText(options: WaitOptions): Promise<ReadResult<string>>;

  /**
   * Reads the whole oldest message, or the rest of it that `read` has left, and parses it as JSON.
   *
   * Takes the message in any case: also one that is not JSON, or that the schema refuses. With
   * `binaryData` it parses bytes as UTF-8. Depth and size of the value are bounded by
   * `maxMessageBytes` alone; what the schema does with the value is up to the schema.
   *
   * @param options - `timeoutMs`, `signal`: as in `read`; they bound the wait for the message, and
   *   do not end a schema that is still validating. `schema`: a Standard Schema (zod, valibot,
   *   arktype …), synchronous or asynchronous; its output is the value.
   * @returns `[value, 'ok']`, else as `read`.
   * @throws MessageError, with the close code that it closes the socket with when a handler does
   *   not catch it: `COROSOCK_NOT_TEXT` (1003) for a binary message, `COROSOCK_NOT_JSON` (1007),
   *   `COROSOCK_INVALID` (1008) with the `issues` of the schema. A RangeError of the schema is
   *   `COROSOCK_INVALID`, too: the value is too deep for a recursive schema. Any other error of the
   *   schema. UsageError `COROSOCK_ARGUMENT` for a `schema` that is none; this takes nothing. As
   *   `read`.
   *
   * Invariants: I1, I3.
   */
  readJson<T = unknown>(options?: ReadJsonOptions<T>): Promise<ReadResult<T>>;
  /**
   * Reads the whole oldest message as JSON. As above, with the time alone.
   *
   * @param timeoutMs - As in `readMessage`.
   */
  readJson<T = unknown>(timeoutMs: number): Promise<ReadResult<T>>;

  /**
   * Iterates over whole messages until the end of the conversation.
   *
   * `break` leaves the socket open, and loses no message.
   *
   * @throws ConnectionLostError when the end was not clean.
   */
  [Symbol.asyncIterator](): AsyncIterableIterator<Data>;

  /**
   * Writes one message.
   *
   * Messages leave in the order of the calls, also those of calls that wait. Text with a lone
   * surrogate is sent with U+FFFD in its place. Bytes are not copied: do not change them before
   * `bufferedBytes` is 0.
   *
   * An iterable or async iterable is sent as the fragments of one message. Each part is sent as
   * soon as it comes; the next one is asked for when there is room. The first part decides between
   * text and binary. An iterable without parts is an empty message. The halves of a surrogate pair
   * are sent together. Other writes wait until the last part is sent, so the iterable must not
   * await a write of the same socket. A peer may limit the number of fragments (`ws`: 16 384).
   *
   * @param options - `timeoutMs`: longest wait for room in milliseconds, ≥ 0; for an iterable,
   *   until its last part is sent. Default: waits for as long as the peer takes data at all.
   *   `signal`: aborting rejects with its reason, and the message is certainly not sent.
   *   `compress`: whether to compress the message, where that was agreed on; default true.
   * @returns `ok`: accepted, below the high-water mark; awaiting it is the back-pressure. It does
   *   not tell whether the peer has received the message. `timeout`: certainly not sent. `closed`:
   *   the conversation is over or ending; a message in flight may or may not arrive. A handler that
   *   has a message in hand when its client closes still gets `ok`, for `closeTimeoutMs`.
   * @throws UsageError `COROSOCK_ARGUMENT`, also for a part that is not data or is of another kind
   *   than the first part. The reason of `signal` when it aborts. The error of the iterable. Once
   *   the first part is sent, each of these, and a time-out (which gives `closed` then), ends the
   *   conversation with 1011, because the message cannot be finished. Before that, nothing is sent
   *   and the conversation goes on. The iterable's `return` is called if it was started and has not
   *   ended.
   *
   * Invariants: I4, I9.
   */
  write(data: Data | AsyncIterable<Data> | Iterable<Data>, options?: WriteOptions): Promise<WriteStatus>;

  /**
   * Writes a value as one message of JSON.
   *
   * @param options - As in `write`.
   * @returns As `write`.
   * @throws UsageError `COROSOCK_ARGUMENT` for a value that JSON cannot hold: undefined, a
   *   function, a symbol, a BigInt, a cycle, and what JSON makes `{}` of: a promise, a Map, a Set,
   *   an Error and the like. Nothing is sent. As `write`.
   */
  writeJson(value: unknown, options?: WriteOptions): Promise<WriteStatus>;

  /** Drops the link at once, without a closing handshake: the end has code 1006. */
  terminate(): void;
}
