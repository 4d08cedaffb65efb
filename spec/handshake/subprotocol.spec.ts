// Sub-protocols: which headers are well formed, and which name is chosen.

import fc from 'fast-check';
import * as wsModule from 'ws';
import { describe, expect, it } from 'vitest';
import { chooseSubprotocol, parseSubprotocols } from '../../src/handshake/subprotocol.ts';

describe('parseSubprotocols', () => {
  it.each([
    ['no header', undefined, []],
    ['one name', 'chat', ['chat']],
    ['several, with white space', 'a, b ,\tc,d', ['a', 'b', 'c', 'd']],
    ['names of properties', '__proto__, constructor', ['__proto__', 'constructor']],
  ])('reads %s', (_, header, names) => {
    expect(parseSubprotocols(header)).toEqual(names);
  });

  it.each([
    ['nothing', ''],
    ['an empty element', 'a,,b'],
    ['a comma at the end', 'a,'],
    ['a name twice', 'a, a'],
    ['white space inside', 'a b'],
    ['white space that HTTP does not know', '\u00a0a'],
    ['quotes', '"a"'],
  ])('refuses %s', (_, header) => {
    expect(parseSubprotocols(header)).toBe(undefined);
  });

  it('agrees with the parser that comes after it', () => {
    const piece = fc.constantFrom(
      'a',
      'b',
      'chat',
      ',',
      ', ',
      ' ',
      '\t',
      '\u00a0',
      '\u000b',
      ';',
      '"',
      'é',
      '=',
    );
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 8 }), (pieces) => {
        // Node's parser has taken the white space from both ends.
        const header = pieces.join('').replaceAll(/^[ \t]+|[ \t]+$/g, '');
        expect(parseSubprotocols(header)).toEqual(parsedByWs(header));
      }),
      { numRuns: 2000 },
    );
  });

  it('takes time that grows with the length, not with its square', () => {
    const header = Array.from({ length: 5000 }, (_, i) => `p${i}`).join(`,${' '.repeat(8)}`);
    expect(parseSubprotocols(header)).toHaveLength(5000);
    expect(parseSubprotocols(`${' '.repeat(60_000)}x${' '.repeat(60_000)}y`)).toBe(undefined);
  });
});

describe('chooseSubprotocol', () => {
  it.each([
    ['the first of ours, whatever the order of the offer', ['a', 'b'], ['b', 'a'], 'a'],
    ['what both have', ['a', 'b'], ['x', 'b'], 'b'],
    ['none when nothing is in common', ['a'], ['b'], ''],
    ['none when nothing is offered', ['a'], [], ''],
    ['none when we speak none', [], ['a'], ''],
    ['by exact name', ['Chat'], ['chat'], ''],
  ])('chooses %s', (_, ours, offered, chosen) => {
    expect(chooseSubprotocol(ours, offered)).toBe(chosen);
  });
});

function parsedByWs(header: string): readonly string[] | undefined {
  const { subprotocol } = wsModule as unknown as {
    readonly subprotocol: { parse(header: string): ReadonlySet<string> };
  };
  try {
    return [...subprotocol.parse(header)];
  } catch {
    return undefined;
  }
}
