// What the benchmark prints, in Markdown: medians with their spread, the ratio,
// and what was the same work for all. Where and when is machine.ts's.

import type { Scenario, Server } from './scenarios.ts';
import { OURS, RAW, SERVERS } from './scenarios.ts';

/** What came of one scenario. */
export interface Row {
  readonly scenario: Scenario;
  /** For each run, what it cost each server. */
  readonly results: readonly ReadonlyMap<Server, number>[];
}

/** Shows every row; a ratio above its limit is marked. */
export function table(rows: readonly Row[]): string {
  return [
    `| work | ${SERVERS.map(({ name }) => name).join(' | ')} | ratio | limit |`,
    `|---|${'---|'.repeat(SERVERS.length)}---|---|`,
    ...rows.map((row) => `| ${cells(row).join(' | ')} |`),
    '',
    'The same work:',
    '',
    ...rows.map(({ scenario: { name, sameWork } }) => `- ${name}: ${sameWork}.`),
  ].join('\n');
}

function cells({ scenario, results }: Row): readonly string[] {
  const unit = scenario.kind === 'echo' ? 'µs' : 'KiB';
  const costs = (server: Server): readonly number[] => results.map((run) => run.get(server) ?? NaN);
  const raw = costs(RAW);
  const ratios = costs(OURS).map((cost, run) => cost / (raw[run] ?? NaN));
  const ratio = spread(ratios, 2);
  return [
    scenario.name,
    ...SERVERS.map((server) => `${spread(costs(server), 1)} ${unit}`),
    median(ratios) > scenario.limit ? `**${ratio}, above the limit**` : ratio,
    String(scenario.limit),
  ];
}

/** `median (least–most)`. */
function spread(numbers: readonly number[], digits: number): string {
  const [middle, least, most] = [median(numbers), Math.min(...numbers), Math.max(...numbers)].map((number) =>
    number.toFixed(digits),
  );
  return `${middle} (${least}–${most})`;
}

/** The one in the middle: runs are odd in number. */
function median(numbers: readonly number[]): number {
  return numbers.toSorted((a, b) => a - b)[numbers.length >> 1] ?? NaN;
}
