// Where words find room: names beside lines that lie close together, and long sentences.

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { spreadLabels, wrapped } from '../../bench/charts/labels.ts';

const ROOM = { top: 0, bottom: 100 };

describe('spreadLabels', () => {
  it('leaves labels that have room where they are', () => {
    expect(spreadLabels([80, 10, 40], 10, ROOM)).toEqual([80, 10, 40]);
  });

  it('moves labels that lie on each other, in their order', () => {
    expect(spreadLabels([52, 50, 51], 10, ROOM)).toEqual([70, 50, 60]);
  });

  it('moves them up at the bottom', () => {
    expect(spreadLabels([99, 98], 10, ROOM)).toEqual([100, 90]);
  });

  it('lets none overlap, and none leave the picture, where there is room for all', () => {
    const wanted = fc.array(fc.integer({ min: -20, max: 120 }), { maxLength: 10 });
    fc.assert(
      fc.property(wanted, (places) => {
        const spread = spreadLabels(places, 10, ROOM).toSorted((a, b) => a - b);
        const gaps = spread.slice(1).map((place, index) => place - (spread[index] ?? NaN));
        expect([...gaps, 10].every((gap) => gap >= 10)).toBe(true);
        expect(spread.every((place) => place >= 0 && place <= 100)).toBe(true);
      }),
    );
  });
});

describe('wrapped', () => {
  it('breaks between words', () => {
    expect(wrapped('one two three four', 9)).toEqual(['one two', 'three', 'four']);
  });

  it('gives a longer word a line of its own', () => {
    expect(wrapped('a incomprehensibilities b', 5)).toEqual(['a', 'incomprehensibilities', 'b']);
  });
});
