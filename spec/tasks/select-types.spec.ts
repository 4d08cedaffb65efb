// The types of select: what each key gives, and when `timeout` is among the results. `tsc` proves
// them.

import { channel, every, select } from 'corosock';
import type { ReadResult, ServerSocket } from 'corosock';
import { fakeSocket } from 'corosock/testing';
import { describe, expect, expectTypeOf, it } from 'vitest';
import { handSource } from './hand-source.ts';

const sources = () => ({
  ws: fakeSocket().ws,
  jobs: channel<number>(),
  tick: every(1e6),
  stop: new AbortController().signal,
  task: fakeSocket().ws.spawn(async () => 'a'),
  promise: Promise.resolve(true),
  mine: handSource(),
});

type Taken =
  | readonly ['ws', ReadResult]
  | readonly ['jobs', ReadResult<number>]
  | readonly ['tick', number]
  | readonly ['stop', unknown]
  | readonly ['task', string]
  | readonly ['promise', boolean]
  | readonly ['mine', string];

describe('the type of a select', () => {
  it('pairs each key with the value of its source', () => {
    const selecting = select(sources());
    expectTypeOf(selecting).resolves.toEqualTypeOf<Taken>();
  });

  it('includes timeout when timeoutMs is given', () => {
    const selecting = select(sources(), { timeoutMs: 10 });
    expectTypeOf(selecting).resolves.toEqualTypeOf<Taken | readonly ['timeout', undefined]>();
  });

  it('narrows the value by the key', async () => {
    const taken = await select({
      jobs: channel<number>(),
      now: AbortSignal.abort(1),
      soon: Promise.resolve('a'),
    });
    switch (taken[0]) {
      case 'jobs':
        return expectTypeOf(taken[1]).toEqualTypeOf<ReadResult<number>>();
      case 'now':
        return expectTypeOf(taken[1]).toEqualTypeOf<unknown>();
      case 'soon':
        return expectTypeOf(taken[1]).toEqualTypeOf<string>();
      default:
        return taken satisfies never;
    }
  });

  it('refuses a value that is not a source', async () => {
    // @ts-expect-error -- a number is not a source
    await expect(select({ ws: fakeSocket().ws, none: 5 })).rejects.toThrow('"none"');
  });
});

describe('the type of spawn', () => {
  it('is the result of the task', () => {
    const { ws } = fakeSocket();
    expectTypeOf(ws).toExtend<ServerSocket>();
    expectTypeOf(ws.spawn(async () => 1)).resolves.toEqualTypeOf<number>();
    expectTypeOf(ws.spawn(() => 'a')).resolves.toEqualTypeOf<string>();
  });
});
