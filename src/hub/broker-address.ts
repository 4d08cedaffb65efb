// Addresses of brokers: those that the hub uses, and what `publish` and `subscribe` refuse, before
// an engine sees it. Each adapter calls the check, through `brokers/engine-broker.ts`.

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

/** What is for all nodes. */
export const ALL_NODES = 'nodes';

const OF_ROOM = 'room:';

/** What is for one node alone: its inbox. */
export function nodeAddress(nodeId: string): string {
  return `node:${nodeId}`;
}

/** What is for the members of a room. */
export function roomAddress(name: string): string {
  return OF_ROOM + name;
}

/** Tells whether an address is that of a room. */
export function isRoomAddress(address: string): boolean {
  return address.startsWith(OF_ROOM);
}

/** The name of the room of an address. */
export function roomOf(address: string): string {
  return address.slice(OF_ROOM.length);
}

const OF_STATE = 'state:';

/**
 * Names the sequence of what is no message on the address of a room: presence, and what is
 * retained. Heartbeats list it beside the address; nothing is sent to it.
 */
export function stateAddress(address: string): string {
  return OF_STATE + address.slice(OF_ROOM.length);
}

/** Tells whether a name in a heartbeat is one of {@link stateAddress}. */
export function isStateAddress(name: string): boolean {
  return name.startsWith(OF_STATE);
}

/** Gives the address to which the envelopes of a sequence are sent. */
export function sentAddress(name: string): string {
  return isStateAddress(name) ? OF_ROOM + name.slice(OF_STATE.length) : name;
}
