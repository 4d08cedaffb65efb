// How charts look. There is one picture for each theme, and `<picture>` chooses: GitHub then
// follows the theme that its reader has chosen there. A style with `prefers-color-scheme`
// inside one picture would follow the reader's system, which may have another one. Each
// picture paints its background, so that it is legible wherever its file is opened.

import type { Marker } from './markers.ts';

export interface Theme {
  readonly name: 'light' | 'dark';
  readonly background: string;
  readonly text: string;
  /** Of what is less important. */
  readonly faint: string;
  readonly grid: string;
  /** The colour of each series, and of its name; in the order of {@link LOOKS}. */
  readonly colours: readonly string[];
}

/** Background and grey tones are those of GitHub. Text has a contrast of 4.5 or more (WCAG 2.2, 1.4.3). */
export const THEMES: readonly Theme[] = [
  {
    name: 'light',
    background: '#ffffff',
    text: '#1f2328',
    faint: '#59636e',
    grid: '#d1d9e0',
    colours: ['#0550ae', '#953800', '#116329', '#a21caf', '#57606a', '#cf222e'],
  },
  {
    name: 'dark',
    background: '#0d1117',
    text: '#f0f6fc',
    faint: '#9198a1',
    grid: '#3d444d',
    colours: ['#79c0ff', '#ffa657', '#7ee787', '#e2a8ff', '#b1bac4', '#ff9492'],
  },
];

/** How a series is drawn, whatever the theme: who sees no colours tells them by dashes and markers. */
export interface Look {
  readonly series: string;
  readonly dashes: string | undefined;
  readonly marker: Marker;
  readonly width: number;
}

/** In the order in which series are measured and named. */
export const LOOKS: readonly Look[] = [
  { series: 'corosock', dashes: undefined, marker: 'disc', width: 3 },
  { series: 'ws', dashes: '9 4', marker: 'square', width: 1.8 },
  { series: 'uWebSockets', dashes: '2 3', marker: 'triangle', width: 1.8 },
  { series: 'Bun', dashes: '10 3 2 3', marker: 'diamond', width: 1.8 },
  { series: 'Deno', dashes: '5 3', marker: 'down', width: 1.8 },
  { series: 'socket.io', dashes: '14 4', marker: 'cross', width: 1.8 },
];
