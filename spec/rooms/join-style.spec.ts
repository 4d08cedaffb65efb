// The options of `ws.join`: what they may be, and which of them are the same.

import { describe, expect, it } from 'vitest';
import { checkJoin, JoinStyle, JoinStyles } from '../../src/rooms/join-style.ts';
import type { JoinOptions } from '../../src/rooms/room.ts';

const latestBy = (): string => 'key';
const frame = (): string => 'framed';

describe('checkJoin', () => {
  it.each<JoinOptions>([{}, { slow: 'skip' }, { slow: 'close', frame }, { slow: { latestBy } }])(
    'takes %o',
    (options) => {
      expect(() => checkJoin(options)).not.toThrow();
    },
  );

  it.each([
    [undefined, 'options to be an object'],
    [{ solw: 'skip' }, 'unknown option "solw"; did you mean "slow"?'],
    [{ slow: 'wait' }, `slow to be 'skip', 'close' or { latestBy }, got "wait"`],
    [{ slow: null }, `slow to be 'skip', 'close' or { latestBy }, got null`],
    [{ slow: {} }, 'slow.latestBy to be a function, got undefined'],
    [{ slow: { latest: latestBy } }, 'unknown option "latest"'],
    [{ frame: 'text' }, 'frame to be a function, got "text"'],
  ])('refuses %o', (options, text) => {
    expect(() => checkJoin(options as unknown as JoinOptions)).toThrow(text);
  });
});

describe('a style', () => {
  const all: readonly JoinOptions[] = [
    {},
    { slow: 'close' },
    { slow: { latestBy } },
    { slow: { latestBy: () => 'key' } },
    { frame },
    { frame: () => 'framed' },
    { frame, slow: 'close' },
    { frame, slow: { latestBy } },
  ];

  it('matches the options that it was made of, and no others', () => {
    const matching = all.map((options) => all.findIndex((other) => new JoinStyle(other).matches(options)));
    expect(matching).toEqual(all.map((_, index) => index));
    expect(new JoinStyle({}).matches({ slow: 'skip' })).toBe(true);
  });

  it('is one for all members with the same options, until the last has left', () => {
    const styles = new JoinStyles();
    const made = all.map((options) => styles.of(options));
    expect([new Set(made).size, all.map((options) => styles.of({ ...options }))]).toEqual([8, made]);
    for (const style of made) style.members = 1;
    for (const style of made) styles.release(style);
    expect([...styles].length).toBe(8);
    for (const style of made) {
      style.members = 0;
      styles.release(style);
      styles.release(style);
    }
    expect([...styles]).toEqual([]);
  });
});
