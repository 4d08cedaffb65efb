// Bodies of envelopes as specs read them: the bytes that a node sends, and arbitraries of fast-check
// for what bodies carry.

import fc from 'fast-check';
import { FieldWriter } from '../../src/hub/byte-fields.ts';
import type { Body } from '../../src/hub/envelope.ts';
import type { Data } from '../../src/core/data.ts';

/** The bytes of a body that a node would send. */
export function bytesOf(body: Body): Buffer {
  const fields = new FieldWriter(body.byteLength);
  body.writeTo(fields);
  return fields.bytes;
}

/** Text that is not empty, such as the name of a room. */
export const text: fc.Arbitrary<string> = fc.string({ unit: 'grapheme', minLength: 1 });
/** What a message carries. */
export const data: fc.Arbitrary<Data> = fc.oneof(fc.string({ unit: 'grapheme' }), fc.uint8Array());
/** Under what a message is retained. */
export const key: fc.Arbitrary<true | string> = fc.oneof(fc.constant(true as const), text);
