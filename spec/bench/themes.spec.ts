// The two themes: text is legible in both, and series can be told apart without colour.

import { describe, expect, it } from 'vitest';
import { LOOKS, THEMES } from '../../bench/charts/themes.ts';

/** WCAG 2.2, 1.4.3: for text of normal size. */
const LEAST_CONTRAST = 4.5;

/** Relative luminance by WCAG 2.2. */
function luminance(colour: string): number {
  const [red = NaN, green = NaN, blue = NaN] = [1, 3, 5]
    .map((at) => Number.parseInt(colour.slice(at, at + 2), 16) / 255)
    .map((part) => (part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4));
  return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
}

function contrast(one: string, other: string): number {
  const [dark = NaN, light = NaN] = [luminance(one), luminance(other)].toSorted((a, b) => a - b);
  return (light + 0.05) / (dark + 0.05);
}

describe('the contrast of two colours', () => {
  it('is 21 of black and white, and 1 of a colour and itself', () => {
    expect([contrast('#000000', '#ffffff'), contrast('#123456', '#123456')]).toEqual([21, 1]);
  });
});

describe.each(THEMES)('the theme $name', ({ background, text, faint, colours }) => {
  it.each([text, faint, ...colours])('shows %s with enough contrast for text', (colour) => {
    expect(contrast(colour, background)).toBeGreaterThanOrEqual(LEAST_CONTRAST);
  });

  it('has a colour of its own for each series', () => {
    expect([colours.length, new Set(colours).size]).toEqual([LOOKS.length, LOOKS.length]);
  });
});

describe('the looks of series', () => {
  it('differ in their dashes, and in their markers', () => {
    for (const key of ['series', 'dashes', 'marker'] as const) {
      expect(new Set(LOOKS.map((look) => look[key])).size).toBe(LOOKS.length);
    }
  });
});
