// The option `faults`: names, and objects whose values are checked.

import { describe, expect, it } from 'vitest';
import { world } from 'corosock/testing';
import type { Faults } from 'corosock/testing';
import { canFallSilent, faultsOf, NO_FAULTS } from '../../../../src/testing/simulation/seeded/faults.ts';

describe('the option faults', () => {
  it('has none by default', () => {
    expect([faultsOf('none'), faultsOf({})]).toEqual([NO_FAULTS, NO_FAULTS]);
  });

  it('is mild without a fault that ends a link or loses a message', () => {
    const { reset, halfOpen, stall, crossingClose, nodeDeath, brokerDrop, partition, ...harmless } =
      faultsOf('mild');
    expect([reset, halfOpen, stall, crossingClose, nodeDeath, brokerDrop, partition]).toEqual(
      Array.from({ length: 7 }, () => 0),
    );
    expect(harmless).toEqual({
      delayMs: [0, 200],
      cutChunks: true,
      brokerDuplicate: 0.05,
      slowAcknowledgement: 0.05,
    });
  });

  it('is cruel with every fault', () => {
    expect(Object.values(faultsOf('cruel')).filter((fault) => fault === 0 || fault === false)).toEqual([]);
  });

  it('fills in what an object leaves out', () => {
    expect(faultsOf({ reset: 1 })).toEqual({ ...NO_FAULTS, reset: 1 });
  });

  it.each(['delayMs', 'halfOpen', 'stall', 'nodeDeath'])(
    'may leave a client without an answer: %s',
    (name) => {
      const fault = name === 'delayMs' ? [0, 1] : 0.1;
      expect(canFallSilent(faultsOf({ [name]: fault }))).toBe(true);
    },
  );

  it('leaves no client without an answer by a reset', () => {
    expect(canFallSilent(faultsOf({ reset: 1, cutChunks: true, crossingClose: 1 }))).toBe(false);
  });

  it.each<[string, unknown]>([
    ["expected faults to be 'none', 'mild', 'cruel' or an object of faults, got \"wild\"", 'wild'],
    ["expected faults to be 'none', 'mild', 'cruel' or an object of faults, got null", null],
    ["expected faults to be 'none', 'mild', 'cruel' or an object of faults, got an array", []],
    ['world() faults: unknown option "resets"; did you mean "reset"?', { resets: 1 }],
    ['expected faults.reset to be a probability from 0 to 1, got 2', { reset: 2 }],
    ['expected faults.halfOpen to be a probability from 0 to 1, got NaN', { halfOpen: NaN }],
    ['expected faults.stall to be a probability from 0 to 1, got "1"', { stall: '1' }],
    ['expected faults.crossingClose to be a probability from 0 to 1, got -1', { crossingClose: -1 }],
    ['expected faults.nodeDeath to be a probability from 0 to 1, got true', { nodeDeath: true }],
    ['expected faults.brokerDrop to be a probability from 0 to 1, got 2', { brokerDrop: 2 }],
    ['expected faults.brokerDuplicate to be a probability from 0 to 1, got 2', { brokerDuplicate: 2 }],
    ['expected faults.partition to be a probability from 0 to 1, got 2', { partition: 2 }],
    [
      'expected faults.slowAcknowledgement to be a probability from 0 to 1, got 2',
      { slowAcknowledgement: 2 },
    ],
    ['expected faults.cutChunks to be true or false, got 1', { cutChunks: 1 }],
    ["world(): expected fidelity: 'wire' beside faults.cutChunks", { cutChunks: true }],
    [
      'expected faults.delayMs to be [min, max], integers from 0 to 2147483647 and min ≤ max, got 5',
      { delayMs: 5 },
    ],
    [
      'expected faults.delayMs to be [min, max], integers from 0 to 2147483647 and min ≤ max, got [100, 0]',
      { delayMs: [100, 0] },
    ],
    ['got [0.5, 1]', { delayMs: [0.5, 1] }],
    ['got [-1, 1]', { delayMs: [-1, 1] }],
    ['got [0, 2147483648]', { delayMs: [0, 2 ** 31] }],
    ['got [0, 1, 2]', { delayMs: [0, 1, 2] }],
    ['got [0, 1, 2, …]', { delayMs: [0, 1, 2, 3] }],
    ['got ["0", an object]', { delayMs: ['0', {}] }],
    ['got []', { delayMs: [] }],
  ])('refuses: %s', (message, faults) => {
    expect(() => world({ faults: faults as Faults })).toThrow(
      expect.objectContaining({
        code: 'COROSOCK_ARGUMENT',
        message: expect.stringContaining(message) as string,
      }),
    );
  });
});
