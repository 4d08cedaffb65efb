// The one hook for errors that no caller can be given. What the user's hook
// does wrong stops here.

/** Gets an error, and where it came up. */
export type Report = (error: unknown, where: { readonly socketId?: string; readonly phase: string }) => void;

/** The default: a process warning (`COROSOCK_REPORT`). */
export const reportAsWarning: Report = (error, where) => {
  const at = where.socketId === undefined ? where.phase : `${where.phase} of ${where.socketId}`;
  const { text, detail } = describe(error);
  process.emitWarning(`corosock, ${at}: ${text}`, {
    type: 'CorosockWarning',
    code: 'COROSOCK_REPORT',
    detail,
  });
};

/** Makes a hook that never throws: an error of the hook itself becomes a process warning, and so does what it was given. */
export function guarded(report: Report): Report {
  return (error, where) => {
    const warn = (hookError: unknown): void => {
      reportAsWarning(error, where);
      reportAsWarning(hookError, { phase: 'report' });
    };
    try {
      // An async function passes for a hook: what it rejects with stops here, too.
      const done: unknown = report(error, where);
      Promise.resolve(done).catch(warn);
    } catch (hookError) {
      warn(hookError);
    }
  };
}

/** Anything can be thrown, also what throws when it is looked at. */
function describe(error: unknown): { readonly text: string; readonly detail?: string | undefined } {
  try {
    return { text: String(error), detail: error instanceof Error ? error.stack : undefined };
  } catch {
    return { text: 'an error that cannot be shown' };
  }
}
