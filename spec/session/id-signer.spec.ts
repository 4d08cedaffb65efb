// The signature of an id is the one that cookie-signature makes and verifies.

import { sign, unsign } from 'cookie-signature';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { IdSigner } from '../../src/session/id-signer.ts';

/** Any text, and at the lengths where the padding of a key changes. */
const secrets = fc.oneof(
  fc.string({ minLength: 1, unit: 'grapheme' }),
  fc.constantFrom(63, 64, 65, 200).map((length) => 'x'.repeat(length)),
);

describe('IdSigner', () => {
  it('signs any ids, one after another, as cookie-signature does', () => {
    fc.assert(
      fc.property(secrets, fc.array(fc.string({ unit: 'grapheme' })), (secret, ids) => {
        const signer = new IdSigner(secret);
        expect(ids.map((id) => signer.sign(id))).toEqual(ids.map((id) => sign(id, secret)));
      }),
    );
  });

  it('signs what cookie-signature verifies with the same secret, and with no other', () => {
    const signed = new IdSigner('a secret').sign('an id');
    expect([unsign(signed, 'a secret'), unsign(signed, 'another')]).toEqual(['an id', false]);
  });

  it('signs a lone surrogate as the bytes that go out for it', () => {
    expect(new IdSigner('s').sign('\ud800')).toBe(sign('\ud800', 's'));
  });
});
