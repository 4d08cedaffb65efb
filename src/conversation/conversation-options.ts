// The options that a host and a client have in common: one table of names, defaults and checks.
// server/host-options.ts and client/connect-options.ts add theirs. What the values do stands in
// the files that take them: queue-limits.ts, writer.ts, conversation.ts, heartbeat.ts.

import type { HeartbeatOption } from './heartbeat-option.ts';
import type { Clock } from '../time/clock.ts';
import { realClock } from '../time/real-clock.ts';
import { badArgument, checkClock, checkCount, checkPeriod, checkTimer } from '../core/arguments.ts';
import type { CompressionOptions } from '../core/compression.ts';
import { MAX_MESSAGE_BYTES } from '../core/limits.ts';
import { complete } from '../core/options.ts';
import type { Complete, OptionTable } from '../core/options.ts';
import { isToken } from '../core/token.ts';

export interface ConversationOptions {
  /**
   * Largest message accepted, 1 to 536870888 bytes: so long may a string be. A larger one
   * closes with 1009. Default 1 MiB.
   */
  readonly maxMessageBytes?: number;
  /**
   * Most fragments of one message, 1 to 2³¹−1: each costs memory, also an empty one. A message of
   * more closes with 1008. Default 16 384.
   */
  readonly maxFragments?: number;
  /**
   * Messages received and unread, per socket, 1 to 2³¹−1. A full queue pauses the link, and half
   * a queue resumes it. Default 64.
   */
  readonly queueMessages?: number;
  /**
   * Bytes received and unread, per socket, 1 to 2³¹−1. A full queue pauses the link, and half a
   * queue resumes it. Default 1 MiB.
   */
  readonly queueBytes?: number;
  /** Bytes accepted and not yet taken, 1 to 2³¹−1. Above them `write` waits. Default 64 KiB. */
  readonly writeBufferBytes?: number;
  /**
   * Longest time in which the peer takes none of the bytes that wait for it, 1 to 2³¹−1 ms. Beyond
   * it the socket ends with 1006, `by: 'heartbeat'`, whatever the peer sends, and also with
   * `heartbeat: false`. Default 30 000.
   */
  readonly writeTimeoutMs?: number;
  /**
   * Longest wait for the peer's close frame, 0 to 2³¹−1 ms, and anew while the peer takes bytes
   * that wait for it, except in a shut-down. Beyond it the link is terminated. A handler has as
   * long for its last words to a client that has closed. After the end it has as much time again,
   * and so has `onPostServer`; then they are reported. Default 5 000.
   */
  readonly closeTimeoutMs?: number;
  /**
   * Sends a ping every `intervalMs`, and ends the socket with 1006, `by: 'heartbeat'`, when
   * `timeoutMs` later no sign of life has come: neither a byte of the peer, nor one of ours that
   * waited and was taken. Each is 1 to 2³¹−1 ms; false sends no pings. Default
   * `{ intervalMs: 25_000, timeoutMs: 20_000 }`.
   */
  readonly heartbeat?: HeartbeatOption;
  /** Subprotocols that are spoken, in order of preference. Default none. */
  readonly protocols?: readonly string[];
  /**
   * Compresses messages where the peer can (permessage-deflate): true for the defaults of
   * `CompressionOptions`. Default false.
   */
  readonly compression?: boolean | CompressionOptions;
  /** The source of all timers. Default: the machine's clock. */
  readonly clock?: Clock;
}

/** Options that a browser has not: their table is in wire-options.ts. */
export type WireOptionName = 'maxFragments' | 'heartbeat' | 'compression';
type SharedOptions = Omit<ConversationOptions, WireOptionName>;

/** The options that a host and a client have in common, wherever the client runs. */
export const CONVERSATION_OPTIONS: OptionTable<SharedOptions> = {
  maxMessageBytes: [1_048_576, checkMessageBytes],
  queueMessages: [64, checkCount],
  queueBytes: [1_048_576, checkCount],
  writeBufferBytes: [65_536, checkCount],
  writeTimeoutMs: [30_000, checkPeriod],
  closeTimeoutMs: [5000, checkTimer],
  protocols: [Object.freeze([]), checkProtocols],
  clock: [realClock, checkClock],
};

/** Options checked and filled in. */
export type ConversationChoices = Complete<SharedOptions>;

/**
 * Checks options and fills in the defaults; other names are left out.
 *
 * @param call - Named in errors.
 * @throws UsageError `COROSOCK_ARGUMENT`.
 */
export function conversationChoices(call: string, options: SharedOptions): ConversationChoices {
  const choices = complete(call, options, CONVERSATION_OPTIONS);
  return { ...choices, protocols: Object.freeze([...choices.protocols]) };
}

function checkMessageBytes(call: string, name: string, bytes: unknown): void {
  if (!Number.isInteger(bytes) || (bytes as number) < 1 || (bytes as number) > MAX_MESSAGE_BYTES) {
    throw badArgument(call, `${name} to be an integer from 1 to ${MAX_MESSAGE_BYTES}`, bytes);
  }
}

function checkProtocols(call: string, name: string, protocols: unknown): void {
  // `Array.from` makes a gap undefined, and `every` then looks at it.
  if (!Array.isArray(protocols) || !Array.from<unknown>(protocols).every(isToken)) {
    throw badArgument(call, `${name} to be an array of tokens (RFC 9110 §5.6.2)`, protocols);
  }
}
