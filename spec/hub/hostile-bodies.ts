// What a hostile or broken program puts on the broker: bytes at random, and bodies that begin as
// those of a node and are changed, so that they get further. Arbitraries of fast-check.

import fc from 'fast-check';
import { bytesOf } from './body-fixtures.ts';
import { bodyOf, encodeEnvelope, KIND } from '../../src/hub/envelope.ts';
import type { Body, Kind } from '../../src/hub/envelope.ts';
import { FieldWriter } from '../../src/hub/byte-fields.ts';
import { encodeCall, encodeDone } from '../../src/hub/everywhere-body.ts';
import { heartbeatsOf } from '../../src/hub/heartbeat-body.ts';
import { allBodies, ASK_BODY, changesBodies } from '../../src/hub/presence-body.ts';
import { digestBody, retainedBodies, versionsBodies } from '../../src/hub/retained-body.ts';
import { roomBodyOf } from '../../src/hub/room-body.ts';
import type { Retained } from '../../src/rooms/relay.ts';
import { SentSequences } from '../../src/hub/sent-sequences.ts';
import {
  closeFields,
  endFields,
  frameOf,
  FROM_SOCKET,
  messageFields,
  NO_FIELDS,
  openedFields,
  statusFields,
  TO_SOCKET,
  writeFields,
} from '../../src/hub/socket-frames.ts';

/** One envelope of an attacker, as it chooses it. */
export interface HostileEnvelope {
  /** Who it claims to be: the place in the list of nodes that a spec has. */
  readonly claims: number;
  readonly epochAhead: number;
  readonly to: 'room' | 'nodes' | 'node';
  readonly kind: Kind;
  readonly sequence: number;
  readonly sincePreviousMs: number;
  /** Makes the body. @param id - Of the socket that is attacked. */
  readonly bodyFor: (id: string) => Uint8Array;
}

/** The bytes of a body that a node would send. */
function bytesOfBody(body: Body): Uint8Array {
  return new Uint8Array(bytesOf(body));
}

/** Numbers at the ends of their fields. */
const EDGES = [0, 1, 127, 255, 256, 65_535, 65_536, 2 ** 31, 2 ** 32 - 1, 2 ** 53 - 1] as const;

/** Names that trip what keeps names in objects, or cuts texts. */
const names = fc.constantFrom('r', 'ada', '__proto__', 'constructor', 'toString', '', 'é'.repeat(512), '😀');

const JSON_TEXTS = [
  '1',
  '{"__proto__":{"polluted":1}}',
  `${'['.repeat(30_000)}${']'.repeat(30_000)}`,
  '"\\ud800"',
  'NaN',
  '{"message":{"toString":1,"valueOf":1},"code":{"a":[]},"option":null}',
  `{"message":${'['.repeat(20_000)}${']'.repeat(20_000)}}`,
] as const;

/** Bodies of nodes by kind. The id of the socket that is attacked is the second argument. */
const GRAMMAR: Readonly<Record<number, (name: string, id: string, edge: number) => Uint8Array>> = {
  [KIND.heartbeat]: (name, _id, edge) => heartbeatOf(name, edge),
  [KIND.goodbye]: () => new Uint8Array(),
  [KIND.missed]: (_name, _id, edge) => new FieldWriter(8).u64(edge).bytes,
  [KIND.room]: (name, id, edge) =>
    bytesOfBody(roomBodyOf({ data: name, except: [id, name], retain: edge % 2 === 0 ? true : name })),
  [KIND.retainedAsk]: (name) => Buffer.from(name),
  [KIND.retained]: (name, _id, edge) =>
    bytesOfBody(retainedBodies('r', keptOf(name, edge), edge % 2 === 0)[0] as Body),
  [KIND.retainedDigest]: (_name, _id, edge) => bytesOfBody(digestBody(`${edge}`.padStart(16, '0'))),
  [KIND.retainedVersions]: (name, _id, edge) => bytesOfBody(versionsBodies(keptOf(name, edge))[0] as Body),
  [KIND.presence]: (name, _id, edge) => presenceOf(name, edge),
  [KIND.everywhere]: (name, id, edge) =>
    encodeCall(edge, {
      verb: (['id', 'room', 'session', 'end-session'] as const)[edge % 4] ?? 'id',
      name: edge % 4 === 0 ? id : name,
      code: edge % 65_536,
      reason: 'x'.repeat(edge % 256),
    }),
  [KIND.everywhereDone]: (_name, _id, edge) => encodeDone(edge, edge % 2 ** 32),
  [KIND.toSocket]: (_name, id, edge) => toSocketOf(id, edge),
  [KIND.fromSocket]: (name, _id, edge) => fromSocketOf(name, edge),
};

