import { describe, expect, it } from 'vitest';
import { checkAddress } from '../../src/hub/broker-address.ts';

describe('checkAddress', () => {
  it.each(['a', ' ', '__proto__', 'room:héllo \u{1f600}', 'x'.repeat(1100), 'é'.repeat(550), '*.>'])(
    'lets %j pass',
    (address) => {
      expect(() => checkAddress('call', address)).not.toThrow();
    },
  );

  it.each(['', 'x'.repeat(1101), 'é'.repeat(551), 'half \ud83d', 7, undefined])('refuses %j', (address) => {
    expect(() => checkAddress('broker.publish()', address)).toThrow(
      /^broker\.publish\(\): expected address to be a text of 1 to 1100 bytes of UTF-8/,
    );
  });
});
