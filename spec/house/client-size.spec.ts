// The client for browsers stays small, and README says how small it is. The second half shows
// the check what breaks each rule.

import { describe, expect, it } from 'vitest';
import { bundleClient } from '../fixtures/browser-bundle.ts';
import { clientSizeFaults, PAGES, sizeOf } from './client-size.ts';
import { readProjectFile } from './source-files.ts';

describe('corosock/client, bundled for browsers', { timeout: 60_000 }, () => {
  it.each(PAGES)(
    'has at most $limitBytes bytes where a page imports { $imports }, minified and gzipped, and the size that README says',
    async (page) => {
      const { script } = await bundleClient(`export { ${page.imports} } from 'corosock/client';`, 'esm');
      expect(clientSizeFaults(page, sizeOf(script), readProjectFile('README.md'))).toEqual([]);
    },
  );
});

describe('sizeOf', () => {
  it('compresses with gzip and Brotli', () => {
    const { gzipBytes, brotliBytes } = sizeOf('await ws.read(); '.repeat(1000));
    expect([gzipBytes, brotliBytes]).toEqual([expect.any(Number), expect.any(Number)]);
    expect(Math.max(gzipBytes, brotliBytes)).toBeLessThan(200);
  });
});

describe('clientSizeFaults', () => {
  const PAGE = { imports: 'connect', words: 'kB, gzipped', limitBytes: 15_000 };
  const faultsOf = (gzipBytes: number, readme: string): readonly string[] =>
    clientSizeFaults(PAGE, { gzipBytes, brotliBytes: 13_000 }, readme);

  it.each([
    ['the limit itself', 15_000, 15],
    ['less, rounded down', 14_499, 14],
    ['less, rounded up', 13_500, 14],
  ])('accepts %s', (_, bytes, kilobytes) => {
    expect(faultsOf(bytes, `It has ${kilobytes} kB, gzipped.`)).toEqual([]);
  });

  it.each([
    [
      'a byte more than the limit',
      15_001,
      '15 kB, gzipped',
      'the client has 15001 bytes with gzip (13000 with Brotli), and the limit is 15000 bytes with gzip',
    ],
    [
      'another figure in README',
      14_500,
      '14 kB, gzipped',
      'README says "14 kB, gzipped", and the client has 14500 bytes with gzip (13000 with Brotli): "15 kB, gzipped"',
    ],
    ['no figure in README', 14_300, '14 kB', 'README does not say "14 kB, gzipped"'],
  ])('finds %s', (_, bytes, readme, fault) => {
    expect(faultsOf(bytes, readme)).toEqual([fault]);
  });
});
