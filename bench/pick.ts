// Which scenarios are meant on the command line, and which can be measured here.

import { canOpen } from './child.ts';
import { filesNeeded } from './measure-idle.ts';
import { SCENARIOS } from './scenarios.ts';
import type { Scenario } from './scenarios.ts';

/** Those whose name has one of the words in it; all without a word. Ends the program at a word that no name has. */
export function pick(wanted: readonly string[]): readonly Scenario[] {
  if (wanted.length === 0) return SCENARIOS;
  const found = wanted.map((word) => SCENARIOS.filter(({ name }) => name.includes(word)));
  const unknown = wanted.find((_, index) => found[index]?.length === 0);
  if (unknown === undefined) return SCENARIOS.filter((scenario) => found.flat().includes(scenario));
  const names = SCENARIOS.map(({ name }) => `\n- ${name}`).join('');
  process.stderr.write(`no scenario is called '${unknown}'; there are:${names}\n`);
  process.exit(1);
}

/** Whether so many files may be open as it needs. */
export function canMeasure(scenario: Scenario): boolean {
  return scenario.kind !== 'idle' || canOpen(filesNeeded(scenario));
}
