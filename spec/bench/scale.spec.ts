// Scales of charts: which ticks they show, and where values stand.

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { scaleAt, scaleOf } from '../../bench/charts/scale.ts';
import type { ScaleKind } from '../../bench/charts/scale.ts';

describe('scaleOf', () => {
  it.each<[string, ScaleKind, readonly number[], readonly number[]]>([
    ['has 1, 2 and 5 of each power', 'log', [0.6, 8.5], [0.5, 1, 2, 5, 10]],
    [
      'has powers alone where there are many',
      'log',
      [30, 900_000],
      [10, 100, 1000, 10_000, 100_000, 1_000_000],
    ],
    ['goes from 1 to 10 without values', 'log', [], [1, 2, 5, 10]],
    ['has two ticks around one value', 'log', [3], [2, 5]],
    ['has two ticks where the value is one', 'log', [5], [5, 10]],
    ['has the percentiles, whatever the values', 'tail', [75], [50, 90, 99, 99.9, 100]],
  ])('%s: %s of %j', (_, kind, values, ticks) => {
    expect(scaleOf(kind, values).ticks).toEqual(ticks);
  });

  it('puts the first tick at 0 and the last at 1, and keeps the order between', () => {
    // Logarithms of doubles that are neighbours may come in the wrong order.
    const value = fc.integer({ min: 1, max: 10_000_000_000 }).map((thousandths) => thousandths / 1000);
    fc.assert(
      fc.property(fc.array(value, { minLength: 1 }), (values) => {
        const { ticks, at } = scaleOf('log', values);
        expect([at(ticks[0] ?? NaN), at(ticks.at(-1) ?? NaN)]).toEqual([0, 1]);
        const places = values.toSorted((a, b) => a - b).map(at);
        expect(places).toEqual(places.toSorted((a, b) => a - b));
        expect(places.every((place) => place >= -1e-9 && place <= 1 + 1e-9)).toBe(true);
      }),
    );
  });

  it('is as far from 90 to 99 as from 99 to 99.9 and from there to the slowest', () => {
    const { at } = scaleOf('tail', []);
    const places = [90, 99, 99.9, 100].map(at);
    const steps = places.slice(1).map((place, index) => (place - (places[index] ?? NaN)).toFixed(6));
    expect(new Set(steps).size).toBe(1);
    expect([at(50), at(100)]).toEqual([0, 1]);
  });
});

describe('scaleAt', () => {
  it('has the values themselves as ticks, each once', () => {
    const { ticks, at } = scaleAt('log', [16, 1, 4, 16, 256]);
    expect(ticks).toEqual([1, 4, 16, 256]);
    expect(at(16)).toBe(0.5);
  });

  it('has ticks around a single value', () => {
    expect(scaleAt('log', [3, 3]).ticks).toEqual([2, 5]);
  });
});
