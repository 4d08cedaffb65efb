// How the figures of each kind of scenario are shown: their unit, and what it
// stands for. table.ts shows them, run.ts explains them.

import type { Scenario } from './scenario.ts';

/** What a figure is. */
export interface Kind {
  readonly unit: string;
  /** After the point. */
  readonly digits: number;
  /** Which figure is the better one. */
  readonly better: 'less' | 'more';
  /** What the figure is, in one sentence. */
  readonly meaning: string;
}

export const KINDS: Readonly<Record<Scenario['kind'], Kind>> = {
  echo: {
    unit: 'µs',
    digits: 1,
    better: 'less',
    meaning:
      "the server's processor time per message, user and system, from the operating system's accounting; less is better",
  },
  burst: {
    unit: 'µs',
    digits: 2,
    better: 'less',
    meaning:
      "the server's processor time per message, user and system, from the operating system's accounting; less is better",
  },
  growth: {
    unit: 'times',
    digits: 2,
    better: 'less',
    meaning: 'what a message costs with many sockets, divided by what it costs with few; less is better',
  },
  latency: {
    unit: 'µs p99',
    digits: 0,
    better: 'less',
    meaning:
      'how long one round trip of a hundred takes at least, from when its message was due until its client has the answer; less is better',
  },
  flood: {
    unit: 'µs p99',
    digits: 0,
    better: 'less',
    meaning:
      'how long one round trip of a hundred takes at least, from when its message was due until its client has the answer; less is better',
  },
  block: {
    unit: 'ms p99',
    digits: 1,
    better: 'less',
    meaning:
      'how late one of a hundred ticks of a millisecond comes at least in the event loop of the server; less is better',
  },
  handshakes: {
    unit: '/CPU s',
    digits: 0,
    better: 'more',
    meaning:
      "handshakes for each second of the server's processor time, user and system, its end of the connection included; more is better",
  },
  idle: {
    unit: 'KiB',
    digits: 1,
    better: 'less',
    meaning:
      "what a socket adds to the server's resident memory beyond the first thousand, after a full collection; less is better",
  },
  'in process': {
    unit: 'ns',
    digits: 0,
    better: 'less',
    meaning: 'processor time that one call takes in a process of its own; less is better',
  },
  kept: {
    unit: 'B',
    digits: 1,
    better: 'less',
    meaning: 'what is left of a call in the heap and beside it, after full collections; less is better',
  },
  across: {
    unit: 'µs p50',
    digits: 0,
    better: 'less',
    meaning: 'how long it takes in the middle from one node to the other, one after another; less is better',
  },
  carried: {
    unit: 'µs',
    digits: 1,
    better: 'less',
    meaning:
      "the server's processor time per message, user and system, from the operating system's accounting; less is better",
  },
  wire: {
    unit: 'B wire',
    digits: 0,
    better: 'less',
    meaning:
      'bytes that came and went on all links of the broker, its protocol and the text included; less is better',
  },
  handles: {
    unit: 'B',
    digits: 0,
    better: 'less',
    meaning: 'what is left of a call in the heap and beside it, after full collections; less is better',
  },
  bystanders: {
    unit: 'µs to p99',
    digits: 0,
    better: 'less',
    meaning:
      'how long a message takes to the 99th of a hundred members, in the middle of all messages; less is better',
  },
};
