// The option `compression` of hosts and clients: its table and its check.
// conversation/conversation-options.ts calls it; transport/ws/deflation.ts does what it says.

import { badArgument, checkBoolean, checkCount, checkNames } from './arguments.ts';
import { complete, namesOf } from './options.ts';
import type { Complete, OptionTable } from './options.ts';

/** How messages are compressed (permessage-deflate, RFC 7692). */
export interface CompressionOptions {
  /**
   * Whether a message may refer to the messages before it. It is smaller then, and each socket
   * holds about 250 KiB from its first message to its end. Default false.
   */
  readonly contextTakeover?: boolean;
  /**
   * Bytes below which a message is sent as it is, 1 to 2³¹−1; with `contextTakeover` each one is
   * compressed. Default 1 KiB.
   */
  readonly thresholdBytes?: number;
}

/** Options checked and filled in. */
export type Compression = Complete<CompressionOptions>;

export const COMPRESSION_OPTIONS: OptionTable<CompressionOptions> = {
  contextTakeover: [false, checkBoolean],
  thresholdBytes: [1024, checkCount],
};

/**
 * Checks the option, and fills in its defaults.
 *
 * @param call - Named in errors.
 * @returns undefined for false.
 * @throws UsageError `COROSOCK_ARGUMENT`.
 */
export function compressionOf(call: string, option: boolean | CompressionOptions): Compression | undefined {
  if (option === false) return undefined;
  if (option === true) return complete(call, {}, COMPRESSION_OPTIONS);
  if (typeof option !== 'object' || option === null) {
    throw badArgument(call, 'compression to be true, false or { contextTakeover, thresholdBytes }', option);
  }
  checkNames(`${call} compression`, option, namesOf(COMPRESSION_OPTIONS));
  return Object.freeze(complete(call, option, COMPRESSION_OPTIONS, 'compression.'));
}
