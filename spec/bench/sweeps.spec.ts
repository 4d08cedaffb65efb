// What the charts measure: which servers, at which values.

import { describe, expect, it } from 'vitest';
import {
  CHARTED,
  echoOf,
  IDLE_SOCKETS,
  IN_FLIGHT,
  leftOutNote,
  PERCENTILES,
  SIZES,
} from '../../bench/charts/sweeps.ts';
import { LOOKS } from '../../bench/charts/themes.ts';

const MEBIBYTE = 2 ** 20;

describe('sweeps', () => {
  it('measure corosock and ws, and no server without a look', () => {
    const names = CHARTED.map(({ name }) => name);
    expect(names.slice(0, 2)).toEqual(['corosock', 'ws']);
    expect(LOOKS.map(({ series }) => series)).toEqual(expect.arrayContaining(names));
  });

  it.each([
    ['messages in flight', IN_FLIGHT, 1, 256],
    ['bytes', SIZES, 16, 65_536],
    ['idle sockets', IDLE_SOCKETS, 1000, 50_000],
    ['percentiles', PERCENTILES, 50, 100],
  ])('go up from the least to the most: %s', (_, values, least, most) => {
    expect([values[0], values.at(-1)]).toEqual([least, most]);
    expect(values).toEqual(values.toSorted((a, b) => a - b));
  });

  it('never have more than 2 MiB in flight', () => {
    const inFlight = [...IN_FLIGHT.map((each) => 64 * each * 64), ...SIZES.map((bytes) => 8 * 4 * bytes)];
    expect(Math.max(...inFlight)).toBe(2 * MEBIBYTE);
  });

  it('are echoes of text, each value a scenario of all servers', () => {
    const { kind, servers, isBinary, bytes } = echoOf({ sockets: 8, inFlight: 4, bytes: 16 });
    expect([kind, servers, isBinary, bytes]).toEqual(['echo', CHARTED, false, 16]);
  });

  it('say which numbers of sockets were left out', () => {
    expect(leftOutNote([25_000, 50_000])).toBe(
      'Not measured: 25,000 and 50,000 sockets, more than a process may open here.',
    );
  });
});
