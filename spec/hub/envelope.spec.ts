import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  bodyOf,
  decodeEnvelope,
  encodeEnvelope,
  envelopeBytes,
  KIND,
  MAX_ENVELOPE_BYTES,
  MAX_NODE_ID_BYTES,
} from '../../src/hub/envelope.ts';
import type { EnvelopeHeader } from '../../src/hub/envelope.ts';

const HEADER: EnvelopeHeader = {
  kind: KIND.room,
  node: { id: 'n-1', epoch: 1_790_000_000_000 },
  sequence: 42,
  sincePreviousMs: 12.5,
};

function encoded(header: Partial<EnvelopeHeader> = {}, body: Uint8Array = Buffer.from('body')): Buffer {
  return encodeEnvelope({ ...HEADER, ...header }, bodyOf(body));
}

function changed(at: number, ...bytes: readonly number[]): Buffer {
  const envelope = encoded();
  envelope.set(bytes, at);
  return envelope;
}

describe('decodeEnvelope', () => {
  it('gives what was encoded', () => {
    const integer = fc.integer({ min: 0, max: Number.MAX_SAFE_INTEGER });
    const header = fc.record({
      kind: fc.integer({ min: 1, max: 255 }),
      node: fc.record({ id: fc.stringMatching(/^[!-~]{1,64}$/), epoch: integer }),
      sequence: integer,
      sincePreviousMs: fc.oneof(fc.double({ min: 0, noNaN: true }), fc.constant(Infinity)),
      time: fc.option(integer, { nil: undefined }),
    });
    fc.assert(
      fc.property(header, fc.uint8Array(), (header, body) => {
        const envelope = encodeEnvelope(header, bodyOf(body));
        const timeBytes = header.time === undefined ? 8 : 0;
        expect(envelope).toHaveLength(envelopeBytes(header.node, bodyOf(body)) - timeBytes);
        expect(decodeEnvelope(envelope)).toEqual({ ...header, body: Buffer.from(body) });
      }),
    );
  });

  it('reads the layout that other programs write', () => {
    const written = Buffer.concat([
      Buffer.from('CORO'),
      Buffer.from([1, 16, 0, 34, 0, 0, 1, 0xa0, 0xc4, 0x53, 0x6c, 0, 0, 0, 0, 0, 0, 0, 0, 42]),
      Buffer.from([0x7f, 0xf0, 0, 0, 0, 0, 0, 0, 1]),
      Buffer.from('n'),
      Buffer.from('hello'),
    ]);
    expect(decodeEnvelope(written)).toEqual({
      kind: KIND.room,
      node: { id: 'n', epoch: 0x1_a0_c4_53_6c_00 },
      sequence: 42,
      sincePreviousMs: Infinity,
      body: Buffer.from('hello'),
    });
  });

  it('skips fields that a newer header has behind those it knows', () => {
    const envelope = encoded();
    const end = envelope.readUInt16BE(6);
    const newer = Buffer.concat([envelope.subarray(0, end), Buffer.from('more'), envelope.subarray(end)]);
    newer.writeUInt16BE(end + 4, 6);
    expect(decodeEnvelope(newer)).toEqual({ ...HEADER, body: Buffer.from('body') });
    const timed = Buffer.concat([
      envelope.subarray(0, end),
      Buffer.from([0, 0, 0, 0, 0, 0, 1, 2]),
      Buffer.from('more'),
      envelope.subarray(end),
    ]);
    timed.writeUInt16BE(end + 12, 6);
    expect(decodeEnvelope(timed)).toEqual({ ...HEADER, time: 258, body: Buffer.from('body') });
  });

  it.each([
    ['foreign', 'no bytes', new Uint8Array()],
    ['foreign', 'a text', 'CORO' as unknown as Uint8Array],
    ['foreign', 'nothing', undefined as unknown as Uint8Array],
    ['foreign', 'JSON', Buffer.from('{"kind":16}')],
    ['foreign', 'another magic', changed(0, 0)],
    ['version', 'version 0', changed(4, 0)],
    ['version', 'a version to come', changed(4, 2)],
    ['malformed', 'kind 0', changed(5, 0)],
    ['malformed', 'a header that is shorter than its fields', changed(6, 0, 35)],
    ['malformed', 'a header that is longer than all bytes', changed(6, 0xff, 0xff)],
    ['malformed', 'an epoch beyond 2⁵³−1', changed(8, 0xff)],
    ['malformed', 'a sequence beyond 2⁵³−1', changed(16, 0xff)],
    ['malformed', 'a time that is no number', changed(24, 0x7f, 0xf8)],
    ['malformed', 'an id without characters', changed(32, 0)],
    ['malformed', 'an id that is longer than all bytes', changed(32, 200)],
    ['malformed', 'an id with a space', changed(33, 0x20)],
    ['malformed', 'an id that is no UTF-8', changed(33, 0xff)],
    [
      'malformed',
      'an id of 65 characters',
      encoded({ node: { id: 'n'.repeat(MAX_NODE_ID_BYTES + 1), epoch: 1 } }),
    ],
    ['size', 'one byte too many', new Uint8Array(MAX_ENVELOPE_BYTES + 1)],
  ])('finds %s: %s', (fault, _, bytes) => {
    expect(decodeEnvelope(bytes)).toBe(fault);
  });

  it('never throws, whatever the bytes are', () => {
    const cut = fc.tuple(fc.nat(39), fc.nat(255), fc.nat(50));
    fc.assert(
      fc.property(fc.oneof(fc.uint8Array({ maxLength: 100 }), cut), (hostile) => {
        const [at, byte, length] = hostile;
        const bytes =
          hostile instanceof Uint8Array ? hostile : changed(at ?? 0, byte ?? 0).subarray(0, length);
        expect(['string', 'object']).toContain(typeof decodeEnvelope(bytes));
      }),
    );
  });
});
