// The client for browsers stays small, and README says how small it is. The second half shows
// the check what breaks each rule.

import { describe, expect, it } from 'vitest';
import { bundleClient } from '../fixtures/browser-bundle.ts';
import { clientSizeFaults, LIMIT_BYTES, sizeOf } from './client-size.ts';
import { readProjectFile } from './source-files.ts';

describe('corosock/client, bundled for browsers', { timeout: 60_000 }, () => {
  it(`has at most ${LIMIT_BYTES} bytes, minified and gzipped, and the size that README says`, async () => {
    const { script } = await bundleClient(`export { connect } from 'corosock/client';`);
    expect(clientSizeFaults(sizeOf(script), readProjectFile('README.md'))).toEqual([]);
  });
});

describe('sizeOf', () => {
  it('compresses with gzip and Brotli', () => {
    const { gzipBytes, brotliBytes } = sizeOf('await ws.read(); '.repeat(1000));
    expect([gzipBytes, brotliBytes]).toEqual([expect.any(Number), expect.any(Number)]);
    expect(Math.max(gzipBytes, brotliBytes)).toBeLessThan(200);
  });
});

describe('clientSizeFaults', () => {
  const faultsOf = (gzipBytes: number, readme: string): readonly string[] =>
    clientSizeFaults({ gzipBytes, brotliBytes: 13_000 }, readme);

  it.each([
    ['the limit itself', LIMIT_BYTES, Math.round(LIMIT_BYTES / 1000)],
    ['less, rounded down', 14_499, 14],
    ['less, rounded up', 13_500, 14],
  ])('accepts %s', (_, bytes, kilobytes) => {
    expect(faultsOf(bytes, `It has ${kilobytes} kB, minified and gzipped.`)).toEqual([]);
  });

  it.each([
    [
      'a byte more than the limit',
      LIMIT_BYTES + 1,
      `${Math.round(LIMIT_BYTES / 1000)} kB, minified and gzipped`,
      `the client has ${LIMIT_BYTES + 1} bytes with gzip (13000 with Brotli), and the limit is ${LIMIT_BYTES} bytes with gzip`,
    ],
    [
      'another figure in README',
      14_500,
      '14 kB, minified and gzipped',
      'README says 14 kB, and the client has 14500 bytes with gzip (13000 with Brotli): 15 kB',
    ],
    ['no figure in README', 14_300, '', 'README does not say "14 kB, minified and gzipped"'],
  ])('finds %s', (_, bytes, readme, fault) => {
    expect(faultsOf(bytes, readme)).toEqual([fault]);
  });
});
