// The marks at the points of a line: each series has a shape of its own, so that nobody
// needs its colour.

import { path } from './svg.ts';
import type { Place } from './svg.ts';

export type Marker = 'disc' | 'square' | 'triangle' | 'diamond' | 'down' | 'cross';

/** Half of a marker's width. */
const SIZE = 4.5;

type Corners = ReadonlyArray<readonly [number, number]>;

/** From the middle, in {@link SIZE}. */
const CORNERS: Readonly<Record<Exclude<Marker, 'disc'>, Corners>> = {
  square: [
    [-0.9, -0.9],
    [0.9, -0.9],
    [0.9, 0.9],
    [-0.9, 0.9],
  ],
  triangle: [
    [0, -1.1],
    [1.1, 0.9],
    [-1.1, 0.9],
  ],
  diamond: [
    [0, -1.3],
    [1.1, 0],
    [0, 1.3],
    [-1.1, 0],
  ],
  down: [
    [0, 1.1],
    [1.1, -0.9],
    [-1.1, -0.9],
  ],
  cross: [
    [0, 0],
    [-1, -1],
    [0, 0],
    [1, -1],
    [0, 0],
    [1, 1],
    [0, 0],
    [-1, 1],
  ],
};

/** Draws a closed shape around a place; the cross has nothing inside. */
export function markerPath(marker: Marker, { x, y }: Place): string {
  if (marker === 'disc') {
    const half = `a${SIZE} ${SIZE} 0 1 0`;
    return `${path([{ x: x - SIZE, y }])}${half} ${2 * SIZE} 0${half} ${-2 * SIZE} 0`;
  }
  return `${path(CORNERS[marker].map(([dx, dy]) => ({ x: x + dx * SIZE, y: y + dy * SIZE })))}Z`;
}
