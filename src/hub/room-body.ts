// The bodies of envelopes that rooms send: a message, the question what is retained, and its
// answer. room-relay.ts sends and reads them; rooms/relay.ts says what the values mean. Programs
// in other languages write the first one.

import { cutIntoParts, FieldReader } from './byte-fields.ts';
import type { FieldWriter } from './byte-fields.ts';
import type { Body } from './envelope.ts';
import type { Retained, RoomMessage } from '../rooms/relay.ts';
import { MAX_NAME_BYTES } from '../rooms/room-name.ts';
import { bytesOf, toBytes } from '../core/data.ts';
import type { Data } from '../core/data.ts';

const TEXT = 1;
/** Retained as the last message of the room. */
const OF_ROOM = 2;
/** Retained as the last message of a key. */
const OF_KEY = 4;

/** What `retain` is in an envelope. */
type RetainKey = true | string | undefined;

// Messages.

/** Makes the body of one message. Its data is encoded when the envelope is. */
export function roomBodyOf({ data, except, retain }: RoomMessage): Body {
  const ids = except.map((id) => Buffer.from(id));
  const dataBytes = bytesOf(data);
  const exceptBytes = ids.reduce((bytes, id) => bytes + 2 + id.length, 0);
  return {
    byteLength: 3 + exceptBytes + keyBytes(retain) + dataBytes,
    writeTo(fields) {
      fields.u8(flagsOf(data, retain)).u16(ids.length);
      for (const id of ids) fields.u16(id.length).put(id);
      writeKey(fields, retain);
      writeData(fields, data);
    },
  };
}

/** Reads one message. @returns undefined where its fields are broken. */
export function readRoomBody(body: Uint8Array): RoomMessage | undefined {
  const fields = new FieldReader(body);
  const flags = fields.u8();
  const count = fields.u16();
  const except: string[] = [];
  while (except.length < count && !fields.isBroken) except.push(fields.text(fields.u16()));
  const retain = readKey(fields, flags);
  const data = readData(fields, flags, fields.left);
  return fields.isBroken ? undefined : { data, except, retain };
}

/** How many ids `except` may have in an envelope: their number has two bytes. */
export const MAX_EXCEPT_IDS = 65_535;

// What is retained.

/** Reads the question what is retained. @returns The room; undefined where that is no name. */
export function readRetainedAsk(body: Uint8Array): string | undefined {
  const fields = new FieldReader(body);
  const isName = body.byteLength > 0 && body.byteLength <= MAX_NAME_BYTES;
  const room = fields.text(isName ? body.byteLength : 0);
  return isName && !fields.isBroken ? room : undefined;
}

/** Bytes of one answer: well below the largest envelope, unless one message is longer. */
const ANSWER_BYTES = 200_000;

/** A part of what a node retains of a room. */
export interface RetainedAnswer {
  readonly room: string;
  readonly kept: Retained;
  /** Whether further parts follow. */
  readonly hasMore: boolean;
  /** Whether this node has missed messages, which may have been newer. */
  readonly mayBeOld: boolean;
}

const HAS_MORE = 1;
const MAY_BE_OLD = 2;

/** Makes the answers of a node: one, unless it retains much. */
export function retainedBodies(room: string, kept: Retained, mayBeOld: boolean): readonly Body[] {
  const parts = cutIntoParts(kept, ANSWER_BYTES, entryBytes);
  return parts.map((part, index) => {
    const flags = (index < parts.length - 1 ? HAS_MORE : 0) + (mayBeOld ? MAY_BE_OLD : 0);
    const roomBytes = bytesOf(room);
    return {
      byteLength: part.reduce((bytes, entry) => bytes + entryBytes(entry), 3 + roomBytes),
      writeTo(fields) {
        fields.u8(flags).u16(roomBytes).text(room);
        for (const [key, data] of part) {
          fields.u8(flagsOf(data, key)).u32(bytesOf(data));
          writeKey(fields, key);
          writeData(fields, data);
        }
      },
    };
  });
}

/** Reads an answer. @returns undefined where its fields are broken. */
export function readRetained(body: Uint8Array): RetainedAnswer | undefined {
  const fields = new FieldReader(body);
  const flags = fields.u8();
  const room = fields.text(fields.u16());
  const kept = new Map<true | string, Data>();
  while (fields.hasMore) {
    const entryFlags = fields.u8();
    const length = fields.u32();
    const key = readKey(fields, entryFlags);
    const data = readData(fields, entryFlags, length);
    if (key !== undefined) kept.set(key, data);
  }
  if (fields.isBroken) return undefined;
  return { room, kept, hasMore: (flags & HAS_MORE) !== 0, mayBeOld: (flags & MAY_BE_OLD) !== 0 };
}

type Entry = readonly [key: true | string, data: Data];

function entryBytes([key, data]: Entry): number {
  return 5 + keyBytes(key) + bytesOf(data);
}

// Fields that both have.

function flagsOf(data: Data, retain: RetainKey): number {
  const kind = typeof data === 'string' ? TEXT : 0;
  if (retain === undefined) return kind;
  return kind + (retain === true ? OF_ROOM : OF_KEY);
}

function keyBytes(retain: RetainKey): number {
  return typeof retain === 'string' ? 2 + bytesOf(retain) : 0;
}

function writeKey(fields: FieldWriter, retain: RetainKey): void {
  if (typeof retain === 'string') fields.u16(bytesOf(retain)).text(retain);
}

function readKey(fields: FieldReader, flags: number): RetainKey {
  if ((flags & OF_KEY) !== 0) return fields.name(MAX_NAME_BYTES);
  return (flags & OF_ROOM) !== 0 ? true : undefined;
}

function writeData(fields: FieldWriter, data: Data): void {
  if (typeof data === 'string') fields.text(data);
  else fields.put(toBytes(data));
}

/** A copy: the bytes may be a view on a larger chunk, and nodes of one process may share them. */
function readData(fields: FieldReader, flags: number, length: number): Data {
  return (flags & TEXT) !== 0 ? fields.text(length) : new Uint8Array(fields.bytes(length));
}
