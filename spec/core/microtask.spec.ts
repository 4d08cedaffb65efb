// A promise job of our own, which comes where `queueMicrotask` is replaced, too.

import { expect, it } from 'vitest';
import { inMicrotask } from '../../src/core/microtask.ts';

it('inMicrotask runs behind what is queued, in the order of the calls', async () => {
  const order: string[] = [];
  void Promise.resolve().then(() => order.push('queued before'));
  inMicrotask(() => order.push('first'));
  inMicrotask(() => order.push('second'));
  order.push('call');
  await Promise.resolve();
  expect(order).toEqual(['call', 'queued before', 'first', 'second']);
});
