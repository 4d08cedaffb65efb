// The option `compression`: true, false, or its own options.

import { UsageError } from 'corosock';
import type { CompressionOptions } from 'corosock';
import { describe, expect, it } from 'vitest';
import { compressionOf } from '../../src/core/compression.ts';

describe('compressionOf', () => {
  it.each([
    [false, undefined],
    [true, { contextTakeover: false, thresholdBytes: 1024 }],
    [{}, { contextTakeover: false, thresholdBytes: 1024 }],
    [{ contextTakeover: true }, { contextTakeover: true, thresholdBytes: 1024 }],
    [{ thresholdBytes: 1 }, { contextTakeover: false, thresholdBytes: 1 }],
  ])('makes of %j what is done', (option, done) => {
    expect(compressionOf('serve()', option)).toEqual(done);
  });

  it.each([
    [5, 'serve(): expected compression to be true, false or { contextTakeover, thresholdBytes }, got 5'],
    [
      null,
      'serve(): expected compression to be true, false or { contextTakeover, thresholdBytes }, got null',
    ],
    [
      { threshold: 1 },
      'serve() compression: unknown option "threshold". The options are contextTakeover, thresholdBytes',
    ],
    [{ contextTakeover: 1 }, 'serve(): expected compression.contextTakeover to be true or false, got 1'],
    [
      { thresholdBytes: 0 },
      'serve(): expected compression.thresholdBytes to be an integer from 1 to 2147483647, got 0',
    ],
  ])('refuses %j', (option, message) => {
    expect(() => compressionOf('serve()', option as CompressionOptions)).toThrow(
      new UsageError('COROSOCK_ARGUMENT', message),
    );
  });
});
