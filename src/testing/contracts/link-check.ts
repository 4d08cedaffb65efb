// What the checks of the transport contract are made of: the pair that the author of a transport
// brings, `linkCheck`, and what most checks do with a link. The checks are in `delivery-checks.ts`,
// `ending-checks.ts`, `life-checks.ts` and `fragment-checks.ts`.

import { ok } from 'node:assert/strict';
import type { Check } from './check.ts';
import { RecordedLink } from './recorded-link.ts';
import type { RecordedEnd } from './recorded-link.ts';
import { settle } from '../settle.ts';
import type { Transport } from '../../transport/transport.ts';
import type { Data } from '../../core/data.ts';

/** Both ends of a new link, not opened yet. Disposing of the pair leaves nothing open. */
export interface TransportPair extends AsyncDisposable {
  readonly near: Transport;
  readonly far: Transport;
  /** The largest message that `far` accepts: 64 KiB to 16 MiB. */
  readonly farMaxMessageBytes: number;
}

/** More than operating systems buffer for one link. */
const MAX_UNFLUSHED_BYTES = 134_217_728;

/** 64 KiB. */
export const CHUNK: Data = new Uint8Array(65_536).fill(0x61);

/** Makes a check that runs over a new link. */
export function linkCheck(
  name: string,
  body: (link: RecordedLink, pair: TransportPair) => Promise<void>,
): Check<TransportPair> {
  return {
    name,
    async run(make) {
      await using pair = await make();
      await body(new RecordedLink(pair), pair);
    },
  };
}

/** Makes different messages, so that a loss, a double or a wrong order shows. */
export function numbered(count: number): readonly string[] {
  return Array.from({ length: count }, (_, index) => `message ${index}`);
}

/** Sends messages over an open link. */
export function sendAll(end: RecordedEnd, messages: readonly Data[]): void {
  for (const message of messages) ok(end.send(message), 'send returned false on an open link');
}

/** Sends one message in fragments over an open link. */
export function sendFragments(end: RecordedEnd, fragments: readonly Data[]): void {
  for (const [index, fragment] of fragments.entries()) {
    const last = index === fragments.length - 1;
    ok(end.sendFragment(fragment, { last }), 'sendFragment returned false on an open link');
  }
}

/** Sends to a peer that does not read, until bytes stay unflushed. @returns How many messages. */
export async function fill(end: RecordedEnd): Promise<number> {
  for (let sent = 1; sent * CHUNK.length <= MAX_UNFLUSHED_BYTES; sent += 1) {
    sendAll(end, [CHUNK]);
    if (end.bufferedBytes === 0) continue;
    await settle();
    if (end.bufferedBytes > 0) return sent;
  }
  throw new Error(`bufferedBytes is 0 after ${MAX_UNFLUSHED_BYTES} bytes to a peer that does not read`);
}
