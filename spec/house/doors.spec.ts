// Rules 5 and 9: each dependency has one door, and time comes from the clock. The
// second half shows the checker a house with one fault at a time.

import { describe, expect, it } from 'vitest';
import { doorFaults } from './door-faults.ts';
import { sourceFile, sourceFiles } from './source-files.ts';

describe('src', () => {
  it('uses each dependency, and the time, through its own door', () => {
    expect(doorFaults(sourceFiles())).toEqual([]);
  });
});

describe('doorFaults', () => {
  const faultsOf = (...files: ReadonlyArray<readonly [path: string, text: string]>): readonly string[] =>
    doorFaults(files.map(([path, text]) => sourceFile(path, text)));

  it.each([
    ['ws in its transport', 'transport/ws/transport.ts', `import { WebSocket } from 'ws';`],
    ['a timer in the real clock', 'time/real-clock.ts', 'setTimeout(run, ms); performance.now();'],
    ['a timer of a clock', 'socket/reader.ts', 'this.#clock.setTimeout(run, ms);'],
    ['the methods of a clock', 'time/clock.ts', 'setTimeout(run: () => void, ms: number): unknown;'],
    ['a turn of the event loop in settle', 'testing/settle.ts', 'setImmediate(resolve);'],
    ['words in a comment', 'socket/reader.ts', '// Not setTimeout(run), nor console.log.\n/* Date.now() */'],
  ])('lets pass %s', (_, path, text) => {
    expect(faultsOf([path, text])).toEqual([]);
  });

  it.each([
    ['ws in the client', 'client/index.ts', `import { WebSocket } from 'ws';`, 'imports ws'],
    ['ws elsewhere', 'server/attach.ts', `import type { WebSocket } from 'ws';`, 'imports ws'],
    ['a timer', 'socket/reader.ts', 'const timer = setTimeout(run, ms);', 'sets a timer'],
    ['a timer of globalThis', 'socket/reader.ts', 'globalThis.setInterval(run, ms);', 'sets a timer'],
    ['a timer with an arrow', 'socket/reader.ts', 'setTimeout(() => run(), ms);', 'sets a timer'],
    ['an immediate', 'socket/reader.ts', 'setImmediate(run);', 'calls setImmediate'],
    ['timers as promises', 'server/host.ts', `import 'node:timers/promises';`, 'imports node:timers'],
    ['the time of day', 'server/host.ts', 'const now = Date.now();', 'reads the time'],
  ])('finds %s', (_, path, text, what) => {
    expect(faultsOf([path, text])).toEqual([`${path} ${what}`]);
  });

  it('finds the console, and combined signals, anywhere', () => {
    expect(faultsOf(['time/real-clock.ts', 'console.warn(x); AbortSignal.any([a, b]);'])).toEqual([
      'time/real-clock.ts writes to the console: at most 0 may',
      'time/real-clock.ts combines signals: at most 0 may',
    ]);
  });

  it('finds a third module at the door of abort-controller-x', () => {
    const text = `import { execute } from 'abort-controller-x';`;
    expect(faultsOf(['time/a.ts', text], ['time/b.ts', text], ['time/c.ts', text])).toEqual([
      'time/a.ts, time/b.ts, time/c.ts imports abort-controller-x: at most 2 may',
    ]);
  });
});
