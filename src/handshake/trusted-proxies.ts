// Which proxies are believed when they say for whom they connect: the option `trustProxy`. Walks
// from our link towards the client for as long as each one is trusted. Headers are read by
// forwarded-header.ts; the host asks for each handshake, where the option is set.

import type { IncomingHttpHeaders } from 'node:http';
import { BlockList, isIP } from 'node:net';
import { forwardedChain, xForwardedChain } from './forwarded-header.ts';
import type { ForwardedChain, Hop } from './forwarded-header.ts';
import type { Peer } from './handshake-request.ts';
import { canonicalAddress, canonicalPeerAddress, withoutPrefix } from './ip-address.ts';
import { badArgument } from '../core/arguments.ts';

/** The option `trustProxy` of a host: so many proxies, or those with these addresses. */
export type TrustProxy = number | readonly string[];

/**
 * Far more than stand before any server.
 *
 * @limit Proxies before a server that are believed | the address of the last of them counts
 */
const MAX_PROXIES = 32;

/** Says who is at the other end, by the headers of proxies that are trusted. */
export interface TrustedProxies {
  /**
   * Gives the client for whom trusted proxies connect; the peer of the link where it is none.
   *
   * @returns `'contradictory'` where `Forwarded` and `X-Forwarded-*` do not say the same. A proxy
   *   writes one of them and passes on the other as the client has sent it.
   */
  peerOf(headers: IncomingHttpHeaders, link: KnownPeer): KnownPeer | 'contradictory';
}

/** A {@link Peer} of which all is known. */
export type KnownPeer = Peer & { readonly encrypted: boolean; readonly authority: string };

/** Whether an address is that of a trusted proxy. @param distance - 0 for the peer of our link. */
type Trust = (address: string | undefined, distance: number) => boolean;

/** What one kind of header says of the client. */
interface Claim extends Omit<Hop, 'address' | 'hasNode'> {
  readonly hasAddresses: boolean;
  /** Whether the proxy that counts names its client: hidden and malformed names count. */
  readonly saysClient: boolean;
  /** Undefined where a trusted proxy hides it, or says what is no address. */
  readonly address: string | undefined;
}

/** Makes the rule of an option that {@link checkTrustProxy} has let pass; undefined for none. */
export function trustedProxies(option: TrustProxy): TrustedProxies | undefined {
  if (option === 0) return undefined;
  const trust = typeof option === 'number' ? trustOfCount(option) : trustOfRanges(option);
  return { peerOf: (headers, link) => peerOf(headers, link, trust) };
}

/** Refuses what is neither a count nor a list, and entries that are no address or range. */
export function checkTrustProxy(call: string, name: string, option: unknown): void {
  if (Number.isInteger(option) && (option as number) >= 0 && (option as number) <= MAX_PROXIES) return;
  if (!Array.isArray(option)) {
    const expected = `${name} to be a number of proxies from 0 to ${MAX_PROXIES}, or a list of addresses`;
    throw badArgument(call, expected, option);
  }
  for (const [at, entry] of option.entries()) {
    if (typeof entry === 'string' && parseRange(entry) !== undefined) continue;
    throw badArgument(call, `${name}[${at}] to be an address, or a range such as '10.0.0.0/8'`, entry);
  }
}

function peerOf(headers: IncomingHttpHeaders, link: KnownPeer, trust: Trust): KnownPeer | 'contradictory' {
  const address = withoutPrefix(link.remoteAddress);
  if (!trust(address, 0)) return link;
  const old = claimOf(xForwardedChain(headers, MAX_PROXIES), trust);
  const standard = claimOf(forwardedChain(headers, MAX_PROXIES), trust);
  if (old !== undefined && standard !== undefined && isContradictory(old, standard)) return 'contradictory';
  const claim = old?.hasAddresses === true ? old : (standard ?? old);
  if (claim === undefined) return link;
  return {
    remoteAddress: claim.address ?? address,
    encrypted: claim.isSecure ?? link.encrypted,
    authority: claim.host ?? link.authority,
  };
}

/** Walks towards the client for as long as the one that says where it comes from is trusted. */
function claimOf(chain: ForwardedChain | undefined, trust: Trust): Claim | undefined {
  if (chain === undefined) return undefined;
  let address: string | undefined;
  let last: Hop | undefined;
  for (let distance = 0; distance === 0 || trust(address, distance); distance += 1) {
    const hop = chain.hop(distance);
    last = hop ?? last;
    if (hop?.address === undefined) break;
    ({ address } = hop);
  }
  const saysClient = address !== undefined || last?.hasNode !== false;
  const { hasAddresses } = chain;
  return { hasAddresses, saysClient, address, isSecure: last?.isSecure, host: last?.host };
}

function isContradictory(old: Claim, standard: Claim): boolean {
  return (
    (old.hasAddresses && standard.saysClient && old.address !== standard.address) ||
    areDifferent(old.isSecure, standard.isSecure) ||
    areDifferent(old.host?.toLowerCase(), standard.host?.toLowerCase())
  );
}

function areDifferent(a: unknown, b: unknown): boolean {
  return a !== undefined && b !== undefined && a !== b;
}

function trustOfCount(count: number): Trust {
  return (_, distance) => distance < count;
}

function trustOfRanges(ranges: readonly string[]): Trust {
  const list = new BlockList();
  for (const range of ranges) {
    const { address, prefix, family } = parseRange(range) as Range;
    list.addSubnet(address, prefix, family);
  }
  return (address) => {
    // BlockList knows no zones.
    const plain = address === undefined ? undefined : canonicalPeerAddress(address);
    return plain !== undefined && list.check(plain, familyOf(plain));
  };
}

interface Range {
  readonly address: string;
  readonly prefix: number;
  readonly family: 'ipv4' | 'ipv6';
}

/** Reads an address, or a range in CIDR notation; one that holds all addresses is none. */
function parseRange(text: string): Range | undefined {
  const [, given = '', digits] = /^([^/]*)(?:\/(\d{1,3}))?$/u.exec(text) ?? [];
  const address = canonicalAddress(given);
  if (address === undefined) return undefined;
  const family = familyOf(address);
  const longest = family === 'ipv4' ? 32 : 128;
  // Of an IPv4 address that was given behind the prefix of IPv6, 96 bits are the prefix.
  const isMapped = family === 'ipv4' && isIP(given) === 6;
  const prefix = digits === undefined ? longest : Number(digits) - (isMapped ? 96 : 0);
  return prefix >= 1 && prefix <= longest ? { address, prefix, family } : undefined;
}

function familyOf(address: string): 'ipv4' | 'ipv6' {
  return isIP(address) === 4 ? 'ipv4' : 'ipv6';
}
