// A child task that says why it was aborted, for the specs of `ws.spawn`.

/** A child that says why it was aborted. */
export function witness(reasons: unknown[]): (signal: AbortSignal) => Promise<never> {
  return (signal) =>
    new Promise((_, reject) => {
      signal.addEventListener('abort', () => {
        reasons.push(signal.reason);
        reject(signal.reason as Error);
      });
    });
}
