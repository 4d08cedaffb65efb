// Headers from raw lines, against what node itself makes of the same bytes.

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parseRequest } from '../fixtures/parsed-request.ts';
import { parseHeaderLines } from '../../src/handshake/header-lines.ts';

// Names for which node has a rule of its own, and some for which it has none.
// Left out are those that change how the rest is parsed.
const KNOWN = `Age Authorization Content-Type ETag Expires From Host If-Modified-Since If-Unmodified-Since
  Last-Modified Location Max-Forwards Proxy-Authorization Referer Retry-After Server User-Agent Cookie
  Set-Cookie Accept Accept-Language Origin Sec-WebSocket-Protocol Sec-WebSocket-Key Date Via constructor
  __proto__ toString`;

const name = fc.oneof(
  fc.constantFrom(...KNOWN.split(/\s+/)),
  fc.string({
    unit: fc.constantFrom(...'abxyXY01!#$%&*+.^_|~'.split('')),
    minLength: 1,
    maxLength: 6,
  }),
);
const spelling = fc.tuple(name, fc.boolean()).map(([text, upper]) => (upper ? text.toUpperCase() : text));
const value = fc
  .string({ unit: fc.constantFrom(...'aZ0 ,;="/\u00e9\u00ff'.split('')), maxLength: 8 })
  .map((text) => text.trim());

describe('parseHeaderLines', () => {
  it('gives what node gives', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(fc.tuple(spelling, value), { maxLength: 12 }), async (pairs) => {
        const lines = pairs.map(([field, text]) => `${field}: ${text}\r\n`).join('');
        const { headers, rawHeaders } = await parseRequest(`GET / HTTP/1.1\r\n${lines}\r\n`);
        expect(parseHeaderLines(rawHeaders)).toStrictEqual(headers);
      }),
      { numRuns: 300 },
    );
  });

  it('A8: takes names of properties for ordinary names, but __proto__, which Node leaves out', () => {
    const lines = [
      '__proto__',
      'a',
      '__proto__',
      'b',
      'constructor',
      'c',
      'Constructor',
      'd',
      'toString',
      'e',
    ];
    const headers = parseHeaderLines(lines);
    expect(Object.entries(headers)).toEqual([
      ['constructor', 'c, d'],
      ['tostring', 'e'],
    ]);
    expect(Object.getPrototypeOf(headers)).toBe(Object.prototype);
  });

  it('gives an empty value', () => {
    expect({ ...parseHeaderLines(['X-Empty', '', 'x-empty', '']) }).toEqual({ 'x-empty': ', ' });
  });
});
