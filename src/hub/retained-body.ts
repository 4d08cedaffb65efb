// The bodies of envelopes about what is retained: the answer to the question of a node that enters
// a room, and those by which nodes compare what they retain: a digest, and a list of versions.
// room-relay.ts and retained-exchange.ts send and read them.

import { cutIntoParts, FieldReader, FieldWriter } from './byte-fields.ts';
import { bodyOf, MAX_NODE_ID_BYTES } from './envelope.ts';
import type { Body } from './envelope.ts';
import { dataFlags, keyBytes, readData, readKey, writeData, writeKey } from './room-body.ts';
import type { Retained, RetainedEntry, RetainVersion } from '../rooms/relay.ts';
import { MAX_NAME_BYTES } from '../rooms/room-name.ts';
import { bytesOf } from '../core/data.ts';
import type { Data } from '../core/data.ts';

const HAS_MORE = 1;
const MAY_BE_OLD = 2;
const IS_FIRST = 4;

/** Of a key in a list of versions: it was removed. */
const IS_REMOVED = 8;

/** Reads the question what is retained. @returns The room; undefined where that is no name. */
export function readRetainedAsk(body: Uint8Array): string | undefined {
  const fields = new FieldReader(body);
  const isName = body.byteLength > 0 && body.byteLength <= MAX_NAME_BYTES;
  const room = fields.text(isName ? body.byteLength : 0);
  return isName && !fields.isBroken ? room : undefined;
}

/** A part of what a node retains of a room. */
export interface RetainedAnswer {
  readonly room: string;
  readonly kept: Retained;
  /** Whether further parts follow. */
  readonly hasMore: boolean;
  /** Whether this node has missed messages, which may have been newer. */
  readonly mayBeOld: boolean;
}

type Entry = readonly [key: true | string, entry: RetainedEntry];

/** Makes the answers of a node: one, unless it retains much. */
export function retainedBodies(room: string, kept: Retained, mayBeOld: boolean): readonly Body[] {
  const roomBytes = bytesOf(room);
  return cutIntoParts(kept, entryBytes).map(({ entries, bytes }, index, parts) => ({
    byteLength: 3 + roomBytes + bytes,
    writeTo(fields) {
      fields.u8((index < parts.length - 1 ? HAS_MORE : 0) + (mayBeOld ? MAY_BE_OLD : 0));
      fields.u16(roomBytes).text(room);
      for (const [key, { data, version }] of entries) {
        fields.u8(dataFlags(data, key)).u32(bytesOf(data));
        writeKey(fields, key);
        writeVersion(fields, version);
        writeData(fields, data);
      }
    },
  }));
}

/** Reads an answer. @returns undefined where its fields are broken. */
export function readRetained(body: Uint8Array): RetainedAnswer | undefined {
  const fields = new FieldReader(body);
  const flags = fields.u8();
  const room = fields.text(fields.u16());
  const kept = new Map<true | string, { readonly data: Data; readonly version: RetainVersion }>();
  while (fields.hasMore) {
    const entryFlags = fields.u8();
    const length = fields.u32();
    const key = readKey(fields, entryFlags);
    const version = readVersion(fields);
    const data = readData(fields, entryFlags, length);
    if (key !== undefined) kept.set(key, { data, version });
  }
  if (fields.isBroken) return undefined;
  return { room, kept, hasMore: (flags & HAS_MORE) !== 0, mayBeOld: (flags & MAY_BE_OLD) !== 0 };
}

// How nodes compare what they retain.

/** Makes a number of 8 bytes out of what a room retains: the same in whatever order it came. */
export function digestOf(kept: Retained): string {
  let [high, low] = [0, 0];
  for (const [key, { data, version }] of kept) {
    // A removal is forgotten in time.
    if (data.length === 0) continue;
    const text = `${version.time} ${version.node} ${key === true ? '' : `=${key}`}`;
    high = (high + hashOf(text, 0x811c_9dc5)) >>> 0;
    low = (low + hashOf(text, 0x1234_5678)) >>> 0;
  }
  return high.toString(16).padStart(8, '0') + low.toString(16).padStart(8, '0');
}

export function digestBody(digest: string): Body {
  return bodyOf(Buffer.from(digest, 'hex'));
}

/** @returns undefined where its fields are broken. */
export function readDigest(body: Uint8Array): string | undefined {
  const fields = new FieldReader(body);
  const digest = fields.bytes(8).toString('hex');
  return fields.isBroken ? undefined : digest;
}

/** A part of the versions of what a node retains. */
export interface RetainedVersions {
  readonly isFirst: boolean;
  readonly hasMore: boolean;
  readonly versions: ReadonlyMap<true | string, ListedVersion>;
}

/** One of them. */
export interface ListedVersion {
  readonly version: RetainVersion;
  readonly isRemoved: boolean;
}

/** Lists the versions of what a room retains: in one envelope, unless there are many. */
export function versionsBodies(kept: Retained): readonly Body[] {
  return cutIntoParts(kept, listedBytes).map(({ entries, bytes }, index, parts) => ({
    byteLength: 1 + bytes,
    writeTo(fields) {
      fields.u8((index === 0 ? IS_FIRST : 0) + (index < parts.length - 1 ? HAS_MORE : 0));
      for (const [key, { data, version }] of entries) {
        fields.u8(dataFlags('', key) + (data.length === 0 ? IS_REMOVED : 0));
        writeKey(fields, key);
        writeVersion(fields, version);
      }
    },
  }));
}

/** Reads versions. @returns undefined where its fields are broken. */
export function readVersions(body: Uint8Array): RetainedVersions | undefined {
  const fields = new FieldReader(body);
  const flags = fields.u8();
  const versions = new Map<true | string, ListedVersion>();
  while (fields.hasMore) {
    const keyFlags = fields.u8();
    const key = readKey(fields, keyFlags);
    const version = readVersion(fields);
    if (key !== undefined) versions.set(key, { version, isRemoved: (keyFlags & IS_REMOVED) !== 0 });
  }
  if (fields.isBroken) return undefined;
  return { isFirst: (flags & IS_FIRST) !== 0, hasMore: (flags & HAS_MORE) !== 0, versions };
}

function entryBytes([key, { data, version }]: Entry): number {
  return 5 + keyBytes(key) + versionBytes(version) + bytesOf(data);
}

function listedBytes([key, { version }]: Entry): number {
  return 1 + keyBytes(key) + versionBytes(version);
}

function versionBytes({ node }: RetainVersion): number {
  return 10 + node.length;
}

function writeVersion(fields: FieldWriter, { time, node }: RetainVersion): void {
  fields.u64(time).u16(node.length).text(node);
}

function readVersion(fields: FieldReader): RetainVersion {
  return { time: fields.u64(), node: fields.nodeId(MAX_NODE_ID_BYTES) };
}

/** FNV-1a of 32 bits. */
function hashOf(text: string, seed: number): number {
  let hash = seed;
  for (let index = 0; index < text.length; index += 1) {
    hash = Math.imul(hash ^ text.charCodeAt(index), 0x0100_0193);
  }
  return hash >>> 0;
}
