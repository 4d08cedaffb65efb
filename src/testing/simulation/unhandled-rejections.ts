// Rejections that nothing handles, for all runs of this process. Each run of scenario-run.ts and
// torture-run.ts listens while it plays. The process gets one listener for all of them: Node warns
// of the eleventh.

/** Hears of a rejection that nothing has handled. */
export type OnRejection = (reason: unknown) => void;

/** Of the runs that play. */
const listeners = new Set<OnRejection>();

const tellAll: OnRejection = (reason) => {
  for (const listener of listeners) listener(reason);
};

/**
 * Tells a run of each rejection in this process that nothing has handled. While a run listens, Node
 * does not end the process for one.
 *
 * @param listener - Must not throw. A run has one of its own.
 * @returns Ends it. The last one takes the listener of the process away.
 */
export function listenForRejections(listener: OnRejection): () => void {
  if (listeners.size === 0) process.on('unhandledRejection', tellAll);
  listeners.add(listener);
  return () => {
    listeners.delete(listener);
    if (listeners.size === 0) process.off('unhandledRejection', tellAll);
  };
}
