// The bodies of `KIND.toSocket` and `KIND.fromSocket`: what the two ends of a remote handle send
// each other. remote-transport.ts is the end of the caller, served-handle.ts that of the socket.
// Each frame has the number of its handle, and its own number: one that is missing is noticed.

import { FieldReader, FieldWriter } from './byte-fields.ts';
import { isSendableClose } from '../core/arguments.ts';
import type { CloseInfo, LinkEnd } from '../core/close-info.ts';
import { bytesToSend } from '../core/data.ts';
import type { Data } from '../core/data.ts';
import { propertyOf } from '../core/object-like.ts';

/** Bytes of a message in one frame: two fit into an envelope, a longer message is cut. */
export const MESSAGE_PART_BYTES = 262_144;

type ToSocket =
  | 'open'
  | 'write'
  | 'cancelWrite'
  | 'credit'
  | 'withdraw'
  | 'taken'
  | 'returned'
  | 'close'
  | 'terminate'
  | 'probe'
  | 'release'
  | 'unknown';
type FromSocket = 'opened' | 'status' | 'message' | 'end' | 'alive' | 'lost';

/** From the caller to the socket. Numbers are never used again for another meaning. */
export const TO_SOCKET: Readonly<Record<ToSocket, number>> = Object.freeze({
  open: 1,
  /** A message, or a part of one. */
  write: 2,
  cancelWrite: 3,
  /** The next message may be taken. */
  credit: 4,
  withdraw: 5,
  /** The message that was sent has been received. */
  taken: 6,
  /** No read waits any more for the message that was sent: it goes back into the queue. */
  returned: 7,
  close: 8,
  terminate: 9,
  /** Says that this end is there, and asks the same. */
  probe: 10,
  /**
   * The caller has ended the handle. The fields hold the number of the last frame that it has
   * received. A message whose last frame has a greater number goes back into the queue.
   */
  release: 11,
  /** The caller has no such handle. The fields hold the number of the frame that it has dropped. */
  unknown: 12,
});

/** From the socket to the caller. */
export const FROM_SOCKET: Readonly<Record<FromSocket, number>> = Object.freeze({
  opened: 1,
  status: 2,
  message: 3,
  end: 4,
  alive: 5,
  /** The handle is not known, or a frame of it was lost. */
  lost: 6,
});

/** What `opened` and `status` say, by number. */
export type Answer = 'ok' | 'not-found' | 'not-shared' | 'timeout' | 'closed' | 'cancelled';

const ANSWERS: readonly Answer[] = ['ok', 'not-found', 'not-shared', 'timeout', 'closed', 'cancelled'];

const ENDS: ReadonlyArray<CloseInfo['by']> = [
  'peer',
  'local',
  'link',
  'protocol',
  'limit',
  'heartbeat',
  'session',
  'shutdown',
  'handler',
];

const IS_TEXT = 1;
const IS_LAST = 2;
const IN_BINARY_FRAME = 4;
const IS_COMPRESSED = 8;

/** The fields of a frame that has none. */
export const NO_FIELDS: Uint8Array = new Uint8Array(0);

/** A frame without its fields. */
export interface Frame {
  readonly type: number;
  readonly handle: number;
  readonly number: number;
  readonly fields: FieldReader;
}

const FRAME_HEAD_BYTES = 17;

/** Makes a frame of fields. */
export function frameOf(type: number, handle: number, number: number, fields: Uint8Array): Uint8Array {
  const frame = new FieldWriter(FRAME_HEAD_BYTES + fields.byteLength);
  return frame.u8(type).u64(handle).u64(number).put(fields).bytes;
}

/** Reads a frame. @returns undefined where it is broken. */
export function readFrame(body: Uint8Array): Frame | undefined {
  const fields = new FieldReader(body);
  const frame = { type: fields.u8(), handle: fields.u64(), number: fields.u64(), fields };
  return fields.isBroken ? undefined : frame;
}

/** A message, or a part of one. */
export interface Part {
  /** UTF-8 where it is text. */
  readonly bytes: Uint8Array;
  readonly isText: boolean;
  readonly isLast: boolean;
}

/** Cuts a message. The parts of text are joined before they are read. */
export function partsOf(data: Data, isLast: boolean): readonly Part[] {
  const isText = typeof data === 'string';
  const bytes = bytesToSend(data);
  const parts: Part[] = [];
  let from = 0;
  do {
    const to = Math.min(from + MESSAGE_PART_BYTES, bytes.byteLength);
    parts.push({ bytes: bytes.subarray(from, to), isText, isLast: isLast && to === bytes.byteLength });
    from = to;
  } while (from < bytes.byteLength);
  return parts;
}

/** Joins the parts of a message that have come. */
export function messageOf(parts: readonly Part[]): Data {
  const bytes = Buffer.concat(parts.map((part) => part.bytes));
  return parts[0]?.isText === true ? bytes.toString('utf8') : bytes;
}

export function messageFields({ bytes, isText, isLast }: Part): Uint8Array {
  const flags = (isText ? IS_TEXT : 0) + (isLast ? IS_LAST : 0);
  return new FieldWriter(1 + bytes.byteLength).u8(flags).put(bytes).bytes;
}

