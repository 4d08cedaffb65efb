// The words that a handler, a client and a test all have for their end of a
// conversation. Types only; message-socket.ts is what they hold.

import type { ReadJsonOptions } from './json-message.ts';
import type { CloseInfo } from '../core/close-info.ts';
import type { Data } from '../core/data.ts';
import type { ReadResult, WriteStatus } from '../core/status.ts';
import type { WaitOptions } from '../core/wait-options.ts';

export interface ReadOptions extends WaitOptions {
  /** Integer ≥ 1. Default 32 656. */
  readonly len?: number;
}

export interface WriteOptions extends WaitOptions {
  /** Whether to compress, where the host's `compression` was agreed on. Default true. */
  readonly compress?: boolean;
}

/**
 * One end of a conversation: what server handlers, clients and tests all hold.
 *
 * Reading and writing never wait for each other. A call that is not awaited
 * never becomes an unhandled rejection.
 */
export interface Socket extends AsyncIterable<Data> {
  /** Negotiated subprotocol, or ''. */
  readonly protocol: string;
  /** Aborts when the conversation is over. Its reason is an AbortError that carries `closeInfo`. */
  readonly signal: AbortSignal;
  /** How it ended; undefined while it lives. */
  readonly closeInfo: CloseInfo | undefined;
  /** Resolves when the conversation is over. Never rejects. */
  readonly closed: Promise<CloseInfo>;
  /** Whether the last `read` reached the end of its message. True before the first. */
  readonly atEnd: boolean;
  /** true: strings are written as binary frames, and every read gives bytes. Default false. */
  binaryData: boolean;
  /** Received and not yet read. */
  readonly queued: { readonly messages: number; readonly bytes: number };
  /** Accepted and not yet taken by the operating system; writes that still wait do not count. */
  readonly bufferedBytes: number;

  /**
   * The messages that are received, as a Web Stream; made on first use.
   *
   * A message is taken when the stream is pulled, never in advance, so that the link is
   * held back as by `read`; on a dedicated socket another read at the same time is a
   * UsageError. It closes with a clean end and errors with ConnectionLostError at any
   * other, after everything that was received; a stream of Node over it then drops what it has
   * taken in advance. Cancelling it (so does `break` in a
   * `for await` over it) closes the socket: with 1000, or with 1011 when there is a
   * reason, or with the reason's `closeCode`; `preventCancel` leaves it open.
   *
   * Invariants: I1, I5.
   */
  readonly readable: ReadableStream<Data>;

  /**
   * What is written to it goes out, a message for each chunk; made on first use.
   *
   * A chunk waits as its `write` does. Closing it closes the socket with 1000 behind
   * what was written, and resolves at a clean end; aborting it gives up what still waits and closes with
   * a code as in `readable`; `preventClose` and `preventAbort` leave it open. It errors with
   * ConnectionLostError when the end is not clean, and with the reason of `signal` when it is written to
   * after a clean one: give `ws.signal` to a pipe whose source may be silent. The promises of a stream are the
   * platform's: of these, one that nobody awaits may become an unhandled rejection.
   *
   * Invariants: I4, I9.
   */
  readonly writable: WritableStream<Data>;

  /**
   * Reads up to `len` of the oldest message.
   *
   * Waits until there is one, the conversation is over, or the time is up. A read
   * that is not `ok` takes nothing. What exceeds `len` stays for the next read;
   * `atEnd` tells whether the message is finished.
   *
   * @param len - Most to return: UTF-16 code units of text, never half a pair (a
   *   pair comes whole when `len` is 1); bytes of binary. Integer ≥ 1. Default
   *   32 656; when that cuts a message, one process warning
   *   (`COROSOCK_CUT`) says so.
   * @param timeoutMs - Longest wait in milliseconds, ≥ 0; 0 takes what is there,
   *   `Infinity` sets no timer. Default 86 400 000, one day.
   * @returns `[data, 'ok']`, `[undefined, 'timeout']` or `[undefined, 'closed']`.
   *   `closed` comes after everything that was received, and then for ever. The
   *   bytes are the reader's own.
   * @throws UsageError `COROSOCK_ARGUMENT`; `COROSOCK_CONCURRENT_READ` while another
   *   read waits (those of a shared socket wait in line); `COROSOCK_READ_AFTER_CLOSE` at the hundredth `closed` in a row.
   *   The signal's reason, when it aborts.
   *
   * Invariants: I1, I3.
   */
  read(len?: number, timeoutMs?: number): Promise<ReadResult>;
  read(options: ReadOptions): Promise<ReadResult>;