function keptOf(name: string, edge: number): Retained {
  return new Map([[name, { data: edge % 3 === 0 ? '' : name, version: { time: edge, node: 'a' } }]]);
}

function heartbeatOf(name: string, edge: number): Uint8Array {
  const sent = new SentSequences();
  for (let count = 0; count < edge % 5; count += 1) sent.next(`room:${name}`, count);
  return bytesOfBody(
    heartbeatsOf(sent, 0, 10, { has: edge % 2 === 0 ? ['retained'] : [], wantsAnswer: true })[0] as Body,
  );
}

function presenceOf(name: string, edge: number): Uint8Array {
  if (edge % 3 === 0) return bytesOfBody(ASK_BODY);
  const entries = [[name, { sockets: edge % 2 ** 32, meta: [name, { a: [1] }] }]] as const;
  const bodies =
    edge % 3 === 1 ? allBodies(entries, edge) : changesBodies(entries, Math.max(edge - 1, 0), () => edge);
  return bytesOfBody(bodies[0] as Body);
}

function toSocketOf(id: string, edge: number): Uint8Array {
  const data = { bytes: Buffer.from('hi'), isText: true, isLast: edge % 2 === 0 };
  const type = edge % 14;
  const fieldsOf: Readonly<Record<number, () => Uint8Array>> = {
    [TO_SOCKET.open]: () => Buffer.from(id),
    [TO_SOCKET.write]: () => writeFields({ ...data, binary: true, compress: true, timeoutMs: edge }),
    [TO_SOCKET.cancelWrite]: () => new FieldWriter(8).u64(edge).bytes,
    [TO_SOCKET.close]: () => closeFields(edge % 65_536, 'x'.repeat(edge % 300)),
  };
  return frameOf(type, 1, type === TO_SOCKET.open ? 1 : 3 - (edge % 2), fieldsOf[type]?.() ?? NO_FIELDS);
}

function fromSocketOf(name: string, edge: number): Uint8Array {
  const data = { bytes: Buffer.from(name), isText: edge % 2 === 0, isLast: edge % 3 === 0 };
  const cause = Object.assign(new Error(name), { code: name, option: edge });
  const type = edge % 7;
  const end = { code: edge % 65_536, reason: '', clean: true, by: 'peer', unread: 0, cause } as const;
  const fieldsOf: Readonly<Record<number, () => Uint8Array>> = {
    [FROM_SOCKET.opened]: () => openedFields('ok', name),
    [FROM_SOCKET.status]: () => statusFields(edge, 'timeout'),
    [FROM_SOCKET.message]: () => messageFields(data),
    [FROM_SOCKET.end]: () => endFields(end),
  };
  return frameOf(type, 1, 2, fieldsOf[type]?.() ?? NO_FIELDS);
}

const numbers = fc.oneof(fc.constantFrom(...EDGES), fc.nat(1_000_000));

/** One change of bytes. */
type Change = (bytes: Buffer) => Uint8Array;

