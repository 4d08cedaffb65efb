// Addresses as they come from links, headers and options: one spelling for each, and none for what
// is no address.

import fc from 'fast-check';
import { BlockList } from 'node:net';
import { describe, expect, it } from 'vitest';
import { canonicalAddress, nodeAddress, withoutPrefix } from '../../src/handshake/ip-address.ts';

describe('withoutPrefix', () => {
  it.each([
    ['::ffff:192.0.2.1', '192.0.2.1'],
    ['::FFFF:192.0.2.1', '192.0.2.1'],
    ['192.0.2.1', '192.0.2.1'],
    ['2001:db8::1', '2001:db8::1'],
    ['fe80::1%eth0', 'fe80::1%eth0'],
    [undefined, undefined],
  ])('makes of %s %s', (address, plain) => {
    expect(withoutPrefix(address)).toBe(plain);
  });
});

describe('canonicalAddress', () => {
  it.each([
    ['192.0.2.1', '192.0.2.1'],
    ['2001:DB8:0:0::1', '2001:db8::1'],
    ['::', '::'],
    ['::ffff:192.0.2.1', '192.0.2.1'],
    ['::ffff:c000:0201', '192.0.2.1'],
    ['0:0:0:0:0:FFFF:192.0.2.1', '192.0.2.1'],
    ['::192.0.2.1', '::c000:201'],
    ['64:ff9b::192.0.2.1', '64:ff9b::c000:201'],
  ])('gives %s as %s', (text, address) => {
    expect(canonicalAddress(text)).toBe(address);
  });

  it.each(['', ' ', '192.0.2', '192.0.2.256', '192.0.2.1:80', '192.0.02.1', '0x7f.1', '2130706433', '[::1]'])(
    'gives none for %j',
    (text) => {
      expect(canonicalAddress(text)).toBe(undefined);
    },
  );

  it.each(['fe80::1%eth0', ':::', '1::2::3', 'a.example', 'unknown', `${'0'.repeat(100)}::1`])(
    'gives none for %j',
    (text) => {
      expect(canonicalAddress(text)).toBe(undefined);
    },
  );

  it('gives the same address for each spelling of it', () => {
    fc.assert(
      fc.property(fc.ipV6(), (text) => {
        const canonical = canonicalAddress(text) as string;
        const list = new BlockList();
        list.addAddress(text, 'ipv6');
        expect(list.check(canonical, canonical.includes(':') ? 'ipv6' : 'ipv4')).toBe(true);
        expect(canonicalAddress(canonical)).toBe(canonical);
      }),
    );
  });
});

describe('nodeAddress', () => {
  it.each([
    ['192.0.2.1', '192.0.2.1'],
    ['192.0.2.1:8080', '192.0.2.1'],
    ['192.0.2.1:_port', '192.0.2.1'],
    ['[2001:DB8::1]', '2001:db8::1'],
    ['[2001:db8::1]:8080', '2001:db8::1'],
    ['2001:db8::1', '2001:db8::1'],
    ['::ffff:192.0.2.1', '192.0.2.1'],
    ['[::ffff:192.0.2.1]:1', '192.0.2.1'],
  ])('reads %s', (node, address) => {
    expect(nodeAddress(node)).toBe(address);
  });

  it.each([
    'unknown',
    '_hidden',
    '_hidden:80',
    '',
    'a.example',
    '192.0.2.1:',
    '[192.0.2.1',
    '2001:db8::1]:80',
  ])('reads no address in %j', (node) => {
    expect(nodeAddress(node)).toBe(undefined);
  });

  it.each(['[192.0.2.1:80]', '192.0.2.1 ', '192.0.2.1:80:90', `192.0.2.1:${'1'.repeat(65)}`, '[fe80::1%1]'])(
    'reads no address in %j',
    (node) => {
      expect(nodeAddress(node)).toBe(undefined);
    },
  );
});
