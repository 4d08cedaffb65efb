// The functions of Node.

import { AsyncLocalStorage } from 'node:async_hooks';
import { describe, expect, it } from 'vitest';
import { recordWarnings } from '../fixtures/process-events.ts';
import * as platform from '../../src/platform/node.ts';
import { platformContract } from './platform-contract.ts';

describe('#platform in Node', () => {
  platformContract(platform);

  it('sets timers that do not hold the process', () => {
    const timer = platform.startTimer(() => {}, 1000) as NodeJS.Timeout;
    const held = timer.hasRef();
    clearTimeout(timer);
    expect(held).toBe(false);
  });

  it('sets timers outside of any AsyncLocalStorage context, because many sockets share one', async () => {
    const context = new AsyncLocalStorage<string>();
    const ran = context.run(
      'of one socket',
      () => new Promise((resolve) => void platform.startTimer(() => resolve(context.getStore()), 0)),
    );
    expect(await ran).toBe(undefined);
  });

  it('tells of an error by a warning of the process, with its stack', async () => {
    using warnings = recordWarnings();
    platform.warnOfError(new TypeError('wrong'), 'requests: add');
    await new Promise((resolve) => setImmediate(resolve));
    expect(warnings.texts).toEqual([
      'CorosockWarning COROSOCK_REPORT: corosock, requests: add: TypeError: wrong',
    ]);
  });

  it('emits warnings of the process', async () => {
    using warnings = recordWarnings();
    platform.warn('mind the step', 'COROSOCK_STEP');
    await new Promise((resolve) => setImmediate(resolve));
    expect(warnings.texts).toEqual(['CorosockWarning COROSOCK_STEP: mind the step']);
  });

  it('allows any number of listeners on a signal', async () => {
    using warnings = recordWarnings();
    const { signal } = new AbortController();
    platform.allowListeners(signal);
    for (let i = 0; i < 20; i += 1) signal.addEventListener('abort', () => i);
    await new Promise((resolve) => setImmediate(resolve));
    expect(warnings.texts).toEqual([]);
  });
});
