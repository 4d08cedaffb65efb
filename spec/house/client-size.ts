// How much of a page's load `corosock/client` is, and what is wrong with that. A page downloads
// the client minified and compressed, so that is what counts, in kB of 1000 bytes. Two pages are
// measured: one that imports `connect`, and one that imports `select`, too.
// client-size.spec.ts asks for no faults.

import { brotliCompressSync, constants, gzipSync } from 'node:zlib';

/** A page: what it imports, how README names its size, and the most that it may have. */
export interface MeasuredPage {
  readonly imports: string;
  /** What follows the figure in README. */
  readonly words: string;
  readonly limitBytes: number;
}

/**
 * The limits are 0.2 % above what was measured on 2026-11-29, with what rooms and handles of other
 * nodes need of the writer and the queue, which all sockets share: 17,872 and 19,841 bytes. On
 * 2026-11-30 the reserve of the turn budget took 60 more: a quiet socket beside a flood waits for a
 * third of the time. Reads that take a queued message without a record took 90: an eighth of the CPU
 * of a busy socket. The share of one socket in a turn took 20: whoever waits beside a flood waits
 * for less than 60 % of the time. The aim for the second was 16,000: docs/internals/decisions/client.md has
 * where the bytes are.
 */
export const PAGES: readonly MeasuredPage[] = [
  { imports: 'connect', words: 'kB, minified and gzipped', limitBytes: 18_240 },
  { imports: 'connect, select', words: 'kB with `select`', limitBytes: 20_240 },
];

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

/** Says that a page is too large, or that README names another size, one sentence each. */
export function clientSizeFaults(
  { words, limitBytes }: MeasuredPage,
  { gzipBytes, brotliBytes }: ClientSize,
  readme: string,
): readonly string[] {
  const size = `${gzipBytes} bytes with gzip (${brotliBytes} with Brotli)`;
  const named = `${Math.round(gzipBytes / 1000)} ${words}`;
  const said = new RegExp(`\\d+ ${words}`).exec(readme)?.[0];
  return [
    ...(gzipBytes > limitBytes
      ? [`the client has ${size}, and the limit is ${limitBytes} bytes with gzip`]
      : []),
    ...(said === undefined ? [`README does not say "${named}"`] : []),
    ...(said !== undefined && said !== named
      ? [`README says "${said}", and the client has ${size}: "${named}"`]
      : []),
  ];
}
