// `limitByAddress`: limits for each address, ready-made for the option `limitBy`. An IPv4 address
// counts whole. An IPv6 address counts by its /64, the least that a customer gets (RFC 6177 §2):
// within it a client has as many addresses as it likes.

import { isIPv4 } from 'node:net';
import type { HandshakeRequest } from '../handshake/handshake-request.ts';
import { checkLimits } from './key-limits.ts';
import type { KeyLimit } from './key-limits.ts';
import { checkObject } from '../core/arguments.ts';

const NAMES: ReadonlySet<string> = new Set(['maxSockets', 'handshakes']);

/**
 * Makes a `limitBy` whose key is the address of the client, `request.remoteAddress`.
 *
 * A request without an address is not limited: one over a Unix domain socket, and one in memory.
 *
 * @param limits - `maxSockets`, `handshakes`, or both; see {@link KeyLimit}.
 * @throws UsageError `COROSOCK_ARGUMENT`.
 */
export function limitByAddress(
  limits: Omit<KeyLimit, 'key'>,
): (request: HandshakeRequest) => KeyLimit | undefined {
  checkObject('limitByAddress()', limits);
  checkLimits('limitByAddress()', limits, NAMES);
  // A copy, which nobody changes after the check.
  const given = { ...limits };
  return ({ remoteAddress }) =>
    remoteAddress === undefined ? undefined : { ...given, key: addressKey(remoteAddress) };
}

const HEXTETS = 8;
/** The hextets of an IPv6 address that name its /64. */
const PREFIX_HEXTETS = 4;

/**
 * Gives the text by which an address is counted: `192.0.2.1`, `2001:db8:0:1::/64`. An IPv4 address
 * in IPv6 (`::ffff:192.0.2.1`, as a dual-stack listener sees it) is that IPv4 address; text that is
 * no address stands for itself.
 */
export function addressKey(address: string): string {
  if (!address.includes(':')) return address;
  const hextets = hextetsOf(address);
  if (hextets === undefined) return address;
  if (isMapped(hextets)) return ipv4Of(hextets);
  const prefix = hextets.slice(0, PREFIX_HEXTETS).map((hextet) => hextet.toString(16));
  return `${prefix.join(':')}::/64`;
}

/** Reads an IPv6 address (RFC 4291 §2.2), with or without a zone. */
function hextetsOf(address: string): readonly number[] | undefined {
  const [text = ''] = address.split('%', 1);
  const [head = '', tail, ...rest] = text.split('::');
  const left = groupsOf(head);
  const right = groupsOf(tail ?? '');
  const missing = HEXTETS - left.length - right.length;
  const isWhole = tail === undefined ? missing === 0 : missing > 0 && rest.length === 0;
  if (!isWhole) return undefined;
  const hextets = [...left, ...Array<number>(missing).fill(0), ...right];
  return hextets.every((hextet) => hextet >= 0 && hextet <= 0xffff) ? hextets : undefined;
}

/** Reads hextets, of which the last two may be written as an IPv4 address. NaN for other text. */
function groupsOf(text: string): readonly number[] {
  if (text === '') return [];
  return text.split(':').flatMap((group) => (group.includes('.') ? ipv4Hextets(group) : hextetOf(group)));
}

function hextetOf(group: string): number {
  return /^[\da-f]{1,4}$/iu.test(group) ? Number.parseInt(group, 16) : Number.NaN;
}

/** Reads an IPv4 address as two hextets. */
function ipv4Hextets(text: string): readonly number[] {
  if (!isIPv4(text)) return [Number.NaN];
  const [a = 0, b = 0, c = 0, d = 0] = text.split('.').map(Number);
  return [a * 256 + b, c * 256 + d];
}

function isMapped(hextets: readonly number[]): boolean {
  return hextets.slice(0, 5).every((hextet) => hextet === 0) && hextets[5] === 0xffff;
}

function ipv4Of(hextets: readonly number[]): string {
  const [high = 0, low = 0] = hextets.slice(6);
  return [high >> 8, high & 0xff, low >> 8, low & 0xff].join('.');
}
