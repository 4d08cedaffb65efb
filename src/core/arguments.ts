// The checks of what callers pass in, for calls and options alike. Each throws a UsageError that
// says which call it was, what was expected and what came. Tables of options name these checks
// (options.ts); a check of one option alone stands beside that option.

import { bytesOf } from './data.ts';
import { UsageError } from './errors.ts';
import { MAX_CLOSE_REASON_BYTES, MAX_INTEGER, MAX_TIMER_MS } from './limits.ts';
import { nearName } from '#platform';
import type { Check } from './options.ts';

/** Refuses a `len` that is no integer ≥ 1. */
export function checkLength(call: string, len: unknown): void {
  if (!Number.isInteger(len) || (len as number) < 1) {
    throw badArgument(call, 'len to be an integer ≥ 1', len);
  }
}

/** Refuses a time that is no number ≥ 0; `Infinity` is one. */
export function checkMs(call: string, name: string, ms: unknown): void {
  if (typeof ms !== 'number' || !(ms >= 0)) {
    throw badArgument(call, `${name} to be a number of milliseconds ≥ 0`, ms);
  }
}

/** Refuses a time for which one timer cannot run: from 0 to {@link MAX_TIMER_MS}. */
export function checkTimer(call: string, name: string, ms: unknown): void {
  if (typeof ms !== 'number' || !(ms >= 0 && ms <= MAX_TIMER_MS)) {
    throw badArgument(call, `${name} to be a number of milliseconds from 0 to ${MAX_TIMER_MS}`, ms);
  }
}

/** Refuses a period for which one timer cannot run, and 0: from 1 to {@link MAX_TIMER_MS}. */
export function checkPeriod(call: string, name: string, ms: unknown): void {
  if (typeof ms !== 'number' || !(ms >= 1 && ms <= MAX_TIMER_MS)) {
    throw badArgument(call, `${name} to be a number of milliseconds from 1 to ${MAX_TIMER_MS}`, ms);
  }
}

/** Refuses a time below 1 ms that may be longer than a timer; `Infinity` is one. */
export function checkDuration(call: string, name: string, ms: unknown): void {
  if (typeof ms !== 'number' || !(ms >= 1)) {
    throw badArgument(call, `${name} to be a number of milliseconds ≥ 1`, ms);
  }
}

/**
 * Refuses a count or size that is no integer from 1 to {@link MAX_INTEGER}. There is no spelling
 * for "no limit".
 */
export function checkCount(call: string, name: string, count: unknown): void {
  if (!Number.isInteger(count) || (count as number) < 1 || (count as number) > MAX_INTEGER) {
    throw badArgument(call, `${name} to be an integer from 1 to ${MAX_INTEGER}`, count);
  }
}

/** Refuses a count that is neither an integer from 1 to {@link MAX_INTEGER} nor Infinity. */
export function checkCountOrInfinity(call: string, name: string, count: unknown): void {
  if (count === Infinity) return;
  if (!Number.isInteger(count) || (count as number) < 1 || (count as number) > MAX_INTEGER) {
    throw badArgument(call, `${name} to be an integer from 1 to ${MAX_INTEGER}, or Infinity`, count);
  }
}

/** Refuses what is neither true nor false. */
export function checkBoolean(call: string, name: string, value: unknown): void {
  if (typeof value !== 'boolean') throw badArgument(call, `${name} to be true or false`, value);
}

/** Refuses what is no function. */
export function checkFunction(call: string, name: string, value: unknown): void {
  if (typeof value !== 'function') throw badArgument(call, `${name} to be a function`, value);
}

/** Refuses what is no function. Undefined stands for none. */
export function checkHook(call: string, name: string, hook: unknown): void {
  if (hook !== undefined) checkFunction(call, name, hook);
}

/** Makes a check that refuses all but some words. @param words - Two or more. */
export function oneOf(...words: readonly string[]): Check {
  const shown = words.map((word) => `'${word}'`);
  const expected = `${shown.slice(0, -1).join(', ')} or ${shown.at(-1)}`;
  return (call, name, value) => {
    if (!words.some((word) => word === value)) throw badArgument(call, `${name} to be ${expected}`, value);
  };
}

/** Refuses what is no AbortSignal. Undefined stands for no signal. */
export function checkSignal(call: string, name: string, signal: unknown): void {
  if (signal !== undefined && !(signal instanceof AbortSignal)) {
    throw badArgument(call, `${name} to be an AbortSignal`, signal);
  }
}

