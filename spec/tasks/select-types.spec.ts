// What TypeScript knows of a select: what each key gives, and when it may time out.
// `tsc` is what proves it.

import { channel, every, select } from 'corosock';
import type { ReadResult, ServerSocket } from 'corosock';
import { fakeSocket } from 'corosock/testing';
import { describe, expectTypeOf, it } from 'vitest';
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
  it('is what each key gives', () => {
    const selecting = select(sources());
    expectTypeOf(selecting).resolves.toEqualTypeOf<Taken>();
  });

  it('has timeout beside it where there is a time', () => {
    const selecting = select(sources(), { timeoutMs: 10 });
    expectTypeOf(selecting).resolves.toEqualTypeOf<Taken | readonly ['timeout', undefined]>();
  });

  it('tells the value by the key', async () => {
    const taken = await select({
      ...sources(),
      promise: 1 as unknown as Promise<boolean>,
      tick: every(1),
    }).catch(() => ['tick', 1] as const);
    if (taken[0] === 'tick') expectTypeOf(taken[1]).toEqualTypeOf<number>();
  });

  it('refuses what is no source', () => {
    // @ts-expect-error -- a number is none
    void select({ ws: fakeSocket().ws, none: 5 });
  });
});

describe('the type of spawn', () => {
  it('is what the task gives', () => {
    const { ws } = fakeSocket();
    expectTypeOf(ws).toExtend<ServerSocket>();
    expectTypeOf(ws.spawn(async () => 1)).resolves.toEqualTypeOf<number>();
    expectTypeOf(ws.spawn(() => 'a')).resolves.toEqualTypeOf<string>();
  });
});
