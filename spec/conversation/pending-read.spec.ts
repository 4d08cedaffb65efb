// A read before it waits: its request, and no trace of a wait.

import { expect, it } from 'vitest';
import { pendingRead } from '../../src/conversation/pending-read.ts';
import { UNTIL_LATER_TURN } from '../../src/core/parked-wait.ts';

it('keeps its request, and is in no line', () => {
  const view = { binaryData: false, atEnd: true, closedReads: 0, inHand: undefined };
  const { signal } = new AbortController();
  const method = (): void => {};
  const { settle, resolver, ...read } = pendingRead(view, 3, { timeoutMs: 5, signal }, method);
  expect(read).toEqual({
    view,
    len: 3,
    timeoutMs: 5,
    signal,
    method,
    sinceMs: UNTIL_LATER_TURN,
    trace: undefined,
    next: undefined,
    previous: undefined,
  });
  // Nobody waits for it.
  settle([undefined, 'timeout']);
  expect(resolver).toBe(settle);
});