  /**
   * Reads the oldest message, or what `read` left of it, whole.
   *
   * @param timeoutMs - As in `read`.
   * @returns As `read`.
   * @throws As `read`.
   *
   * Invariants: I1, I3.
   */
  readMessage(timeoutMs?: number): Promise<ReadResult>;
  readMessage(options: WaitOptions): Promise<ReadResult>;

  /**
   * Reads the oldest message, or what `read` left of it, whole, and parses it as JSON.
   *
   * Once it is there it is taken, whatever comes of it: a loop never meets it twice.
   * With `binaryData` bytes in UTF-8 are parsed, too. How deep and how large a value
   * can be is bounded by `maxMessageBytes`; what the schema makes of it is its own affair.
   *
   * @param options - `timeoutMs`, `signal`: as in `read`, for the message; they do not
   *   end a schema that is still validating. `schema`: any Standard Schema (zod,
   *   valibot, arktype …), whose output is read; it may be asynchronous.
   * @returns `[value, 'ok']`, else as `read`.
   * @throws MessageError `COROSOCK_NOT_TEXT` (1003) for a binary message,
   *   `COROSOCK_NOT_JSON` (1007), `COROSOCK_INVALID` (1008) with the schema's `issues`;
   *   uncaught it closes the socket with that code. What the schema throws; a RangeError
   *   of it (a value too deep for a schema that calls itself) is `COROSOCK_INVALID`.
   *   UsageError for what is no schema, which takes nothing. As `read`.
   *
   * Invariants: I1, I3.
   */
  readJson<T = unknown>(options?: ReadJsonOptions<T>): Promise<ReadResult<T>>;

  /**
   * Iterates over whole messages until the close.
   *
   * `break` leaves the socket open, and nothing is lost.
   *
   * @throws ConnectionLostError when the end was not clean.
   */
  [Symbol.asyncIterator](): AsyncIterableIterator<Data>;

  /**
   * Writes one message.
   *
   * Messages leave in the order of the calls, also of calls that wait. Text with a
   * lone surrogate goes out with U+FFFD in its place. Bytes are not copied: leave
   * them as they are until `bufferedBytes` has fallen to 0.
   *
   * An (async) iterable goes out as the fragments of one message: each part as soon
   * as it is there, the next one asked for once there is room. The first part decides
   * between text and binary; no part at all is an empty message. Halves of a surrogate
   * pair go together. Other writes wait until the last part has gone: the iterable must
   * not await one of the same socket. A peer may have a limit of fragments (`ws`: 16 384).
   *
   * @param options - `timeoutMs`: longest wait for room, of an iterable for its last
   *   part, ≥ 0; by default as long as the peer takes anything at all; `signal`: aborting
   *   rejects with its reason, and the message is certainly not sent.
   * @returns `ok` once it is accepted below the high-water mark, so awaiting it is
   *   the back-pressure; it says nothing of the peer. `timeout`: certainly never
   *   sent. `closed`: the conversation is over or ending; of what was in flight
   *   nothing is promised.
   * @throws UsageError `COROSOCK_ARGUMENT`, also for a part that is no data or of
   *   another kind than the first. The signal's reason, when it aborts. What the iterable
   *   throws. Once the first part of an iterable has gone, each of these, and a time-out
   *   (`closed` then), ends the conversation with 1011: the message cannot be finished.
   *   Before, nothing is sent, and it goes on. The iterable's `return` is called when
   *   it was asked and has not ended.
   *
   * Invariants: I4, I9.
   */
  write(data: Data | AsyncIterable<Data> | Iterable<Data>, options?: WriteOptions): Promise<WriteStatus>;

  /**
   * Writes a value as one message of JSON.
   *
   * @param options - As in `write`.
   * @returns As `write`.
   * @throws UsageError `COROSOCK_ARGUMENT` for what `JSON.stringify` cannot write:
   *   undefined, functions, cycles, BigInt; nothing is sent. As `write`.
   */
  writeJson(value: unknown, options?: WriteOptions): Promise<WriteStatus>;

  /** Drops the link without a closing handshake (close code 1006). */
  terminate(): void;
}
