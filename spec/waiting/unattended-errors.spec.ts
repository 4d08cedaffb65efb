// Which mistakes are told: those in calls to whose promise nothing reacts, until their owner has
// ended or the promise was collected.

import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { describe, expect, it } from 'vitest';
import { recordCrashes } from '../fixtures/process-events.ts';
import { turn } from '../time/hand-clock.ts';
import { UsageError } from '../../src/core/errors.ts';
import { MOST_MISTAKES, UnattendedErrors } from '../../src/waiting/unattended-errors.ts';

setFlagsFromString('--expose-gc');
const collect = runInNewContext('gc') as () => void;

const clock = { setImmediate: (run: () => void): unknown => setImmediate(run) };

let count = 0;
/** A mistake at a place of its own. */
function mistake(): UsageError {
  const error = new UsageError('COROSOCK_ARGUMENT', 'ws.write(): expected a string, got 5');
  count += 1;
  error.stack = `UsageError: at place ${count}`;
  return error;
}

function made() {
  const owner = {};
  const told: unknown[] = [];
  const errors = new UnattendedErrors<object>((of, error) => told.push(of === owner ? error : 'of another'));
  const call = (error: unknown): Promise<unknown> => errors.attend(owner, Promise.reject(error as Error));
  const end = async (): Promise<void> => {
    await turn();
    errors.end(owner, clock);
    await turn();
    await turn();
  };
  return { owner, told, errors, call, end };
}

describe('UnattendedErrors', () => {
  it('A5: tells of a mistake to whose promise nothing has reacted when its owner ends', async () => {
    using crashes = recordCrashes();
    const { told, call, end } = made();
    const error = mistake();
    void call(error);
    await turn();
    const before = [...told];
    await end();
    expect([before, told, crashes.errors]).toEqual([[], [error], []]);
  });

  it('tells of a mistake whose promise was collected, though its owner goes on', async () => {
    const { told, call } = made();
    const error = mistake();
    void call(error);
    for (let turns = 0; turns < 50 && told.length === 0; turns += 1) {
      await turn();
      collect();
    }
    expect(told).toEqual([error]);
  });

  it.each<[string, (promise: Promise<unknown>) => unknown]>([
    ['await', async (promise) => await promise],
    ['catch', (promise) => promise.catch(() => {})],
    ['then', (promise) => promise.then(null, () => {})],
    ['finally', (promise) => promise.finally(() => {}).catch(() => {})],
    ['Promise.all', (promise) => Promise.all([promise, Promise.resolve()])],
    ['Promise.allSettled', (promise) => Promise.allSettled([promise])],
    ['Promise.race', (promise) => Promise.race([promise, new Promise(() => {})])],
    ['an async function that returns it', async (promise) => promise],
  ])('tells of none to which %s reacts, at once or later', async (_, react) => {
    const { told, call, end } = made();
    const [early, late] = [call(mistake()), call(mistake())];
    const reactions = [Promise.allSettled([react(early)])];
    for (let turns = 0; turns < 3; turns += 1) await turn();
    reactions.push(Promise.allSettled([react(late)]));
    await Promise.all(reactions);
    await end();
    collect();
    await turn();
    expect(told).toEqual([]);
  });

  it('gives the outcome of the call, and derives plain promises', async () => {
    const { owner, errors, call } = made();
    const error = mistake();
    const kept = errors.attend(owner, Promise.resolve('ok'));
    await expect(call(error)).rejects.toBe(error);
    expect([await kept, kept instanceof Promise, kept.then(() => {}).constructor]).toEqual([
      'ok',
      true,
      Promise,
    ]);
  });

  it.each([
    ['the reason of a signal', new DOMException('no', 'AbortError')],
    ['what is no error', 'text'],
    ['undefined', undefined],
  ])('tells of no other rejection: %s', async (_, error) => {
    using crashes = recordCrashes();
    const { told, call, end } = made();
    void call(error);
    await end();
    expect([told, crashes.errors]).toEqual([[], []]);
  });

  it('tells of one mistake for each place, of each owner that ends', async () => {
    const { told, errors, call, end } = made();
    const [error, again] = [mistake(), mistake()];
    again.stack = error.stack as string;
    void call(error);
    void call(again);
    const other = {};
    void errors.attend(other, Promise.reject(mistake()));
    await end();
    const first = [...told];
    errors.end(other, clock);
    await turn();
    await turn();
    expect([first, told]).toEqual([[error], [error, 'of another']]);
  });

  it('takes the first frame that is not ours for the place, whatever has called it', async () => {
    const { told, call, end } = made();
    const [error, again] = [mistake(), mistake()];
    const ours = `    at reject (${new URL('../../src/', import.meta.url).pathname}socket/attended-call.ts:3:5)`;
    error.stack = [
      'UsageError: no',
      ours,
      '    at chat (/app/chat.ts:3:5)',
      '    at one (/app/a.ts:1:1)',
    ].join('\n');
    again.stack = ['UsageError: no', '    at chat (/app/chat.ts:3:5)', '    at other (/app/a.ts:2:2)'].join(
      '\n',
    );
    void call(error);
    void call(again);
    await end();
    expect(told).toEqual([error]);
  });

  it('keeps a bounded number of them, and tells of a bounded number of places', async () => {
    const { told, call, end } = made();
    const kept = [];
    for (let n = 0; n < 3 * MOST_MISTAKES; n += 1) kept.push(call(mistake()));
    await end();
    for (let n = 0; n < 3; n += 1) void call(mistake());
    await end();
    expect([told.length, kept.length]).toEqual([MOST_MISTAKES, 3 * MOST_MISTAKES]);
  });

  it('does nothing at the end of an owner without mistakes', async () => {
    const { told, end } = made();
    await end();
    expect(told).toEqual([]);
  });
});
