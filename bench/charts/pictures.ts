// The picture files of all charts that were measured: one for each theme.

import { mkdirSync, writeFileSync } from 'node:fs';
import { PICTURES } from '../places.ts';
import { CHARTS } from './charts.ts';
import type { Figures } from './figures.ts';
import { drawChart } from './line-chart.ts';
import { THEMES } from './themes.ts';

/** @returns The text of each file, by its name. */
export function drawPictures(figures: Figures): ReadonlyMap<string, string> {
  const pictures = new Map<string, string>();
  for (const chart of CHARTS) {
    const measured = figures[chart.name];
    if (measured === undefined) continue;
    for (const theme of THEMES) {
      pictures.set(`${chart.name}-${theme.name}.svg`, drawChart(chart, measured, theme));
    }
  }
  return pictures;
}

/** Writes the pictures beside the page that shows them. */
export function writePictures(figures: Figures): void {
  mkdirSync(PICTURES, { recursive: true });
  for (const [name, picture] of drawPictures(figures)) writeFileSync(new URL(name, PICTURES), picture);
}