export function readMessage(fields: FieldReader): Part | undefined {
  const flags = fields.u8();
  const bytes = Buffer.from(fields.rest());
  if (fields.isBroken) return undefined;
  return { bytes, isText: (flags & IS_TEXT) !== 0, isLast: (flags & IS_LAST) !== 0 };
}

/** A write, or a part of one. */
export interface WrittenPart extends Part {
  readonly binary: boolean;
  readonly compress: boolean;
  /** How long it may wait for room, from now on. */
  readonly timeoutMs: number;
}

export function writeFields({ bytes, isText, isLast, binary, compress, timeoutMs }: WrittenPart): Uint8Array {
  const flags =
    (isText ? IS_TEXT : 0) +
    (isLast ? IS_LAST : 0) +
    (binary ? IN_BINARY_FRAME : 0) +
    (compress ? IS_COMPRESSED : 0);
  return new FieldWriter(9 + bytes.byteLength).u8(flags).duration(timeoutMs).put(bytes).bytes;
}

export function readWrite(fields: FieldReader): WrittenPart | undefined {
  const flags = fields.u8();
  const timeoutMs = fields.duration();
  const bytes = Buffer.from(fields.rest());
  if (fields.isBroken) return undefined;
  return {
    bytes,
    isText: (flags & IS_TEXT) !== 0,
    isLast: (flags & IS_LAST) !== 0,
    binary: (flags & IN_BINARY_FRAME) !== 0,
    compress: (flags & IS_COMPRESSED) !== 0,
    timeoutMs,
  };
}

/** The fields of a frame that names another frame. */
export function numberFields(frame: number): Uint8Array {
  return new FieldWriter(8).u64(frame).bytes;
}

export function statusFields(write: number, status: Answer): Uint8Array {
  return new FieldWriter(9).u64(write).u8(ANSWERS.indexOf(status)).bytes;
}

export function readStatus(
  fields: FieldReader,
): { readonly write: number; readonly status: Answer } | undefined {
  const write = fields.u64();
  const status = ANSWERS[fields.u8()];
  return fields.isBroken || status === undefined ? undefined : { write, status };
}

export function openedFields(status: Answer, protocol: string): Uint8Array {
  const text = Buffer.from(protocol);
  return new FieldWriter(1 + text.length).u8(ANSWERS.indexOf(status)).put(text).bytes;
}

export function readOpened(
  fields: FieldReader,
): { readonly status: Answer; readonly protocol: string } | undefined {
  const status = ANSWERS[fields.u8()];
  const protocol = fields.text(fields.left);
  return fields.isBroken || status === undefined ? undefined : { status, protocol };
}

export function closeFields(code: number, reason: string): Uint8Array {
  const text = Buffer.from(reason);
  return new FieldWriter(2 + text.length).u16(code).put(text).bytes;
}

export function readClose(
  fields: FieldReader,
): { readonly code: number; readonly reason: string } | undefined {
  const code = fields.u16();
  const reason = fields.text(fields.left);
  return fields.isBroken || !isSendableClose(code, reason) ? undefined : { code, reason };
}

/** How the socket has ended: its `CloseInfo`, whose cause is told by its text and its codes. */
export function endFields({ code, reason, clean, by, cause }: CloseInfo): Uint8Array {
  const reasonText = Buffer.from(reason);
  const causeText = Buffer.from(cause === undefined ? '' : JSON.stringify(toldOf(cause)));
  const fields = new FieldWriter(5 + reasonText.length + causeText.length);
  fields
    .u16(code)
    .u8(clean ? 1 : 0)
    .u8(ENDS.indexOf(by))
    .u8(reasonText.length);
  return fields.put(reasonText).put(causeText).bytes;
}

export function readEnd(fields: FieldReader): LinkEnd | undefined {
  const code = fields.u16();
  const clean = fields.u8() === 1;
  const by = ENDS[fields.u8()];
  const reason = fields.text(fields.u8());
  const causeText = fields.text(fields.left);
  if (fields.isBroken || by === undefined) return undefined;
  // A link tells of its own ends alone; here it tells of that of a conversation.
  const end = { code, reason, clean, by: by as LinkEnd['by'] };
  return causeText === '' ? end : { ...end, cause: causeOf(causeText) };
}

function toldOf(cause: unknown): object {
  const { message, code, option } = {
    message: propertyOf(cause, 'message'),
    code: propertyOf(cause, 'code'),
    option: propertyOf(cause, 'option'),
  };
  return {
    message: typeof message === 'string' ? message.slice(0, 1000) : String(cause).slice(0, 1000),
    code: isNameOrNumber(code) ? code : undefined,
    option: isNameOrNumber(option) ? option : undefined,
  };
}

function isNameOrNumber(value: unknown): value is string | number {
  return typeof value === 'string' || typeof value === 'number';
}

function causeOf(text: string): Error {
  let told: unknown;
  try {
    told = JSON.parse(text);
  } catch {
    return new Error(text);
  }
  const message = propertyOf(told, 'message');
  const error = new Error(typeof message === 'string' ? message : text);
  for (const name of ['code', 'option']) {
    const value = propertyOf(told, name);
    if (isNameOrNumber(value)) Object.assign(error, { [name]: value });
  }
  return error;
}
