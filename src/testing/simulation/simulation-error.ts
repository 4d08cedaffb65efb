// The error of a simulation that has failed: `simulate` and `torture` reject with it, and make its
// text.

/**
 * Reports that a scenario fails for one seed. Its text names that seed and shows the story.
 *
 * Recognise it by its `code`: COROSOCK_DEADLOCK where nothing could go on, COROSOCK_SIMULATION for
 * everything else.
 */
export class SimulationError extends Error {
  override readonly name = 'SimulationError';
  readonly code: 'COROSOCK_SIMULATION' | 'COROSOCK_DEADLOCK';
  /** `simulate(…, { seed })` fails in the same way. */
  readonly seed: number;
  /** What happened, one line an event. '' where nothing was recorded. */
  readonly story: string;

  /** @param options - `cause`: what the scenario or a check has thrown. */
  constructor(
    code: SimulationError['code'],
    message: string,
    run: { readonly seed: number; readonly story: string },
    options?: ErrorOptions,
  ) {
    super(message, options);
    this.code = code;
    this.seed = run.seed;
    this.story = run.story;
  }
}
