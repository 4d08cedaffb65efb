// One word of a handler in a process of its own: no server, and no client. It answers
// what a call takes, or leaves behind.

import { OPERATIONS } from '../operations.ts';
import type { OperationName } from '../operations.ts';
import { answerParent } from '../parent.ts';
import { heapBytes } from '../server-answers.ts';
import { setImmediate as untilNextTurn } from 'node:timers/promises';

export interface OperationQuestion {
  /** ns of processor time that a call takes · bytes of the heap that are left of it. */
  readonly ask: 'takes' | 'keeps';
  readonly operation: OperationName;
  readonly times: number;
}

/** So many calls are one piece; between pieces the event loop has a turn, as in every conversation. */
const PIECE = 10_000;

const NANOSECONDS = 1000;

answerParent(async ({ ask, operation, times }: OperationQuestion) => {
  const work = OPERATIONS[operation]();
  // The compiler has to see the code first.
  await inPieces(work, 10 * PIECE);
  const before = await heapBytes();
  const took = await inPieces(work, times);
  switch (ask) {
    case 'takes':
      return (took * NANOSECONDS) / times;
    case 'keeps':
      return ((await heapBytes()) - before) / times;
    default:
      return ask satisfies never;
  }
});

async function inPieces(work: (times: number) => Promise<number>, times: number): Promise<number> {
  let took = 0;
  for (let left = times; left > 0; left -= PIECE) {
    took += await work(Math.min(left, PIECE));
    await untilNextTurn();
  }
  return took;
}