const changes: fc.Arbitrary<Change> = fc.oneof(
  { weight: 4, arbitrary: fc.constant<Change>((bytes) => bytes) },
  fc.nat(255).map(
    (at): Change =>
      (bytes) =>
        bytes.subarray(0, at),
  ),
  fc.tuple(fc.nat(255), fc.nat(255)).map(([at, value]): Change => (bytes) => {
    if (bytes.length > 0) bytes[at % bytes.length] = value;
    return bytes;
  }),
  fc.tuple(fc.nat(255), fc.constantFrom(...EDGES)).map(([at, edge]): Change => (bytes) => {
    if (bytes.length >= 4) bytes.writeUInt32BE(edge % 2 ** 32, at % (bytes.length - 3));
    return bytes;
  }),
  fc.uint8Array({ maxLength: 40 }).map(
    (more): Change =>
      (bytes) =>
        Buffer.concat([bytes, more]),
  ),
  fc.constantFrom(...JSON_TEXTS).map(
    (text): Change =>
      (bytes) =>
        Buffer.concat([bytes.subarray(0, 22), keyWithMeta(text)]),
  ),
  fc.constantFrom(...JSON_TEXTS).map(
    (text): Change =>
      (bytes) =>
        Buffer.concat([bytes.subarray(0, 17), new Uint8Array([3, 232, 1, 2, 0]), Buffer.from(text)]),
  ),
  fc.nat(3).map(
    (times): Change =>
      (bytes) =>
        Buffer.concat(Array.from({ length: times + 1 }, () => bytes)),
  ),
);

/** A key of presence whose `meta` is any text. It follows the head of a body about presence. */
function keyWithMeta(text: string): Uint8Array {
  const meta = Buffer.from(text).subarray(0, 65_535);
  const fields = new FieldWriter(11 + meta.length);
  return fields.u16(1).text('k').u32(1).u16(1).u16(meta.length).put(meta).bytes;
}

const ADDRESSES: Readonly<Record<number, HostileEnvelope['to']>> = {
  [KIND.room]: 'room',
  [KIND.presence]: 'room',
  [KIND.retainedDigest]: 'room',
  [KIND.retainedVersions]: 'room',
  [KIND.missed]: 'node',
  [KIND.retained]: 'node',
  [KIND.toSocket]: 'node',
  [KIND.fromSocket]: 'node',
  [KIND.everywhereDone]: 'node',
};

const kinds = fc.constantFrom(...Object.values(KIND), 0, 99, 255);

/** What an attacker sends to a node. */
export function hostileEnvelopes(): fc.Arbitrary<HostileEnvelope> {
  const grown = fc
    .tuple(fc.constantFrom(...Object.keys(GRAMMAR).map(Number)), names, numbers, changes)
    .map(([kind, name, edge, change]) => {
      const bodyFor = (id: string): Uint8Array =>
        change(Buffer.from(GRAMMAR[kind]?.(name, id, edge) ?? new Uint8Array()));
      return { kind, bodyFor, to: ADDRESSES[kind] ?? 'nodes' };
    });
  const random = fc
    .record({ kind: kinds, body: fc.uint8Array({ maxLength: 200 }) })
    .map(({ kind, body }) => ({ kind, bodyFor: () => body }));
  const to = fc.constantFrom('room' as const, 'nodes' as const, 'node' as const);
  return fc
    .record({
      claims: fc.nat(3),
      epochAhead: fc.constantFrom(0, 0, 0, 1, -1),
      to,
      sequence: fc.constantFrom(0, 0, 0, 1, 2, 5, 2 ** 53 - 1),
      sincePreviousMs: fc.constantFrom(0, 1000, Infinity),
      of: fc.oneof({ weight: 4, arbitrary: grown }, { weight: 1, arbitrary: random }),
    })
    .map(({ of, to: anywhere, ...rest }) => ({ to: anywhere, ...rest, ...of }));
}

/** The bytes on the broker. */
export function bytesOfEnvelope(
  { kind, sequence, sincePreviousMs, epochAhead, bodyFor }: HostileEnvelope,
  { id, epoch }: { readonly id: string; readonly epoch: number },
  socketId: string,
): Uint8Array {
  const node = { id, epoch: epoch + epochAhead };
  return encodeEnvelope({ kind, node, sequence, sincePreviousMs }, bodyOf(bodyFor(socketId)));
}
