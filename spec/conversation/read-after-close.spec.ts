// The mistake of reading on after the end. When it is counted is sticky-close.spec.ts's.

import { describe, expect, it } from 'vitest';
import { rejectAfter, readAfterCloseError } from '../../src/conversation/read-after-close.ts';
import { CLOSED } from '../../src/core/status.ts';
import type { ReadResult } from '../../src/core/status.ts';

describe('the error of a read after the end', () => {
  it('names the call and how often it was made', () => {
    expect(readAfterCloseError('select()')).toMatchObject({
      code: 'COROSOCK_READ_AFTER_CLOSE',
      message:
        "select(): expected the loop to end at 'closed', but this is its read number 100 after the end",
    });
  });

  it('comes in the place of the answer, and no sooner', async () => {
    const error = readAfterCloseError('ws.read()');
    let answer: (result: ReadResult) => void = () => {};
    const seen: string[] = [];
    const read = rejectAfter(new Promise((resolve) => void (answer = resolve)), error);
    const caught = read.catch(
      (reason: unknown) => void seen.push(reason === error ? 'the error' : 'another'),
    );
    await new Promise((resolve) => setImmediate(resolve));
    seen.push('the answer');
    answer(CLOSED);
    await caught;
    expect(seen).toEqual(['the answer', 'the error']);
  });
});
