// How an awaited call ended: the statuses, and the tuples that carry them. Values and types only;
// the reader, the writer, channels and the host give them. docs/reference/statuses.md is made of
// the comments here.

import type { Data } from './data.ts';

/** How an awaited call ended. The values are text, so that logs read well. */
export const Status: {
  /** The call did what it says. */
  readonly OK: 'ok';
  /**
   * The time was over. Nothing was taken, sent or changed, and nothing is lost: the call can be
   * made again.
   */
  readonly Timeout: 'timeout';
  /**
   * The conversation or the channel is over; `ws.closeInfo` says how the conversation ended. It
   * comes after everything that was received, and every later call gives it again.
   */
  readonly Closed: 'closed';
  /** No live socket has this id. */
  readonly NotFound: 'not-found';
  /** The socket with this id lives, but is dedicated to its handler. */
  readonly NotShared: 'not-shared';
} = /* @__PURE__ */ Object.freeze({
  OK: 'ok',
  Timeout: 'timeout',
  Closed: 'closed',
  NotFound: 'not-found',
  NotShared: 'not-shared',
});

/** One of the values of {@link Status}. */
export type Status = (typeof Status)[keyof typeof Status];

/**
 * What a read gives: `const [data, status] = await ws.read()`.
 *
 * One member per status, so that TypeScript narrows `data` after `const`
 * (after `let` it does not).
 */
export type ReadResult<T = Data> =
  | readonly [data: T, status: 'ok']
  | readonly [data: undefined, status: 'timeout']
  | readonly [data: undefined, status: 'closed'];

/**
 * What a write gives: the message was accepted (`ok`), was certainly not sent (`timeout`), or the
 * conversation is over (`closed`).
 */
export type WriteStatus = 'ok' | 'timeout' | 'closed';

/** The two results without data. They are shared, so that they cost nothing. */
export const TIMED_OUT: ReadResult<never> = Object.freeze([undefined, 'timeout'] as const);
export const CLOSED: ReadResult<never> = Object.freeze([undefined, 'closed'] as const);
