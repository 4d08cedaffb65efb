// What browsers do in their own way, tried in Node, which has all that it needs.
// spec/client/in-chromium.spec.ts tries it where it belongs.

import { describe, expect, it } from 'vitest';
import { recordWarnings } from '../fixtures/process-events.ts';
import * as platform from '../../src/platform/browser.ts';
import { platformContract } from './platform-contract.ts';

describe('#platform in browsers', () => {
  platformContract(platform);

  it('warns of nothing', async () => {
    using warnings = recordWarnings();
    platform.warn('mind the step', 'COROSOCK_STEP');
    await new Promise((resolve) => setImmediate(resolve));
    expect(warnings.texts).toEqual([]);
  });

  it('leaves signals as they are', () => {
    expect(platform.allowListeners(new AbortController().signal)).toBe(undefined);
  });
});
