// The signals of a process that has hosts with `signals`: who listens, and for how long. How a whole
// process ends: shut-down-process.spec.ts.

import { serve } from 'corosock';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { closeOnSignals } from '../../src/server/process-signals.ts';

const SIGNALS = ['SIGTERM', 'SIGINT'] as const;
const listeners = (): readonly number[] => SIGNALS.map((signal) => process.listenerCount(signal));

/** Lets the listener that came last hear of a signal. */
function signalled(signal: (typeof SIGNALS)[number]): void {
  process.listeners(signal).at(-1)?.(signal);
}

/** Keeps the process, and records what it would have ended with. */
function keepProcess(): readonly unknown[] {
  const codes: unknown[] = [];
  vi.spyOn(process, 'exit').mockImplementation((code) => {
    codes.push(code);
    throw new Error('ended');
  });
  return codes;
}

afterEach(() => vi.restoreAllMocks());

describe('closeOnSignals', () => {
  it.each(SIGNALS)('closes once at %s', (signal) => {
    const close = vi.fn(async () => {});
    const stop = closeOnSignals(close);
    signalled(signal);
    stop();
    expect(close).toHaveBeenCalledOnce();
  });

  it.each<[(typeof SIGNALS)[number], number]>([
    ['SIGTERM', 143],
    ['SIGINT', 130],
  ])('ends the process at a second signal, %s', (second, code) => {
    const codes = keepProcess();
    const close = vi.fn(async () => {});
    const stop = closeOnSignals(close);
    signalled('SIGTERM');
    expect(() => signalled(second)).toThrow('ended');
    stop();
    expect([codes, close.mock.calls.length]).toEqual([[code], 1]);
  });
});

describe('serve with signals', () => {
  it('listens while the port is open, for each of several hosts', async () => {
    const before = listeners();
    const hosts = [await serve(() => {}, { signals: true }), await serve(() => {}, { signals: true })];
    const during = listeners();
    for (const host of hosts) await host.close();
    expect([during, listeners()]).toEqual([before.map((count) => count + 2), before]);
  });

  it('closes the host', async () => {
    const host = await serve(() => {}, { signals: true });
    signalled('SIGTERM');
    expect(host.ready).toBe(false);
    await host.close();
  });

  it('does not listen without the option, nor where the port cannot be opened', async () => {
    const before = listeners();
    await using host = await serve(() => {});
    await expect(serve(() => {}, { port: host.port, signals: true })).rejects.toMatchObject({
      code: 'EADDRINUSE',
    });
    expect(listeners()).toEqual(before);
  });

  it.each([[1], ['SIGTERM'], [null]])('refuses %s', async (signals) => {
    await expect(serve(() => {}, { signals: signals as never })).rejects.toThrow(
      'serve(): expected signals to be true or false, got ',
    );
  });
});
