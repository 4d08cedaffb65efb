// The envelope: the bytes that nodes send each other through a broker. A header of fixed fields,
// then a body whose fields belong to its kind (heartbeat-body.ts, room-body.ts). NodeBus encodes
// and decodes it. Other programs write it, too: the layout changes only with its version.

import { FieldReader, FieldWriter } from './byte-fields.ts';

/**
 * Largest envelope, header and body: what each broker carries (broker.ts, promise 3).
 *
 * @limit Envelope between nodes, with its header | the publish is `failed`; one that comes is
 * dropped
 */
export const MAX_ENVELOPE_BYTES = 524_288;

/** 'CORO' in ASCII. */
const MAGIC = 0x43_4f_52_4f;

/** The layout of this file. A node drops envelopes of another one, and counts them. */
export const ENVELOPE_VERSION = 1;

/** Bytes of the header without the node's id and the time. */
const FIXED_BYTES = 33;
/** Bytes of the time, behind the id. */
const TIME_BYTES = 8;

/**
 * Longest id of a node, in ASCII.
 *
 * @limit Id of a node in an envelope | the envelope is dropped
 */
export const MAX_NODE_ID_BYTES = 64;

const NODE_ID = /^[!-~]{1,64}$/;

/**
 * What an envelope is about. A node drops kinds that it does not know: a newer node may have more.
 *
 * 1 to 15 are those of the bus, 16 to 31 those of rooms, 32 to 63 those of sockets by id and of
 * calls on all nodes. Numbers are never used again for another meaning.
 */
export const KIND: Readonly<Record<KindName, Kind>> = Object.freeze({
  /** On `nodes`, each second: this node is here. */
  heartbeat: 1,
  /** On `nodes`: this node leaves for good. */
  goodbye: 2,
  /** To one node: say what you have published to rooms since a number. */
  missed: 3,
  /** On `room:…`: a message. */
  room: 16,
  /** On `nodes`: what do you retain of a room? */
  retainedAsk: 17,
  /** To one node, or on `room:…`: what is retained. */
  retained: 18,
  /** Who is present in a room. */
  presence: 19,
  /** On `room:…`: a digest of what this node retains. */
  retainedDigest: 20,
  /** On `room:…`: the versions of what this node retains. */
  retainedVersions: 21,
  /** To one node: a frame of a handle on a socket of that node (socket-frames.ts). */
  toSocket: 32,
  /** To one node: a frame of a socket for a handle of that node. */
  fromSocket: 33,
  /** To all nodes, or to one: close sockets, or end a session. */
  everywhere: 34,
  /** To one node: that was done. */
  everywhereDone: 35,
});

type KindName =
  | 'heartbeat'
  | 'goodbye'
  | 'missed'
  | 'room'
  | 'retainedAsk'
  | 'retained'
  | 'presence'
  | 'retainedDigest'
  | 'retainedVersions'
  | 'toSocket'
  | 'fromSocket'
  | 'everywhere'
  | 'everywhereDone';

/** A number of {@link KIND}, or of another table: 1 to 255. */
export type Kind = number;

/** A node that has sent something. */
export interface NodeRef {
  readonly id: string;
  /** Milliseconds since 1970 at which it began: greater after each start. */
  readonly epoch: number;
}

/** The header of an envelope. */
export interface EnvelopeHeader {
  readonly kind: Kind;
  readonly node: NodeRef;
  /**
   * Counts the envelopes of this node to this address. It may begin anywhere, and then grows by
   * one. 0: the sender does not count.
   */
  readonly sequence: number;
  /**
   * How long before this one the sender's last envelope to the same address was sent, in
   * milliseconds. Infinity where there was none, or it was some minutes ago and heartbeats have
   * told of it: no gap is before this envelope.
   */
  readonly sincePreviousMs: number;
  /** When it was sent: see hybrid-time.ts. Undefined of a sender that does not say it. */
  readonly time?: number | undefined;
}

/** One envelope. */
export interface Envelope extends EnvelopeHeader {
  readonly body: Uint8Array;
}

/** Why bytes are dropped: no envelope of ours, another version, too large, or broken fields. */
export type EnvelopeFault = 'foreign' | 'version' | 'size' | 'malformed';

/** A body that writes itself: the message of a publish is then encoded once, into the envelope. */
export interface Body {
  readonly byteLength: number;
  writeTo(fields: FieldWriter): void;
}

/** Makes a body of bytes that are there. */
export function bodyOf(bytes: Uint8Array): Body {
  return { byteLength: bytes.byteLength, writeTo: (fields) => void fields.put(bytes) };
}

/** Tells how many bytes an envelope with a time has. */
export function envelopeBytes(node: NodeRef, body: Body): number {
  return FIXED_BYTES + node.id.length + TIME_BYTES + body.byteLength;
}

/** Gives an envelope as bytes. @param header - Its node's id is ASCII. */
export function encodeEnvelope(
  { kind, node, sequence, sincePreviousMs, time }: EnvelopeHeader,
  body: Body,
): Buffer {
  const headerBytes = FIXED_BYTES + node.id.length + (time === undefined ? 0 : TIME_BYTES);
  const fields = new FieldWriter(headerBytes + body.byteLength);
  fields.u32(MAGIC).u8(ENVELOPE_VERSION).u8(kind);
  fields.u16(headerBytes);
  fields.u64(node.epoch).u64(sequence).duration(sincePreviousMs);
  fields.u8(node.id.length).text(node.id);
  if (time !== undefined) fields.u64(time);
  body.writeTo(fields);
  return fields.bytes;
}

/**
 * Reads an envelope. Never throws, whatever the bytes are.
 *
 * @returns The envelope, whose body is a view on `bytes`; or why they are none.
 */
export function decodeEnvelope(bytes: Uint8Array): Envelope | EnvelopeFault {
  if (!ArrayBuffer.isView(bytes)) return 'foreign';
  if (bytes.byteLength > MAX_ENVELOPE_BYTES) return 'size';
  const fields = new FieldReader(bytes);
  if (fields.u32() !== MAGIC) return 'foreign';
  if (fields.u8() !== ENVELOPE_VERSION) return 'version';
  const kind = fields.u8();
  const headerBytes = fields.u16();
  const epoch = fields.u64();
  const sequence = fields.u64();
  const sincePreviousMs = fields.duration();
  const idBytes = fields.u8();
  const id = fields.text(idBytes);
  if (headerBytes < FIXED_BYTES + idBytes) return 'malformed';
  const moreBytes = headerBytes - FIXED_BYTES - idBytes;
  const time = moreBytes < TIME_BYTES ? undefined : fields.u64();
  // A newer node may have more fields in its header.
  fields.bytes(time === undefined ? moreBytes : moreBytes - TIME_BYTES);
  const body = fields.rest();
  if (fields.isBroken || kind === 0 || !NODE_ID.test(id)) return 'malformed';
  return { kind, node: { id, epoch }, sequence, sincePreviousMs, time, body };
}
