// The options of `requests`: their declaration, and the table of defaults and checks. requests.ts
// completes them.

import type { RequestHandler } from './incoming-requests.ts';
import { badArgument, checkCount, checkFunction, checkMs } from '../core/arguments.ts';
import type { OptionTable } from '../core/options.ts';

export interface RequestsOptions {
  /**
   * The methods that the peer may call: functions by name, called as `handler(params, { signal })`
   * with this object as `this`. Only the object's own members are methods. Default none.
   */
  readonly handlers?: Readonly<Record<string, RequestHandler>>;
  /**
   * Most requests of this end that wait for a reply, 1 to 2³¹−1. Beyond it `request` is a
   * UsageError (`COROSOCK_PENDING_REQUESTS`). Default 1000.
   */
  readonly maxPending?: number;
  /**
   * Most handlers that run at once, 1 to 2³¹−1; as many more may run as requests of this end wait
   * for a reply. Beyond it the socket is not read until one has ended. Default 100.
   */
  readonly maxRunning?: number;
  /** Longest wait for a reply, ≥ 0 ms; `Infinity` sets no timer. Default 30 000. */
  readonly timeoutMs?: number;
}

const NO_HANDLERS: Readonly<Record<string, RequestHandler>> = Object.freeze({});

/** The options of `requests`. */
export const REQUESTS_OPTIONS: OptionTable<RequestsOptions> = {
  handlers: [NO_HANDLERS, checkHandlers],
  maxPending: [1000, checkCount],
  maxRunning: [100, checkCount],
  timeoutMs: [30_000, checkMs],
};

function checkHandlers(call: string, name: string, handlers: unknown): void {
  if (!isPlain(handlers)) {
    const isInstance = typeof handlers === 'object' && handlers !== null && !Array.isArray(handlers);
    const expected = `${name} to be a plain object of functions${isInstance ? ', no instance of a class' : ''}`;
    throw badArgument(call, expected, handlers);
  }
  for (const [method, handler] of Object.entries(handlers)) {
    checkFunction(call, `${name}[${JSON.stringify(method)}]`, handler);
  }
}

/** An instance of a class has its methods on its prototype, where they are not found. */
function isPlain(value: unknown): value is object {
  if (typeof value !== 'object' || value === null) return false;
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === null || Object.getPrototypeOf(prototype) === null;
}
