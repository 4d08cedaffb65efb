// What is written below the table of each limit that is missed: by how much, and from
// `bench/remarks.md` what was tried and where the time goes. A run measures, and leaves
// the remarks as they are.

import { readFileSync } from 'node:fs';
import { REMARKS } from './places.ts';
import { SCENARIOS } from './scenarios.ts';
import { missOf } from './table.ts';
import type { Row } from './table.ts';

const NOTHING_YET = 'Nothing has been found out about it yet.';

/** @returns Markdown; nothing where every limit is kept. */
export function remarksOn(rows: readonly Row[]): string {
  const remarks = readRemarks();
  return rows
    .flatMap((row) => {
      const miss = missOf(row);
      if (miss === undefined) return [];
      const { name } = row.scenario;
      const much = `${miss.is} where ${miss.limit} is the limit, ${miss.percent.toFixed(0)} % beyond it.`;
      return `### Beyond the limit: ${name}\n\n${much} ${remarks.get(name) ?? NOTHING_YET}\n\n`;
    })
    .join('');
}

/**
 * A remark stands below the name of its scenario.
 *
 * @throws Error for a name that no scenario has: it has been renamed, or is gone.
 */
function readRemarks(): ReadonlyMap<string, string> {
  const [, ...parts] = readFileSync(REMARKS, 'utf8').split(/^## /m);
  const remarks = parts.map((part): readonly [string, string] => {
    const [name = '', ...lines] = part.split('\n');
    return [name.trim(), lines.join('\n').trim()];
  });
  const unknown = remarks.find(([name]) => !SCENARIOS.some((scenario) => scenario.name === name));
  if (unknown !== undefined) throw new Error(`remarks.md: no scenario is called '${unknown[0]}'`);
  return new Map(remarks);
}
