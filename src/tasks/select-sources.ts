// Reads the sources of one `select` call: the port of each source in the order of the keys, and
// the clock to use. select.ts calls it before it takes from a source, so that a mistake in the
// argument takes nothing.

import { portOfPromise, PromisePort } from './promise-port.ts';
import { SignalPort } from './signal-port.ts';
import { ScheduledPort, schedulingOf } from '../time/scheduling.ts';
import type { ParkedSelects, Scheduling } from '../time/scheduling.ts';
import { realClock } from '../time/real-clock.ts';
import { badArgument } from '../core/arguments.ts';
import { UsageError } from '../core/errors.ts';
import { isObjectLike } from '../core/object-like.ts';
import { source } from '../core/source.ts';
import type { SourcePort } from '../core/source.ts';

/** The sources of one select. */
export interface SelectSources {
  readonly keys: readonly string[];
  /** One for each key. */
  readonly ports: ReadonlyArray<SourcePort<unknown>>;
  /**
   * That of the first source with a clock other than the real one; else that of the last source
   * which has one; else that of the real clock.
   */
  readonly scheduling: Scheduling;
  /** Whether a promise among them may have settled, which is known one microtask later. */
  readonly mayHaveSettled: boolean;
}

/**
 * Finds the port of each source.
 *
 * Observes all promises among them, also when it throws: none becomes an unhandled rejection.
 *
 * @throws UsageError `COROSOCK_ARGUMENT`: no source at all, a value that is not a source, one
 *   source under two keys, `timeout` as a key. The error of a getter that throws.
 */
export function resolveSources(sources: unknown): SelectSources {
  if (typeof sources !== 'object' || sources === null || Array.isArray(sources)) {
    throw badArgument(CALL, 'an object of sources, such as { ws }', sources);
  }
  const keys = Object.keys(sources);
  const values: unknown[] = [];
  const ports: Array<SourcePort<unknown>> = [];
  let scheduling: Scheduling | undefined;
  let mayHaveSettled = false;
  let mistake: Mistake | undefined;
  for (const key of keys) {
    const port = lookUp(sources as Readonly<Record<string, unknown>>, key, values);
    if (port instanceof Mistake) {
      mistake ??= port;
      continue;
    }
    ports.push(port);
    if (port instanceof ScheduledPort && (scheduling === undefined || scheduling.clock === realClock))
      scheduling = port.scheduling ?? scheduling;
    if (port instanceof PromisePort && port.mayHaveSettled) mayHaveSettled = true;
  }
  if (mistake !== undefined) throw mistake.error;
  checkSources(sources, keys, values);
  return { keys, ports, scheduling: scheduling ?? schedulingOf(realClock), mayHaveSettled };
}

/** Finds the first port that is ready. @returns Its index; −1 if none is ready. */
export function firstReady(ports: SelectSources['ports']): number {
  for (let at = 0; at < ports.length; at += 1) {
    if (ports[at]?.ready() === true) return at;
  }
  return -1;
}

/** Finds the selects of the host of the first socket; undefined where none is of a host. */
export function selectsOf(ports: SelectSources['ports']): ParkedSelects | undefined {
  for (const port of ports) {
    const selects = port instanceof ScheduledPort ? port.selects : undefined;
    if (selects !== undefined) return selects;
  }
  return undefined;
}

const CALL = 'select()';

/** The error of one source. It is thrown after all sources have been looked at. */
class Mistake {
  readonly error: unknown;

  constructor(error: unknown) {
    this.error = error;
  }
}

/** Finds the port of one source. A getter that throws is a mistake of that source alone. */
function lookUp(
  sources: Readonly<Record<string, unknown>>,
  key: string,
  values: unknown[],
): SourcePort<unknown> | Mistake {
  try {
    const value = sources[key];
    values.push(value);
    return portOf(value) ?? new Mistake(notSourceError(key, value));
  } catch (error) {
    return new Mistake(error);
  }
}

function portOf(value: unknown): SourcePort<unknown> | undefined {
  if (!isObjectLike(value)) return undefined;
  if (source in value) return isPort(value[source]) ? value[source] : undefined;
  if (value instanceof AbortSignal) return new SignalPort(value);
  return isPromise(value) ? portOfPromise(value) : undefined;
}

function isPort(port: unknown): port is SourcePort<unknown> {
  if (port instanceof ScheduledPort) return true;
  if (!isObjectLike(port)) return false;
  const { ready, take, subscribe } = port as Partial<SourcePort<unknown>>;
  return typeof ready === 'function' && typeof take === 'function' && typeof subscribe === 'function';
}

function isPromise(value: object): value is PromiseLike<unknown> {
  return 'then' in value && typeof value.then === 'function';
}

/**
 * Up to this number of sources it is quicker to compare each with each than to make a Set. With a
 * Set, a select over 4,096 sources takes a fifth of the time (1 ms, not 5).
 */
const FEW = 16;

function checkSources(sources: object, keys: readonly string[], values: readonly unknown[]): void {
  if (keys.length === 0) throw badArgument(CALL, 'at least one source', sources);
  if (keys.includes('timeout')) {
    throw badArgument(CALL, "a key other than 'timeout', which stands for the time-out", 'timeout');
  }
  if (values.length > FEW && new Set(values).size === values.length) return;
  for (let again = 1; again < values.length; again += 1) {
    const first = values.indexOf(values[again]);
    if (first < again) throw duplicateError(keys[first] as string, keys[again] as string);
  }
}

function notSourceError(key: string, got: unknown): UsageError {
  return badArgument(
    CALL,
    `${JSON.stringify(key)} to be a socket, a channel, a signal, a promise or another source`,
    got,
  );
}

function duplicateError(first: string, second: string): UsageError {
  return new UsageError(
    'COROSOCK_ARGUMENT',
    `${CALL}: expected each source once, got one as ${JSON.stringify(first)} and as ${JSON.stringify(second)}`,
  );
}
