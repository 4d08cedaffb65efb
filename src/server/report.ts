// `report`, the one hook for errors that no caller gets. host-options.ts guards the hook of the
// user; its own errors end here.

import { warnOfError } from '#platform';

/** Gets an error, and where it came up. */
export type Report = (error: unknown, where: { readonly socketId?: string; readonly phase: string }) => void;

/** Emits a process warning (`COROSOCK_REPORT`); the default. */
export const reportAsWarning: Report = (error, where) => {
  const at = where.socketId === undefined ? where.phase : `${where.phase} of ${where.socketId}`;
  warnOfError(error, at);
};

/**
 * Makes a hook that never throws. Where the hook itself fails, its error becomes a process warning,
 * and so does the error that it was given.
 */
export function guarded(report: Report): Report {
  return (error, where) => {
    const warn = (hookError: unknown): void => {
      reportAsWarning(error, where);
      reportAsWarning(hookError, { phase: 'report' });
    };
    try {
      // An async function can be a hook, too: its rejection ends here.
      const done: unknown = report(error, where);
      Promise.resolve(done).catch(warn);
    } catch (hookError) {
      warn(hookError);
    }
  };
}
