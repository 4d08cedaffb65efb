// Finds the lines at which async functions await given promises, when they are asked for: a read
// that waits keeps no stack, because one costs a fifth of a message. V8 follows a promise to the
// functions that await it for the `async` frames of an error. Here it does so for promises that are
// still pending: docs/internals/decisions/shutting-down.md#where-a-handler-waits.

import { createContext, runInContext, Script } from 'node:vm';
import { placeOf } from '../platform/own-frames.ts';
import { propertyOf } from '../core/object-like.ts';
import { textOf, traceOf } from '../core/stack-trace.ts';
import type { StackTrace } from '../core/stack-trace.ts';
import type { ParkedWait, Resolver } from '../core/parked-wait.ts';

/** Where a promise is awaited. */
export interface AwaitStack {
  /** `file:line:column` of the innermost function that is not ours; undefined where not known. */
  readonly at: string | undefined;
  /** That of the innermost function that {@link AwaitStacks.mark} has marked. */
  readonly mark: string | undefined;
  /** The frame of the outermost function that is not ours, as far as promises were followed. */
  readonly outermost?: string | undefined;
}

/** A frame of a stack, as the engine has it. */
interface Site extends NodeJS.CallSite {
  toString(): string;
}

/** Follows the promise of a resolver: calls back in a job that seems to resolve it. */
type Follow = (resolver: Resolver, onTurn: (asyncSites: () => readonly Site[]) => void) => void;

/**
 * Frames taken of a stack. Those of the caller of `host.waits` come first, and count.
 *
 * @limit Depth of the stack from which `host.waits` finds lines | `at` is undefined
 */
const MOST_FRAMES = 200;

/**
 * Runs in a realm with a microtask queue of its own, which runs inside the call of `of`. An error
 * that is made in a job has, as `async` frames, the functions that await what the job resolves: the
 * promise of the resolver. The job throws, and so resolves nothing. Promises and errors of this
 * realm are those of the engine, whatever the process has frozen, patched or replaced.
 */
const REALM = `'use strict';
Error.stackTraceLimit = ${MOST_FRAMES};
Error.prepareStackTrace = (_, sites) => sites.filter((site) => site.isAsync());
const settled = Promise.resolve();
const ignore = () => {};
const asyncSites = () => {
  const trace = {};
  Error.captureStackTrace(trace, asyncSites);
  return trace.stack;
};
(resolver, onTurn) => {
  settled.then(() => {
    onTurn(asyncSites);
    throw undefined;
  }).then(resolver, ignore);
};`;

const MARK = /^corosock:([\w.-]+) \(/;

/** Finds where promises are awaited. Some 10 to 20 µs each; the realm takes 0.4 MiB. */
export class AwaitStacks {
  static #shared: AwaitStacks | undefined;

  /** That of this process: a realm for each host would cost a millisecond and 0.4 MiB each. */
  static get shared(): AwaitStacks {
    AwaitStacks.#shared ??= new AwaitStacks();
    return AwaitStacks.#shared;
  }

  readonly #context = createContext({}, { microtaskMode: 'afterEvaluate' });
  readonly #follow = runInContext(REALM, this.#context) as Follow;
  /** Does nothing, and then runs all jobs of the realm. */
  readonly #runJobs = new Script('');

  /** Marks an async function: its frames are told from those of others. */
  static mark(run: () => Promise<unknown>, mark: string): void {
    Object.defineProperty(run, 'name', { value: `corosock:${mark}`, configurable: true });
  }

  /**
   * Finds where the calls that wait are awaited. Where no function awaits one, `at` is the line of
   * the call, if that was kept.
   */
  ofWaits(waits: readonly ParkedWait[]): readonly AwaitStack[] {
    const stacks = this.of(waits.map(({ resolver }) => resolver));
    return waits.map(({ trace }, index) => {
      const stack = stacks[index] as AwaitStack;
      return stack.at === undefined ? { ...stack, at: placeIn(trace) } : stack;
    });
  }

  /** Finds where the promise of each resolver is awaited; settles none of them. */
  of(resolvers: readonly Resolver[]): readonly AwaitStack[] {
    const stacks: AwaitStack[] = resolvers.map(() => UNKNOWN);
    for (const [index, resolver] of resolvers.entries()) {
      this.#follow(resolver, (asyncSites) => {
        stacks[index] = stackOf(asyncSites());
      });
    }
    this.#runJobs.runInContext(this.#context);
    return stacks;
  }
}

const UNKNOWN: AwaitStack = Object.freeze({ at: undefined, mark: undefined });

/** Reads the async frames of a stack, the innermost first. */
function stackOf(sites: readonly Site[]): AwaitStack {
  let at: string | undefined;
  let outermost: string | undefined;
  for (const site of sites) {
    const frame = site.toString().replace(/^async /, '');
    const mark = MARK.exec(frame)?.[1];
    if (mark !== undefined) return { at, mark, outermost };
    const place = placeOf(frame);
    if (place === undefined) continue;
    at ??= shownPlaceOf(site) ?? place;
    outermost = frame;
  }
  return at === undefined ? UNKNOWN : { at, mark: undefined, outermost };
}

/** The name of what Node itself has as `Error.prepareStackTrace`. */
const NODES_OWN = 'ErrorPrepareStackTrace';

/**
 * The place of the innermost frame that is not ours, as this process shows it: with source maps
 * where it maps. Undefined where it shows what the engine does. What runners of tests set in place
 * of Node's own need not write `async`, so that it is given this frame alone.
 */
function shownPlaceOf(site: Site): string | undefined {
  const prepare = propertyOf(Error, 'prepareStackTrace');
  if (typeof prepare === 'function' && prepare.name !== NODES_OWN)
    return innermostPlace(preparedText(prepare, site), FRAME);
  // A second stack costs 10 µs.
  return process.sourceMapsEnabled ? innermostPlace(textOf(traceOf(MOST_FRAMES)), ASYNC_FRAME) : undefined;
}

const FRAME = /^ +at (.+)$/gm;
const ASYNC_FRAME = /^ +at async (.+)$/gm;

/** The text that a logger or a runner makes; undefined where it makes none. Never throws. */
function preparedText(prepare: unknown, site: Site): string | undefined {
  return textOf({
    get stack(): unknown {
      return Reflect.apply(prepare as (...args: unknown[]) => unknown, Error, [new Error(), [site]]);
    },
  });
}

function innermostPlace(text = '', frames: RegExp): string | undefined {
  return [...text.matchAll(frames)].map(([, frame]) => placeOf(String(frame))).find(Boolean);
}

/** The place of a call whose stack was taken: of its first frame. */
function placeIn(trace: StackTrace | undefined): string | undefined {
  const frame = textOf(trace)?.split('\n')[1];
  return frame === undefined ? undefined : placeOf(frame);
}

/**
 * Finds where one promise is awaited, for what is looked for once in a process. Never throws: not
 * every runtime can make the realm.
 */
export function placeOfAwait(resolver: Resolver): string | undefined {
  try {
    return AwaitStacks.shared.of([resolver])[0]?.at;
  } catch {
    return undefined;
  }
}
