// `limitByAddress`: limits for each address, ready-made for the option `limitBy`. An IPv4 address
// counts whole. An IPv6 address counts by its /64, the least that a customer gets (RFC 6177 §2):
// within it a client has as many addresses as it likes.

import type { HandshakeRequest } from '../handshake/handshake-request.ts';
import { canonicalPeerAddress } from '../handshake/ip-address.ts';
import { checkLimits } from './key-limits.ts';
import type { KeyLimit } from './key-limits.ts';
import { badArgument } from '../core/arguments.ts';

const NAMES: ReadonlySet<string> = new Set(['maxSockets', 'handshakes']);

const LIMITS = 'maxSockets, handshakes: { count, perMs, burst }, or both';

/** Clients that have reset their connection before their request was looked at. */
const GONE = 'gone';

/**
 * Makes a `limitBy` whose key is the address of the client, `request.remoteAddress`.
 *
 * A request over a link that has no addresses is not limited: a Unix domain socket, or memory. The
 * system forgets the address of a client that has reset its connection; all of these are counted
 * together, because a client may do so to be counted nowhere.
 *
 * @param limits - `maxSockets`, `handshakes`, or both; see {@link KeyLimit}.
 * @throws UsageError `COROSOCK_ARGUMENT`.
 */
export function limitByAddress(
  limits: Omit<KeyLimit, 'key'>,
): (request: HandshakeRequest) => KeyLimit | undefined {
  if (limits === undefined) throw badArgument('limitByAddress()', LIMITS, limits);
  checkLimits('limitByAddress()', limits, NAMES);
  if (limits.maxSockets === undefined && limits.handshakes === undefined)
    throw badArgument('limitByAddress()', LIMITS, limits);
  // A copy: the caller may change its own after the check.
  const given = { ...limits };
  return ({ remoteAddress, raw }) => {
    if (remoteAddress !== undefined) return { ...given, key: addressKey(remoteAddress) };
    return raw?.socket.localAddress === undefined ? undefined : { ...given, key: GONE };
  };
}

const HEXTETS = 8;
/** The hextets of an IPv6 address that name its /64. */
const PREFIX_HEXTETS = 4;

/**
 * Gives the text by which an address is counted: `192.0.2.1`, `2001:db8:0:1::/64`. An IPv4 address
 * in IPv6 (`::ffff:192.0.2.1`) is that IPv4 address; text that is no address stands for itself.
 */
export function addressKey(address: string): string {
  if (!address.includes(':')) return address;
  const short = canonicalPeerAddress(address);
  if (short === undefined) return address;
  return short.includes(':') ? prefixOf(short) : short;
}

/** @param address - IPv6 in its short form (RFC 5952 §4). */
function prefixOf(address: string): string {
  const [left = [], right = []] = address.split('::').map((part) => part.split(':').filter(Boolean));
  const gap = Array<string>(HEXTETS - left.length - right.length).fill('0');
  return `${[...left, ...gap, ...right].slice(0, PREFIX_HEXTETS).join(':')}::/64`;
}
