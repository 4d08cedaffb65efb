// Rules 5 and 9: one door per dependency, one source of time. Each door is a thing
// that code can do and the files that may do it; doors.spec.ts asks for no faults.

import type { SourceFile } from './source-files.ts';

interface Door {
  readonly what: string;
  /** Whether the file does it at all. */
  uses(file: SourceFile): boolean;
  /** The files that may. */
  readonly only?: RegExp;
  /** How many files may, at most. */
  readonly atMost?: number;
}

const imports =
  (name: string) =>
  (file: SourceFile): boolean =>
    file.imports.some((specifier) => specifier === name || specifier.startsWith(`${name}/`));

const contains =
  (pattern: RegExp) =>
  (file: SourceFile): boolean =>
    pattern.test(file.code);

// A call of a global: neither `clock.setTimeout(…)` nor a method `setTimeout(run: …)`
// or `setTimeout()`, which are how the Clock port is declared and implemented.
const calls = (name: string): RegExp =>
  new RegExp(`(?:(?<![.\\w#])|globalThis\\.)${name}\\((?!\\s*(?:\\w+\\??:|\\)))`);

const REAL_CLOCK = /^(?:time\/real-clock|platform\/(?:node|browser))\.ts$/;

const doors: readonly Door[] = [
  // A client's WebSocket is made in transport/ws/connector.
  { what: 'imports ws', uses: imports('ws'), only: /^transport\/ws\/[a-z-]+\.ts$/ },
  { what: 'imports abort-controller-x', uses: imports('abort-controller-x'), atMost: 2 },
  { what: 'imports path-to-regexp', uses: imports('path-to-regexp'), atMost: 1 },
  { what: 'imports node:timers', uses: imports('node:timers'), only: REAL_CLOCK },
  { what: 'sets a timer', uses: contains(calls('set(?:Timeout|Interval)')), only: REAL_CLOCK },
  {
    what: 'calls setImmediate',
    uses: contains(calls('setImmediate')),
    only: /^(?:platform\/node|testing\/settle|testing\/virtual-clock)\.ts$/,
  },
  {
    what: 'reads the time',
    uses: contains(/\bDate\.now\b|\bnew Date\(\s*\)|\bperformance\.now\b|\bprocess\.(?:hrtime|uptime)\b/),
    only: REAL_CLOCK,
  },
  { what: 'writes to the console', uses: contains(/\bconsole\.|\bprocess\.std(?:out|err)\b/), atMost: 0 },
  { what: 'combines signals', uses: contains(/\bAbortSignal\s*\.\s*(?:any|timeout)\b/), atMost: 0 },
];

/** Says what goes through a door that is not its own, one sentence each. */
export function doorFaults(files: readonly SourceFile[]): readonly string[] {
  return doors.flatMap(({ what, uses, only, atMost = Infinity }) => {
    const users = files.filter((file) => uses(file)).map((file) => file.path);
    const strangers = only === undefined ? [] : users.filter((path) => !only.test(path));
    const crowd = users.length > atMost ? [`${users.join(', ')} ${what}: at most ${atMost} may`] : [];
    return [...strangers.map((path) => `${path} ${what}`), ...crowd];
  });
}
