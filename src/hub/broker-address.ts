// Addresses of brokers: what `publish` and `subscribe` refuse, before an engine sees it. Each
// adapter calls this, through `brokers/engine-broker.ts`.

import { badArgument } from '../core/arguments.ts';
import { bytesOf } from '../core/data.ts';

/**
 * Longest address: a room's name of 1,024 bytes with what stands in front of it.
 *
 * @limit Address of a broker, in UTF-8 | `COROSOCK_ARGUMENT`
 */
const MAX_ADDRESS_BYTES = 1100;

/**
 * Refuses what is no address: an empty text, one above {@link MAX_ADDRESS_BYTES} bytes of UTF-8,
 * and one with lone surrogates, which two texts would share in UTF-8.
 *
 * @throws UsageError `COROSOCK_ARGUMENT`.
 */
export function checkAddress(call: string, address: unknown): asserts address is string {
  if (isAddress(address)) return;
  const expected = `address to be a text of 1 to ${MAX_ADDRESS_BYTES} bytes of UTF-8 without lone surrogates`;
  throw badArgument(call, expected, address);
}

/** Tells whether a value is an address. */
export function isAddress(value: unknown): value is string {
  return (
    typeof value === 'string' && value !== '' && value.isWellFormed() && bytesOf(value) <= MAX_ADDRESS_BYTES
  );
}
