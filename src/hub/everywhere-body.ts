// The bodies of `KIND.everywhere` and `KIND.everywhereDone`: a call on all nodes, and what one node
// has done. everywhere-calls.ts sends and reads them.

import { FieldReader, FieldWriter } from './byte-fields.ts';
import { isSendableClose } from '../core/arguments.ts';

/** What is done: sockets are closed, or a session ends. */
export type EverywhereVerb = 'id' | 'room' | 'session' | 'end-session';

/** Numbers are never used again for another meaning. */
const VERBS: readonly EverywhereVerb[] = ['id', 'room', 'session', 'end-session'];

/** A call on all nodes. */
export interface EverywhereCall {
  /** `id`, `room`, `session`: closes the sockets of that name. */
  readonly verb: EverywhereVerb;
  /** The id of a socket, the name of a room, or the id of a session. */
  readonly name: string;
  readonly code: number;
  readonly reason: string;
}

/** Writes a call. @param number - Of the call, among those of its node. */
export function encodeCall(number: number, { verb, name, code, reason }: EverywhereCall): Uint8Array {
  const [nameBytes, reasonBytes] = [Buffer.from(name), Buffer.from(reason)];
  const fields = new FieldWriter(12 + reasonBytes.length + nameBytes.length);
  fields.u64(number).u8(VERBS.indexOf(verb)).u16(code).u8(reasonBytes.length);
  return fields.put(reasonBytes).put(nameBytes).bytes;
}

/** Reads a call. @returns undefined where it is broken, or one that this node does not know. */
export function readCall(
  body: Uint8Array,
): { readonly number: number; readonly call: EverywhereCall } | undefined {
  const fields = new FieldReader(body);
  const number = fields.u64();
  const verb = VERBS[fields.u8()];
  const code = fields.u16();
  const reason = fields.text(fields.u8());
  const name = fields.text(fields.left);
  if (fields.isBroken || verb === undefined || !isSendableClose(code, reason)) return undefined;
  return { number, call: { verb, name, code, reason } };
}

/** Writes what was done. */
export function encodeDone(number: number, count: number): Uint8Array {
  return new FieldWriter(12).u64(number).u32(count).bytes;
}

/** Reads what was done. @returns undefined where it is broken. */
export function readDone(body: Uint8Array): { readonly number: number; readonly count: number } | undefined {
  const fields = new FieldReader(body);
  const done = { number: fields.u64(), count: fields.u32() };
  return fields.isBroken ? undefined : done;
}
