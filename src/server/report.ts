// The one hook for errors that no caller can be given. What the user's hook
// does wrong stops here.

/** Gets an error, and where it came up. */
export type Report = (error: unknown, where: { readonly socketId?: string; readonly phase: string }) => void;

/** The default: a process warning (`COROSOCK_REPORT`). */
export const reportAsWarning: Report = (error, where) => {
  const at = where.socketId === undefined ? where.phase : `${where.phase} of ${where.socketId}`;
  process.emitWarning(`corosock, ${at}: ${describe(error)}`, {
    type: 'CorosockWarning',
    code: 'COROSOCK_REPORT',
    ...(error instanceof Error && error.stack !== undefined ? { detail: error.stack } : undefined),
  });
};

/** Makes a hook that never throws: an error of the hook itself becomes a process warning, and so does what it was given. */
export function guarded(report: Report): Report {
  return (error, where) => {
    try {
      report(error, where);
    } catch (hookError) {
      reportAsWarning(error, where);
      reportAsWarning(hookError, { phase: 'report' });
    }
  };
}

function describe(error: unknown): string {
  try {
    return String(error);
  } catch {
    return 'an error that cannot be shown';
  }
}
