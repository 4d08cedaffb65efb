// Where promises are awaited: the innermost function of users, and the functions that were marked.

import { AsyncLocalStorage } from 'node:async_hooks';
import { describe, expect, it, vi } from 'vitest';
import { here, lineOf } from '../fixtures/here.ts';
import { AwaitStacks, placeOfAwait } from '../../src/server/await-stacks.ts';
import type { AwaitStack } from '../../src/server/await-stacks.ts';
import { TaskScope } from '../../src/tasks/task-scope.ts';
import { realClock } from '../../src/time/real-clock.ts';
import { schedulingOf } from '../../src/time/scheduling.ts';
import type { Resolver } from '../../src/core/parked-wait.ts';

/** A promise that stays pending, and what would resolve it. */
function pending(): readonly [promise: Promise<void>, resolver: () => void] {
  let resolver = (): void => {};
  const promise = new Promise<void>((resolve) => void (resolver = resolve));
  return [promise, resolver];
}

function stackOf(resolver: Resolver): AwaitStack | undefined {
  return new AwaitStacks().of([resolver])[0];
}

describe('AwaitStacks', () => {
  it('finds the line of the innermost function that awaits a promise', () => {
    const [promise, resolver] = pending();
    const at = here(1);
    const inner = async (): Promise<void> => await promise;
    const outer = async (): Promise<void> => await inner();
    void outer();
    expect(lineOf(stackOf(resolver)?.at)).toBe(at);
  });

  it('gives file, line and column as Node shows them', () => {
    const [promise, resolver] = pending();
    void (async () => await promise)();
    expect(stackOf(resolver)?.at).toMatch(/await-stacks\.spec\.ts:\d+:\d+$/);
  });

  it('settles nothing, and can be asked again', async () => {
    const [promise, resolver] = pending();
    const seen: string[] = [];
    void promise.then(() => seen.push('settled'));
    const stacks = new AwaitStacks();
    expect(stacks.of([resolver])).toEqual(stacks.of([resolver]));
    await new Promise((resolve) => setImmediate(resolve));
    seen.push('still pending');
    resolver();
    await promise;
    expect(seen).toEqual(['still pending', 'settled']);
  });

  it('finds the innermost function that was marked', () => {
    const [promise, resolver] = pending();
    const inner = async (): Promise<void> => await promise;
    const outer = async (): Promise<void> => await inner();
    AwaitStacks.mark(inner, 'the-inner.1');
    AwaitStacks.mark(outer, 'the-outer.2');
    void outer();
    expect(stackOf(resolver)?.mark).toBe('the-inner.1');
  });

  it('tells many promises apart', () => {
    const [first, second] = [pending(), pending()];
    const follow = async (promise: Promise<void>): Promise<void> => await promise;
    const [one, other] = [async () => await follow(first[0]), async () => await follow(second[0])];
    AwaitStacks.mark(one, 'one');
    AwaitStacks.mark(other, 'other');
    void [one(), other()];
    expect(new AwaitStacks().of([second[1], first[1]]).map(({ mark }) => mark)).toEqual(['other', 'one']);
  });

  it.each<[string, (promise: Promise<void>) => void]>([
    ['no function awaits', () => {}],
    ['two functions await', (promise) => void [1, 2].map(async () => await promise)],
    ['a callback waits for', (promise) => void promise.then(() => {})],
    ['only a function of this package awaits', (promise) => inTask(promise)],
  ])('knows nothing of a promise that %s', (_, wait) => {
    const [promise, resolver] = pending();
    wait(promise);
    expect(stackOf(resolver)).toEqual({ at: undefined, mark: undefined });
  });

  it('knows nothing of a function that is no resolver, and does not call it', () => {
    const called = vi.fn();
    expect(stackOf(called)).toEqual({ at: undefined, mark: undefined });
    expect(called).not.toHaveBeenCalled();
  });

  const forever = new Promise<void>(() => {});

  it('passes over what Promise.all and Promise.race put in between', () => {
    const [promise, resolver] = pending();
    const at = here(2);
    void (async () => {
      await Promise.race([forever, Promise.all([promise, forever])]);
    })();
    expect(lineOf(stackOf(resolver)?.at)).toBe(at);
  });

  it('leaves the AsyncLocalStorage context of its caller as it was', () => {
    const storage = new AsyncLocalStorage<string>();
    const [promise, resolver] = pending();
    void (async () => await promise)();
    expect(storage.run('context', () => [stackOf(resolver)?.mark, storage.getStore()])).toEqual([
      undefined,
      'context',
    ]);
  });

  it.each<[string, (() => unknown) | undefined]>([
    ['is not set', undefined],
    ['gives no text', () => ({ frames: 0 })],
    ['gives text without frames', () => 'an error'],
    ['throws', () => expect.fail('must not come out')],
  ])('finds the file where Error.prepareStackTrace of a logger %s', (_, prepare) => {
    const [promise, resolver] = pending();
    void (async () => await promise)();
    const before = Error.prepareStackTrace;
    Object.assign(Error, { prepareStackTrace: prepare });
    try {
      expect(stackOf(resolver)?.at).toMatch(/await-stacks\.spec\.ts:\d+:\d+$/);
    } finally {
      Error.prepareStackTrace = before;
    }
  });

  it('gives the line of a formatter that maps, and writes no `async`, as vite-node has it', () => {
    const [promise, resolver] = pending();
    const inner = async (): Promise<void> => await promise;
    void (async () => await inner())();
    const shown = [0, 1_000].map((lines) => withFormatter(lines, () => stackOf(resolver)?.at));
    const [own = 0, mapped] = shown.map((at) => Number(at?.split(':')[1]));
    expect(mapped).toBe(own + 1_000);
  });
});

describe('AwaitStacks with source maps', () => {
  it('gives the place of a second stack, which Node maps', () => {
    const [promise, resolver] = pending();
    void (async () => await promise)();
    const before = Error.prepareStackTrace;
    Object.assign(Error, { prepareStackTrace: undefined });
    process.setSourceMapsEnabled(true);
    try {
      expect(stackOf(resolver)?.at).toMatch(/await-stacks\.spec\.ts:\d+:\d+$/);
    } finally {
      process.setSourceMapsEnabled(false);
      Error.prepareStackTrace = before;
    }
  });
});

/** Shows each frame so many lines further down, and without `async`. */
function withFormatter<T>(lines: number, run: () => T): T {
  const before = Error.prepareStackTrace;
  Error.prepareStackTrace = (error, sites) => {
    const places = sites.map((site) => `${site.getFileName()}:${Number(site.getLineNumber()) + lines}:1`);
    return [error.name, ...places.map((place) => `    at inner (${place})`)].join('\n');
  };
  try {
    return run();
  } finally {
    Error.prepareStackTrace = before;
  }
}

/** A function of this package awaits it. */
function inTask(promise: Promise<void>): void {
  const listener = { taskOnError: () => {}, scopeOnIdle: () => {} };
  void new TaskScope(schedulingOf(realClock), listener).spawn(() => promise);
}

describe('placeOfAwait', () => {
  it('gives the line that awaits, and nothing where the runtime cannot follow promises', () => {
    const [promise, resolver] = pending();
    const at = here(1);
    void (async () => await promise)();
    expect(lineOf(placeOfAwait(resolver))).toBe(at);
    const of = vi.spyOn(AwaitStacks.prototype, 'of').mockImplementation(() => expect.fail('no such realm'));
    expect(placeOfAwait(resolver)).toBe(undefined);
    of.mockRestore();
  });
});
