// A signal as a source of `select`: ready once it has aborted, and no listener is left (I7).

import { getEventListeners } from 'node:events';
import { describe, expect, it } from 'vitest';
import { recordWarnings } from '../fixtures/process-events.ts';
import { turn } from '../time/hand-clock.ts';
import { SignalPort } from '../../src/tasks/signal-port.ts';

describe('the port of a signal', () => {
  it('is ready for ever once the signal has aborted, and gives its reason', () => {
    const controller = new AbortController();
    const port = new SignalPort(controller.signal);
    const before = [port.ready(), port.isOver];
    controller.abort('my reason');
    expect([before, port.ready(), port.isOver, port.take(), port.take()]).toEqual([
      [false, false],
      true,
      true,
      'my reason',
      'my reason',
    ]);
  });

  it('wakes subscribers, and has one listener for each until it unsubscribes', () => {
    const controller = new AbortController();
    const port = new SignalPort(controller.signal);
    const calls: string[] = [];
    const wake = (): void => void calls.push('woken');
    const [first, second] = [port.subscribe(wake), port.subscribe(wake)];
    const during = getEventListeners(controller.signal, 'abort').length;
    first();
    controller.abort();
    second();
    expect([during, calls, getEventListeners(controller.signal, 'abort').length]).toEqual([2, ['woken'], 0]);
  });

  it('causes no warning when many selects wait for one signal', async () => {
    using warnings = recordWarnings();
    const port = new SignalPort(new AbortController().signal);
    for (let n = 0; n < 50; n += 1) port.subscribe(() => {});
    await turn();
    expect(warnings.texts).toEqual([]);
  });
});
