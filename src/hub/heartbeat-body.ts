// The body of a heartbeat: what a node says of itself each second, and the sequences of the rooms
// to which it has published since, so that a last message that was lost is noticed. NodeBus sends
// and reads it. A long list is cut into several envelopes.

import { cutIntoParts, FieldReader, FieldWriter } from './byte-fields.ts';
import type { ListPart } from './byte-fields.ts';
import { bodyOf, ENVELOPE_VERSION } from './envelope.ts';
import type { Body } from './envelope.ts';
import type { HadByNode } from './known-nodes.ts';
import type { SentAddress, SentSequences } from './sent-sequences.ts';

const WANTS_ANSWER = 2;
const HAS_FORGOTTEN = 4;
/** The flag of each thing that a node may have. */
const HAD = [
  ['retained', 1],
  ['presence', 8],
] as const;

/** What a node says of itself. */
export interface Heartbeat {
  /** What it has of any room. */
  readonly has: readonly HadByNode[];
  /** Whether it has just begun: who hears it says that it is there, too. */
  readonly wantsAnswer: boolean;
  /** Whether it has forgotten some of the addresses that were asked for. */
  readonly hasForgotten: boolean;
  /** The greatest version of envelopes that it reads. */
  readonly reads: number;
  /** `sent` has all addresses that were used after this envelope of the node … */
  readonly from: number;
  /** … up to this one. */
  readonly to: number;
  readonly sent: readonly HeartbeatAddress[];
}

/** The last envelope to one address. */
export interface HeartbeatAddress {
  readonly address: string;
  readonly sequence: number;
  /** How long ago it was sent, in milliseconds. */
  readonly agoMs: number;
}

/** What a heartbeat says besides its list. */
export type HeartbeatFlags = Partial<Pick<Heartbeat, 'has' | 'wantsAnswer'>>;

/** Bytes of a heartbeat without its list. */
const HEARTBEAT_HEAD_BYTES = 22;
/** Bytes of an address in the list, without its text. */
const ADDRESS_BYTES = 18;

/**
 * Gives the heartbeats that tell all that was sent after an envelope: one, unless the list is long.
 */
export function heartbeatsOf(
  sent: SentSequences,
  from: number,
  nowMs: number,
  flags: HeartbeatFlags = {},
): readonly Body[] {
  const parts = cutIntoParts(sent.since(from), listedBytes);
  const hasForgotten = sent.forgotten > from;
  let after = from;
  return parts.map((part, index) => {
    const to = index === parts.length - 1 ? sent.number : (part.entries.at(-1) as SentAddress).number;
    const body = bodyOf(encode(part, { ...flags, hasForgotten, from: after, to }, nowMs));
    after = to;
    return body;
  });
}

/** Reads a heartbeat. @returns undefined where its fields are broken. */
export function readHeartbeat(body: Uint8Array): Heartbeat | undefined {
  const fields = new FieldReader(body);
  const flags = fields.u8();
  const reads = fields.u8();
  const from = fields.u64();
  const to = fields.u64();
  const count = fields.u32();
  const sent: HeartbeatAddress[] = [];
  while (sent.length < count && !fields.isBroken) {
    const address = fields.text(fields.u16());
    sent.push({ address, sequence: fields.u64(), agoMs: fields.duration() });
  }
  if (fields.isBroken || from > to) return undefined;
  return {
    has: HAD.filter(([, flag]) => (flags & flag) !== 0).map(([what]) => what),
    wantsAnswer: (flags & WANTS_ANSWER) !== 0,
    hasForgotten: (flags & HAS_FORGOTTEN) !== 0,
    reads,
    from,
    to,
    sent,
  };
}

function listedBytes({ address }: SentAddress): number {
  return ADDRESS_BYTES + Buffer.byteLength(address);
}

function encode(
  { entries, bytes }: ListPart<SentAddress>,
  { has = [], wantsAnswer, hasForgotten, from, to }: Partial<Heartbeat> & Pick<Heartbeat, 'from' | 'to'>,
  nowMs: number,
): Buffer {
  const fields = new FieldWriter(HEARTBEAT_HEAD_BYTES + bytes);
  let flags = (wantsAnswer === true ? WANTS_ANSWER : 0) + (hasForgotten === true ? HAS_FORGOTTEN : 0);
  for (const [what, flag] of HAD) if (has.includes(what)) flags += flag;
  fields.u8(flags).u8(ENVELOPE_VERSION).u64(from).u64(to).u32(entries.length);
  for (const { address, sequence, sentMs } of entries) {
    fields.u16(Buffer.byteLength(address)).text(address);
    fields.u64(sequence).duration(Math.max(0, nowMs - sentMs));
  }
  return fields.bytes;
}
