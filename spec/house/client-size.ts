// How much of a page's load `corosock/client` is, and what is wrong with that. A page downloads
// the client minified and compressed, so that is what counts. client-size.spec.ts asks for no
// faults.

import { brotliCompressSync, constants, gzipSync } from 'node:zlib';

/**
 * 5 % above what was measured on 2026-11-28: 15,529 bytes. 13,756 of them were there before
 * `writeTimeoutMs`, the time of a close whose peer still takes bytes, and `maxFragments`.
 */
export const LIMIT_BYTES = 16_300;

export interface ClientSize {
  readonly gzipBytes: number;
  readonly brotliBytes: number;
}

/** Compresses a minified script as servers do that compress once: as well as they can. */
export function sizeOf(script: string): ClientSize {
  return {
    gzipBytes: gzipSync(script, { level: constants.Z_BEST_COMPRESSION }).length,
    brotliBytes: brotliCompressSync(script).length,
  };
}

/** Says that the client is too large, or that README names another size, one sentence each. */
export function clientSizeFaults({ gzipBytes, brotliBytes }: ClientSize, readme: string): readonly string[] {
  const size = `${gzipBytes} bytes with gzip (${brotliBytes} with Brotli)`;
  const kilobytes = Math.round(gzipBytes / 1000);
  const said = /(\d+) kB, minified and gzipped/.exec(readme)?.[1];
  return [
    ...(gzipBytes > LIMIT_BYTES
      ? [`the client has ${size}, and the limit is ${LIMIT_BYTES} bytes with gzip`]
      : []),
    ...(said === undefined ? [`README does not say "${kilobytes} kB, minified and gzipped"`] : []),
    ...(said !== undefined && said !== String(kilobytes)
      ? [`README says ${said} kB, and the client has ${size}: ${kilobytes} kB`]
      : []),
  ];
}