/** Refuses an object that lacks a method of a Clock. Undefined stands for no clock. */
export function checkClock(call: string, name: string, clock: unknown): void {
  if (clock === undefined) return;
  const methods = clock as Readonly<Record<string, unknown>> | null;
  if (!CLOCK_METHODS.every((method) => typeof methods?.[method] === 'function')) {
    throw badArgument(call, `${name} to be a Clock`, clock);
  }
}

const CLOCK_METHODS = ['now', 'setTimeout', 'clearTimeout', 'setImmediate'];

/** Refuses options that are no object. */
export function checkObject(call: string, options: unknown): asserts options is object {
  if (typeof options !== 'object' || options === null)
    throw badArgument(call, 'options to be an object', options);
}

/** Refuses options that are no object, and unknown names: a misspelt limit would be no limit. */
export function checkNames(call: string, options: unknown, known: ReadonlySet<string>): void {
  checkObject(call, options);
  const names = Object.keys(options);
  for (const name of names) {
    if (!known.has(name)) throw unknownOption(call, name, known);
  }
  // A signal in the place of `{ signal }`, an array or a Map has no names: it would be ignored.
  if (names.length > 0 || Object.getPrototypeOf(options) === Object.prototype) return;
  // By its tag: plain options may be of another realm.
  const tag = {}.toString.call(options);
  if (!tag.endsWith(' Object]')) throw badArgument(call, 'options by name, such as { signal }', tag);
}

/** Says first what is wrong, and last all names: a host has more than thirty. */
function unknownOption(call: string, name: string, known: ReadonlySet<string>): UsageError {
  const near = nearName(name, known);
  const cure = near === undefined ? '.' : `; did you mean "${near}"?`;
  const text = `unknown option ${show(name)}${cure} The options are ${[...known].join(', ')}`;
  return new UsageError('COROSOCK_ARGUMENT', `${call}: ${text}`);
}

/**
 * Refuses what cannot go into a close frame.
 *
 * @param code - 1000–1003, 1007–1014 or 3000–4999 (RFC 6455 §7.4): 1004, 1005, 1006 and 1015 are
 *   never sent.
 * @param reason - At most {@link MAX_CLOSE_REASON_BYTES} bytes of UTF-8.
 * @throws UsageError `COROSOCK_CLOSE_CODE`, `COROSOCK_CLOSE_REASON`.
 */
export function checkClose(call: string, code: unknown, reason: unknown): void {
  if (!isSendableCloseCode(code)) {
    throw new UsageError(
      'COROSOCK_CLOSE_CODE',
      `${call}: expected a close code of 1000–1003, 1007–1014 or 3000–4999, got ${show(code)}`,
    );
  }
  if (typeof reason !== 'string' || bytesOf(reason) > MAX_CLOSE_REASON_BYTES) {
    const got = typeof reason === 'string' ? `${bytesOf(reason)} bytes` : typeof reason;
    throw new UsageError(
      'COROSOCK_CLOSE_REASON',
      `${call}: expected a reason of at most ${MAX_CLOSE_REASON_BYTES} bytes of UTF-8, got ${got}`,
    );
  }
}

/** Tells whether a close frame may carry a code and a reason. */
export function isSendableClose(code: number, reason: string): boolean {
  return isSendableCloseCode(code) && bytesOf(reason) <= MAX_CLOSE_REASON_BYTES;
}

/** Tells whether a close frame may carry a code. */
export function isSendableCloseCode(code: unknown): code is number {
  if (typeof code !== 'number' || !Number.isInteger(code)) return false;
  if (code >= 3000) return code <= 4999;
  return (code >= 1000 && code <= 1003) || (code >= 1007 && code <= 1014);
}

/** Refuses an option that is no code for a close frame; see {@link checkClose}. */
export function checkCloseCode(call: string, name: string, code: unknown): void {
  if (!isSendableCloseCode(code)) {
    throw badArgument(call, `${name} to be a close code of 1000–1003, 1007–1014 or 3000–4999`, code);
  }
}

/** Makes the error for an argument that is not what was expected. */
export function badArgument(call: string, expected: string, got: unknown): UsageError {
  return new UsageError('COROSOCK_ARGUMENT', `${call}: expected ${expected}, got ${show(got)}`);
}

/** Names a value in bounded length, without running its code. */
export function show(value: unknown): string {
  if (typeof value === 'string') return JSON.stringify(value.slice(0, 60));
  if (typeof value === 'object' && value !== null) return Array.isArray(value) ? 'an array' : 'an object';
  return typeof value === 'function' ? 'a function' : String(value);
}
