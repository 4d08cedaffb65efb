// Checks the checks: each broker that breaks a promise while it is up is found, by the
// number of that promise.

import { describe, expect, it } from 'vitest';
import { deliveryChecks } from '../../../src/testing/contracts/broker-delivery-checks.ts';
import {
  brokenPromises,
  PATIENT_MS,
  Sound,
  CallsInside,
  CannotEndTwice,
  CloseDoesNothing,
  CountsItself,
  DropsEmpty,
  EndsInSilence,
  HearsItself,
  IgnoresCase,
  NeverEnds,
  RefusesWholeTurns,
  ResolvesEarly,
  SendsTwice,
  TakesAnyAddress,
  TellsGapAlways,
  TellsNoGap,
  TurnsOrderRound,
} from './broken-brokers.ts';

const FAULTS = [
  [SendsTwice, 1],
  [HearsItself, 1],
  [TurnsOrderRound, 2],
  [DropsEmpty, 3],
  [CountsItself, 4],
  [ResolvesEarly, 5],
  [TellsGapAlways, 6],
  [NeverEnds, 10],
  [CannotEndTwice, 10],
  [IgnoresCase, 11],
  [TakesAnyAddress, 11],
  [CallsInside, 12],
  [CloseDoesNothing, 13],
  [EndsInSilence, 14],
  [RefusesWholeTurns, 14],
  [TellsNoGap, 14],
] as const;

describe('deliveryChecks', () => {
  it('finds nothing in a broker that keeps every promise', async () => {
    expect(await brokenPromises(deliveryChecks, Sound, PATIENT_MS)).toEqual([]);
  });

  it.each(FAULTS.map(([Fault, promise]) => ({ name: Fault.name, Fault, promise })))(
    'finds that a broker $name: $promise',
    async ({ Fault, promise }) => {
      expect(await brokenPromises(deliveryChecks, Fault)).toContain(promise);
    },
  );
});
