// The ready-made `limitBy`: by which text an address is counted.

import { limitByAddress, UsageError } from 'corosock';
import type { HandshakeRequest } from 'corosock';
import { describe, expect, it } from 'vitest';
import { addressKey } from '../../src/server/limit-by-address.ts';

/** @param socket - Of a request that came over a link; undefined in memory. */
const requestFrom = (remoteAddress: string | undefined, socket?: object): HandshakeRequest =>
  ({ remoteAddress, raw: socket && { socket } }) as unknown as HandshakeRequest;

describe('addressKey', () => {
  it.each([
    ['an IPv4 address', '192.0.2.1', '192.0.2.1'],
    ['an IPv6 address', '2001:db8:1:2:3:4:5:6', '2001:db8:1:2::/64'],
    ['another address of its /64', '2001:db8:1:2:ffff:ffff:ffff:ffff', '2001:db8:1:2::/64'],
    ['one with a gap', '2001:db8::1', '2001:db8:0:0::/64'],
    ['one with a gap at its end', '2001:db8:a:b::', '2001:db8:a:b::/64'],
    ['one with leading zeros and capitals', '2001:0DB8:000A:000B:0:0:0:1', '2001:db8:a:b::/64'],
    ['one with a zone', 'fe80::1%eth0', 'fe80:0:0:0::/64'],
    ['the loopback address', '::1', '0:0:0:0::/64'],
    ['no address at all', '::', '0:0:0:0::/64'],
    ['IPv4 in IPv6', '::ffff:192.0.2.1', '192.0.2.1'],
    ['the same in hexadecimal', '::FFFF:c000:0201', '192.0.2.1'],
    ['the same in full', '0:0:0:0:0:ffff:192.0.2.1', '192.0.2.1'],
    ['IPv4 behind another prefix', '64:ff9b::192.0.2.1', '64:ff9b:0:0::/64'],
    ['an address that only resembles it', '::fffe:192.0.2.1', '0:0:0:0::/64'],
  ])('counts %s: %s', (_, address, key) => {
    expect(addressKey(address)).toBe(key);
  });

  it.each([
    'unknown',
    '_hidden:8080',
    '1::2::3',
    '1:2:3',
    '1:2:3:4:5:6:7:8:9',
    '1:2:3:4:5:6:7:8::',
    'g::1',
    '12345::',
    '::1.2.3',
    '::1.2.3.4.5',
    '::1.2.3.x',
    '::1.300.3.4',
    '::1.2.3.-4',
  ])('counts %s, which is no address, as it is', (text) => {
    expect(addressKey(text)).toBe(text);
  });
});

describe('limitByAddress', () => {
  it('gives its limits with the key of the address', () => {
    const limits = { maxSockets: 2, handshakes: { count: 1, perMs: 1000 } };
    expect(limitByAddress(limits)(requestFrom('::ffff:192.0.2.1'))).toEqual({ ...limits, key: '192.0.2.1' });
  });

  it('limits no request over a link without addresses', () => {
    const limitBy = limitByAddress({ maxSockets: 2 });
    expect([limitBy(requestFrom(undefined)), limitBy(requestFrom(undefined, {}))]).toEqual([
      undefined,
      undefined,
    ]);
  });

  it('H16: counts together the clients that have reset their connection before', () => {
    const limitBy = limitByAddress({ maxSockets: 2 });
    expect(limitBy(requestFrom(undefined, { localAddress: '192.0.2.9' }))).toEqual({
      key: 'gone',
      maxSockets: 2,
    });
  });

  it('keeps the limits that it has checked', () => {
    const limits = { maxSockets: 2 };
    const limitBy = limitByAddress(limits);
    limits.maxSockets = Number.NaN;
    expect(limitBy(requestFrom('192.0.2.1'))).toEqual({ key: '192.0.2.1', maxSockets: 2 });
  });

  it.each([
    [undefined, 'expected maxSockets, handshakes: { count, perMs, burst }, or both, got undefined'],
    [null, 'expected options to be an object, got null'],
    [{ key: 'a' }, 'unknown option "key". The options are maxSockets, handshakes'],
    [{}, 'expected maxSockets, handshakes: { count, perMs, burst }, or both, got an object'],
    [{ maxSockets: 1.5 }, 'expected maxSockets to be an integer from 1 to 2147483647, got 1.5'],
    [{ handshakes: 5 }, 'expected handshakes to be { count, perMs, burst }, got 5'],
  ])('C1: refuses %j', (limits, text) => {
    expect(() => limitByAddress(limits as never)).toThrow(
      new UsageError('COROSOCK_ARGUMENT', `limitByAddress(): ${text}`),
    );
  });
});
