// Which scenarios are meant on the command line, and what keeps one from being
// measured here.

import { obstacleToBroker } from './broker-server.ts';
import { obstacleToCable } from './cable.ts';
import { canOpen } from './child.ts';
import { canAccount } from './foreign-server.ts';
import { brokerClientOf, filesNeeded, NOTHING } from './scenario.ts';
import { SCENARIOS } from './scenarios.ts';
import type { Scenario } from './scenario.ts';

/**
 * Those whose name has one of the words in it. Ends the program at a word that no
 * name has.
 *
 * @param byDefault - Those that are meant without a word.
 */
export function pick(wanted: readonly string[], byDefault: readonly Scenario[]): readonly Scenario[] {
  if (wanted.length === 0) return byDefault;
  const found = wanted.map((word) => SCENARIOS.filter(({ name }) => name.includes(word)));
  const unknown = wanted.find((_, index) => found[index]?.length === 0);
  if (unknown === undefined) return SCENARIOS.filter((scenario) => found.flat().includes(scenario));
  const names = SCENARIOS.map(({ name }) => `\n- ${name}`).join('');
  process.stderr.write(`no scenario is called '${unknown}'; there are:${names}\n`);
  process.exit(1);
}

/** @returns Why it cannot be measured here; undefined where it can. */
export function obstacleTo(scenario: Scenario): string | undefined {
  const { kind, servers, beside } = scenario;
  const files = filesNeeded(scenario);
  if (files !== undefined && !canOpen(files)) return `${files} files cannot be open at once here`;
  if (beside !== NOTHING && kind !== 'kept' && servers.every(({ name }) => name !== beside))
    return `${beside} is not there: npm install --prefix bench`;
  if (kind === 'carried' && !canAccount) return 'the system does not tell what a process has cost';
  if (kind === 'bystanders') return obstacleToCable();
  const client = brokerClientOf(scenario);
  return client === undefined ? undefined : obstacleToBroker(client);
}
