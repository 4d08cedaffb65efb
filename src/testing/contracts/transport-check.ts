// What a check of the transport contract is made of: the pair that a writer of a
// transport brings, and what most checks do with it. The checks themselves are in
// delivery-checks.ts, ending-checks.ts, life-checks.ts and fragment-checks.ts.

import { ok } from 'node:assert/strict';
import type { Check } from './check.ts';
import { ContractLink } from './contract-link.ts';
import type { ContractEnd } from './contract-link.ts';
import { settle } from '../settle.ts';
import type { Transport } from '../../transport/transport.ts';
import type { Data } from '../../core/data.ts';

/** Both ends of a fresh link, not opened yet. Disposing of it leaves nothing open. */
export interface TransportPair extends AsyncDisposable {
  readonly near: Transport;
  readonly far: Transport;
  /** The largest message that `far` accepts: 64 KiB to 16 MiB. */
  readonly farMaxMessageBytes: number;
}

/** Beyond what operating systems buffer for one link. */
const MOST_UNTAKEN_BYTES = 134_217_728;

/** 64 KiB. */
export const CHUNK: Data = new Uint8Array(65_536).fill(0x61);

/** Makes a check of what is done over a fresh link. */
export function check(
  name: string,
  body: (link: ContractLink, pair: TransportPair) => Promise<void>,
): Check<TransportPair> {
  return {
    name,
    async run(make) {
      await using pair = await make();
      await body(new ContractLink(pair), pair);
    },
  };
}

/** Different messages, so that a loss, a double or a wrong order shows. */
export function numbered(count: number): readonly string[] {
  return Array.from({ length: count }, (_, index) => `message ${index}`);
}

/** Sends over a link that is open. */
export function sendAll(end: ContractEnd, messages: readonly Data[]): void {
  for (const message of messages) ok(end.send(message), 'send has answered false on an open link');
}

/** Sends one message in parts over a link that is open. */
export function sendFragments(end: ContractEnd, parts: readonly Data[]): void {
  for (const [index, part] of parts.entries()) {
    const last = index === parts.length - 1;
    ok(end.sendFragment(part, { last }), 'sendFragment has answered false on an open link');
  }
}

/** Sends to a peer that does not read, until something stays unflushed. @returns How many messages that took. */
export async function fill(end: ContractEnd): Promise<number> {
  for (let sent = 1; sent * CHUNK.length <= MOST_UNTAKEN_BYTES; sent += 1) {
    sendAll(end, [CHUNK]);
    if (end.bufferedBytes === 0) continue;
    await settle();
    if (end.bufferedBytes > 0) return sent;
  }
  throw new Error(`bufferedBytes is 0 after ${MOST_UNTAKEN_BYTES} bytes to a peer that does not read`);
}
