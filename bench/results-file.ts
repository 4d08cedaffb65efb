// RESULTS.md: a section for each part of what is measured. A run of one part replaces its own.

import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { RESULTS } from './places.ts';
import { PARTS } from './scenarios.ts';
import type { Part } from './scenarios.ts';

const TITLE = '# What was measured';

/** @param results - Without its headline. */
export function writePart(part: Part, results: string): void {
  const [, ...sections] = existsSync(RESULTS) ? readFileSync(RESULTS, 'utf8').split(/^## /m) : [];
  const texts = PARTS.map((each) => {
    const headline = `${each.title}\n\n`;
    const kept = sections.find((section) => section.startsWith(headline))?.slice(headline.length);
    const text = each === part ? results : kept;
    return text === undefined ? '' : `\n## ${headline}${text.trimEnd()}\n`;
  });
  writeFileSync(RESULTS, `${TITLE}\n${texts.join('')}`);
}
