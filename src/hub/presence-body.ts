// The bodies of envelopes about presence: the question who is there, all that a node counts in a
// room, and what has changed since. presence-replica.ts sends and reads them.

import { cutIntoParts, FieldReader } from './byte-fields.ts';
import type { FieldWriter, ListPart } from './byte-fields.ts';
import { bodyOf } from './envelope.ts';
import type { Body } from './envelope.ts';
import type { PresentKey } from '../rooms/relay.ts';
import { MAX_METAS } from '../rooms/presence-state.ts';
import { MAX_NAME_BYTES } from '../rooms/room-name.ts';
import { keptBytesOf, MAX_META_BYTES } from '../rooms/room-presence.ts';
import { bytesOf } from '../core/data.ts';

const ASK = 1;
const ALL = 2;
const CHANGES = 3;

const IS_FIRST = 1;
const HAS_MORE = 2;

/** Bytes in front of the keys. */
const PRESENCE_HEAD_BYTES = 18;

/** A key, and who is counted under it; undefined where it is not there any more. */
export type PresenceEntry = readonly [key: string, present: PresentKey | undefined];

/** A key that another node has told. */
export interface ToldKey extends PresentKey {
  /** With which it counts. */
  readonly bytes: number;
}

type ToldEntry = readonly [key: string, present: ToldKey | undefined];

/** One envelope about presence. */
export type PresenceBody =
  | { readonly kind: 'ask' }
  | {
      /** `all`: the first part replaces what was known. `changes`: what is new since `from`. */
      readonly kind: 'all' | 'changes';
      /** Parts of `all`. */
      readonly isFirst: boolean;
      readonly hasMore: boolean;
      /** The version before. */
      readonly from: number;
      /** The version with these entries. It grows with each envelope of changes of a node. */
      readonly to: number;
      readonly entries: readonly ToldEntry[];
    };

/** Asks the nodes of a room who is there. */
export const ASK_BODY: Body = bodyOf(new Uint8Array([ASK]));

/** Tells all that a node counts: in one envelope, unless it is much. */
export function allBodies(entries: Iterable<PresenceEntry>, version: number): readonly Body[] {
  const parts = partsOf(entries);
  return parts.map((part, index) => {
    const flags = (index === 0 ? IS_FIRST : 0) + (index < parts.length - 1 ? HAS_MORE : 0);
    return partBody(ALL, flags, version, version, part);
  });
}

/**
 * Tells what has changed.
 *
 * @returns The envelopes: each has the next version.
 */
export function changesBodies(
  entries: Iterable<PresenceEntry>,
  from: number,
  nextVersion: () => number,
): readonly Body[] {
  let before = from;
  return partsOf(entries).map((part) => {
    const after = nextVersion();
    const body = partBody(CHANGES, 0, before, after, part);
    before = after;
    return body;
  });
}

/** Reads an envelope. @returns undefined where its fields are broken. */
export function readPresence(body: Uint8Array): PresenceBody | undefined {
  const fields = new FieldReader(body);
  const type = fields.u8();
  if (type === ASK) return { kind: 'ask' };
  const flags = fields.u8();
  const from = fields.u64();
  const to = fields.u64();
  const entries: ToldEntry[] = [];
  try {
    while (fields.hasMore) entries.push(readEntry(fields));
  } catch {
    return undefined;
  }
  if (fields.isBroken || from > to || (type !== ALL && type !== CHANGES)) return undefined;
  const kind = type === ALL ? 'all' : 'changes';
  return {
    kind,
    isFirst: (flags & IS_FIRST) !== 0,
    hasMore: (flags & HAS_MORE) !== 0,
    from,
    to,
    entries,
  };
}

/** A key as it is written. */
interface WrittenEntry {
  readonly key: Buffer;
  readonly sockets: number;
  readonly meta: readonly Buffer[];
  readonly bytes: number;
}

function written([key, present]: PresenceEntry): WrittenEntry {
  const texts = present?.meta.map((meta) => Buffer.from(JSON.stringify(meta))) ?? [];
  const metaBytes = texts.reduce((bytes, text) => bytes + 2 + text.length, 0);
  return {
    key: Buffer.from(key),
    sockets: present?.sockets ?? 0,
    meta: texts,
    bytes: 8 + bytesOf(key) + metaBytes,
  };
}

function partsOf(entries: Iterable<PresenceEntry>): ReadonlyArray<ListPart<WrittenEntry>> {
  return cutIntoParts(Array.from(entries, written), ({ bytes }) => bytes);
}

function partBody(
  type: number,
  flags: number,
  from: number,
  to: number,
  { entries, bytes }: ListPart<WrittenEntry>,
): Body {
  return {
    byteLength: PRESENCE_HEAD_BYTES + bytes,
    writeTo(fields) {
      fields.u8(type).u8(flags).u64(from).u64(to);
      for (const entry of entries) writeEntry(fields, entry);
    },
  };
}

function writeEntry(fields: FieldWriter, { key, sockets, meta }: WrittenEntry): void {
  fields.u16(key.length).put(key).u32(sockets).u16(meta.length);
  for (const text of meta) fields.u16(text.length).put(text);
}

/** @throws SyntaxError where it is broken, or a `meta` is no JSON. */
function readEntry(fields: FieldReader): ToldEntry {
  const key = fields.name(MAX_NAME_BYTES);
  const sockets = fields.u32();
  const texts: string[] = [];
  let bytes = key.length;
  for (let left = fields.u16(); left > 0 && !fields.isBroken; left -= 1) {
    const text = fields.name(MAX_META_BYTES);
    bytes += keptBytesOf(text);
    texts.push(text);
  }
  if (fields.isBroken || texts.length > MAX_METAS) throw new SyntaxError('no key of presence');
  const meta = texts.map((text): unknown => JSON.parse(text));
  return [key, sockets === 0 ? undefined : { sockets, meta, bytes }];
}
