// How an awaited operation ended. Values only: who turns an exception into a
// status is the reader and the writer, nobody else.

import type { Data } from './data.ts';

/** How an awaited operation ended. String-valued, so that logs read well. */
export const Status: {
  /** It was done. */
  readonly OK: 'ok';
  /** Nothing within the time given. Nothing was taken, nothing is lost: call again. */
  readonly Timeout: 'timeout';
  /** The conversation is over; `closeInfo` says why. Sticky: it comes after everything that was received, and then for ever. */
  readonly Closed: 'closed';
  /** `openServer` only: no live socket has this id. */
  readonly NotFound: 'not-found';
  /** `openServer` only: the socket lives, but is dedicated to its handler. */
  readonly NotShared: 'not-shared';
} = Object.freeze({
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

/** What a write gives: accepted, certainly never sent, or the conversation is over. */
export type WriteStatus = 'ok' | 'timeout' | 'closed';

/** The two results without data, made once. */
export const TIMED_OUT: ReadResult<never> = Object.freeze([undefined, 'timeout'] as const);
export const CLOSED: ReadResult<never> = Object.freeze([undefined, 'closed'] as const);
