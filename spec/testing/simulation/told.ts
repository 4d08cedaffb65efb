// A simulation that fails, for specs of what it tells.

import { expect } from 'vitest';
import { simulate, SimulationError } from 'corosock/testing';
import type { SimulateOptions, World } from 'corosock/testing';

/** The error with which a simulation ends. */
export async function failureOf(
  scenario: (w: World) => Promise<void>,
  options: SimulateOptions = { runs: 3 },
): Promise<SimulationError> {
  const error: unknown = await simulate(scenario, options).catch((thrown: unknown) => thrown);
  if (error instanceof SimulationError) return error;
  return expect.fail(`expected a SimulationError, got ${String(error)}`);
}

/** The lines of a story, without the numbers of lines in files. */
export function linesOf({ story }: SimulationError): readonly string[] {
  return withoutLines(story).split('\n');
}

/** `at a.spec.ts:12 read` → `at a.spec.ts read`. */
export function withoutLines(text: string): string {
  return text.replaceAll(/(\.ts):\d+/gu, '$1');
}
