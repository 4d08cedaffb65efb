// IP addresses as text, in one spelling each: what proxies write into headers, what users write
// into options, what a link says of its peer. Pure. trusted-proxies.ts compares them,
// handshake-request.ts gives them to users.

import { isIP } from 'node:net';

/** An IPv4 address behind the prefix of IPv6: a server that listens on `::` sees IPv4 peers so. */
const MAPPED = /^::ffff:(\d+\.\d+\.\d+\.\d+)$/iu;
/** The same, as `new URL` writes it. */
const MAPPED_HEX = /^::ffff:([\da-f]{1,4}):([\da-f]{1,4})$/u;
/** A node of RFC 7239 §6 and of `X-Forwarded-For`: an address, and maybe a port. */
const NODE = /^(?:\[([\da-f:.]+)\]|(\d+\.\d+\.\d+\.\d+))(?::[\w.-]{1,64})?$/iu;
const LONGEST = 64;

/** Gives the address of a peer; an IPv4 address without the prefix of IPv6. */
export function withoutPrefix(address: string): string;
export function withoutPrefix(address: string | undefined): string | undefined;
export function withoutPrefix(address: string | undefined): string | undefined {
  return address?.replace(MAPPED, '$1');
}

/**
 * Gives an address in its one spelling: IPv6 in short form and lower case, and IPv4 without the
 * prefix of IPv6.
 *
 * @returns undefined for what is no address, and for one with a zone (`fe80::1%eth0`).
 */
export function canonicalAddress(text: string): string | undefined {
  if (text.length > LONGEST || text.includes('%')) return undefined;
  const version = isIP(text);
  if (version !== 6) return version === 4 ? text : undefined;
  const short = new URL(`ws://[${text}]`).hostname.slice(1, -1);
  const [, high, low] = MAPPED_HEX.exec(short) ?? [];
  if (high === undefined || low === undefined) return short;
  const bits = [Number.parseInt(high, 16), Number.parseInt(low, 16)];
  return bits.flatMap((pair) => [pair >> 8, pair & 0xff]).join('.');
}

/** Gives the address of a peer in its one spelling, without the zone that a link-local one has. */
export function canonicalPeerAddress(address: string): string | undefined {
  return canonicalAddress(address.replace(/%.*$/u, ''));
}

/**
 * Reads the address of a node: `192.0.2.1`, `192.0.2.1:80`, `2001:db8::1` or `[2001:db8::1]:80`.
 *
 * @returns undefined for a node that is hidden (`unknown`, `_name`), and for what is none.
 */
export function nodeAddress(node: string): string | undefined {
  const [, bracketed, plain] = NODE.exec(node) ?? [];
  return canonicalAddress(bracketed ?? plain ?? node);
}
