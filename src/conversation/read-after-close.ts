// The mistake of a loop that reads on after the end, as if more could come: its error,
// and when it is told. The reader counts such reads.

import { unattended } from '../waiting/abortable.ts';
import { UsageError } from '../core/errors.ts';
import type { ReadResult } from '../core/status.ts';

/** The read after the end, counted in a row, that throws: the loop around it never ends. */
export const LAST_CLOSED_READ = 100;

/** Fails in the place of an answer, and no sooner: a loop that catches the error starves nobody. */
export function rejectAfter(answer: Promise<ReadResult>, error: UsageError): Promise<never> {
  return unattended(
    answer.then(() => {
      throw error;
    }),
  );
}

export function readAfterCloseError(call: string): UsageError {
  return new UsageError(
    'COROSOCK_READ_AFTER_CLOSE',
    `${call}: expected the loop to end at 'closed', but this is its read number ${LAST_CLOSED_READ} after the end`,
  );
}
