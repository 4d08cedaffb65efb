// The rate of one socket: what its peer may send within a time, as token buckets of messages and of
// bytes. inflow.ts counts with it, and holds or closes the socket. The option `rate` is checked
// here, one bucket in core/rate-window.ts.

import { badArgument, checkNames, oneOf } from '../core/arguments.ts';
import { checkRateWindow, FULL_BUCKET, takeTokens, waitForTokens } from '../core/rate-window.ts';
import type { RateWindow } from '../core/rate-window.ts';

/** What one socket may send. */
export interface RateLimit {
  /** Whole messages, also empty ones. Pings and pongs do not count. Default: no limit. */
  readonly messages?: RateWindow;
  /**
   * Bytes of messages, after they are inflated, and of pings and pongs, with six more for each.
   * Default: no limit.
   */
  readonly bytes?: RateWindow;
  /**
   * What happens beyond it: `'pause'` reads nothing of the socket until there is room again,
   * `'close'` closes with 1008. Default `'pause'`.
   */
  readonly over?: 'pause' | 'close';
}

const NAMES: ReadonlySet<string> = new Set(['messages', 'bytes', 'over']);
const checkOver = oneOf('pause', 'close');

/** Stands for a rate that is not given. */
export const NO_RATE: RateLimit = Object.freeze({});

/** Refuses what is no {@link RateLimit}, and one that limits nothing. */
export function checkRate(call: string, name: string, rate: unknown): void {
  if (rate === NO_RATE) return;
  if (typeof rate !== 'object' || rate === null)
    throw badArgument(call, `${name} to be { messages, bytes, over }`, rate);
  checkNames(`${call}, ${name}`, rate, NAMES);
  const { messages, bytes, over = 'pause' } = rate as Record<string, unknown>;
  if (messages === undefined && bytes === undefined)
    throw badArgument(call, `${name} to have messages or bytes`, rate);
  if (messages !== undefined) checkRateWindow(call, `${name}.messages`, messages);
  if (bytes !== undefined) checkRateWindow(call, `${name}.bytes`, bytes);
  checkOver(call, `${name}.over`, over);
}

/** Copies a rate that was checked. @returns undefined for none. */
export function rateOf({ messages, bytes, over = 'pause' }: RateLimit): RateLimit | undefined {
  if (messages === undefined && bytes === undefined) return undefined;
  return Object.freeze({
    ...(messages && { messages: { ...messages } }),
    ...(bytes && { bytes: { ...bytes } }),
    over,
  });
}

/** Counts what one peer sends. */
export class RateMeter {
  readonly #rate: RateLimit;
  /** When each bucket is full again. */
  #messagesFullMs: number = FULL_BUCKET;
  #bytesFullMs: number = FULL_BUCKET;

  constructor(rate: RateLimit) {
    this.#rate = rate;
  }

  /** The time of its longest window. */
  get windowMs(): number {
    const { messages, bytes } = this.#rate;
    return Math.max(messages?.perMs ?? 0, bytes?.perMs ?? 0);
  }

  /** Gives the time until there is room for so much; 0 where there is room. */
  waitFor(messages: number, bytes: number, nowMs: number): number {
    const { messages: perMessage, bytes: perByte } = this.#rate;
    return Math.max(
      perMessage === undefined ? 0 : waitForTokens(perMessage, this.#messagesFullMs, nowMs, messages),
      perByte === undefined ? 0 : waitForTokens(perByte, this.#bytesFullMs, nowMs, bytes),
    );
  }

  /** Counts what has come, also beyond the limit: the peer waits longer then. */
  take(messages: number, bytes: number, nowMs: number): void {
    const { messages: perMessage, bytes: perByte } = this.#rate;
    if (perMessage !== undefined)
      this.#messagesFullMs = takeTokens(perMessage, this.#messagesFullMs, nowMs, messages);
    if (perByte !== undefined) this.#bytesFullMs = takeTokens(perByte, this.#bytesFullMs, nowMs, bytes);
  }
}
