// The charts: what each of them shows, over what, and in which units. sweeps.ts measures
// them, line-chart.ts draws them.

import type { ScaleKind } from './scale.ts';

export interface Axis {
  readonly title: string;
  readonly scale: ScaleKind;
  /** A value of this axis in words. */
  readonly show: (value: number) => string;
}

export interface Chart {
  /** By which it is picked on the command line; its pictures are called so, too. */
  readonly name: ChartName;
  readonly title: string;
  readonly x: Axis;
  readonly y: Axis;
}

export type ChartName = 'in-flight' | 'size' | 'memory' | 'half-load' | 'flood';

const COST: Axis = { title: "the server's CPU per message", scale: 'log', show: showMicros };
const PERCENTILE: Axis = {
  title: 'of all answers, so many came within that time',
  scale: 'tail',
  show: (value) => (value === 100 ? 'slowest' : `${value} %`),
};
const WAIT: Axis = {
  title: 'from when a message was due until its answer came',
  scale: 'log',
  show: showMicros,
};

export const CHARTS: readonly Chart[] = [
  {
    name: 'in-flight',
    title: 'Echo by messages in flight: 64 sockets, 64 B of text',
    x: { title: 'messages in flight on each socket', scale: 'log', show: showCount },
    y: COST,
  },
  {
    name: 'size',
    title: 'Echo by size of the text: 8 sockets, 4 messages in flight on each',
    x: { title: 'bytes of a message', scale: 'log', show: showBytes },
    y: COST,
  },
  {
    name: 'memory',
    title: 'Memory by idle sockets',
    x: { title: 'idle sockets', scale: 'log', show: showCount },
    y: { title: 'resident memory of the server', scale: 'log', show: (value) => `${value} MiB` },
  },
  {
    name: 'half-load',
    title: 'Answers at half of the load that ws bears: 64 sockets, 64 B of text',
    x: PERCENTILE,
    y: WAIT,
  },
  {
    name: 'flood',
    title: 'Answers to one peer while another one floods with 200,000 messages',
    x: PERCENTILE,
    y: WAIT,
  },
];

function showCount(value: number): string {
  return value.toLocaleString('en-US');
}

function showBytes(value: number): string {
  return value < 1024 ? `${value} B` : `${value / 1024} KiB`;
}

function showMicros(value: number): string {
  if (value < 1000) return `${value} µs`;
  return value < 1_000_000 ? `${value / 1000} ms` : `${value / 1_000_000} s`;
}
