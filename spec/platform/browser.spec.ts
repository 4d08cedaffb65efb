// The functions of browsers, run in Node, which has all that they use. spec/client/in-chromium.spec.ts
// runs them in a browser.

import { describe, expect, it } from 'vitest';
import { recordWarnings } from '../fixtures/process-events.ts';
import * as platform from '../../src/platform/browser.ts';
import { platformContract } from './platform-contract.ts';

describe('#platform in browsers', () => {
  platformContract(platform);

  it('emits no warning', async () => {
    using warnings = recordWarnings();
    platform.warn('mind the step', 'COROSOCK_STEP');
    await new Promise((resolve) => setImmediate(resolve));
    expect(warnings.texts).toEqual([]);
  });

  it('does nothing to a signal', () => {
    expect(platform.allowListeners(new AbortController().signal)).toBe(undefined);
  });
});
