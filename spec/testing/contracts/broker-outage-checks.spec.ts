// Checks the checks: each broker that breaks a promise about outages is found, by the
// number of that promise.

import { describe, expect, it } from 'vitest';
import { outageChecks } from '../../../src/testing/contracts/broker-outage-checks.ts';
import {
  brokenPromises,
  PATIENT_MS,
  Sound,
  CannotEndWhileDown,
  IsAlwaysUp,
  KeepsForLater,
  TellsChangesTwice,
  LosesOlderMessages,
  TellsGapTwice,
  TellsNoGap,
  TellsShortGap,
} from './broken-brokers.ts';

const FAULTS = [
  [TellsNoGap, 6],
  [TellsGapTwice, 6],
  [TellsShortGap, 6],
  [LosesOlderMessages, 6],
  [TellsNoGap, 7],
  [KeepsForLater, 8],
  [IsAlwaysUp, 9],
  [TellsChangesTwice, 9],
  [CannotEndWhileDown, 10],
] as const;

describe('outageChecks', () => {
  it('finds nothing in a broker that keeps every promise', async () => {
    expect(await brokenPromises(outageChecks, Sound, PATIENT_MS)).toEqual([]);
  });

  it.each(FAULTS.map(([Fault, promise]) => ({ name: Fault.name, Fault, promise })))(
    'finds that a broker $name: $promise',
    async ({ Fault, promise }) => {
      expect(await brokenPromises(outageChecks, Fault)).toContain(promise);
    },
  );
});
