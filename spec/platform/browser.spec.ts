// The functions of browsers, run in Node, which has all that they use. spec/client/in-chromium.spec.ts
// runs them in a browser.

import { describe, expect, it, vi } from 'vitest';
import { recordWarnings } from '../fixtures/process-events.ts';
import * as platform from '../../src/platform/browser.ts';
import { platformContract } from './platform-contract.ts';

describe('#platform in browsers', () => {
  platformContract(platform);

  it('gives an error that no caller gets to the page, where the page takes it', () => {
    const errors: unknown[] = [];
    platform.warnOfError('before', 'requests');
    vi.stubGlobal('reportError', (error: unknown) => errors.push(error));
    platform.warnOfError('wrong', 'requests');
    vi.unstubAllGlobals();
    expect(errors).toEqual(['wrong']);
  });

  it('emits no warning', async () => {
    using warnings = recordWarnings();
    platform.warn('mind the step', 'COROSOCK_STEP');
    await new Promise((resolve) => setImmediate(resolve));
    expect(warnings.texts).toEqual([]);
  });

  it('finds no near name, whatever is known', () => {
    expect(platform.nearName('prot', ['port'])).toBe(undefined);
  });

  it('does nothing to a signal', () => {
    expect(platform.allowListeners(new AbortController().signal)).toBe(undefined);
  });
});
