// Which known name a caller has probably meant.

import { describe, expect, it } from 'vitest';
import { nearName } from '../../src/platform/near-name.ts';

describe('nearName', () => {
  it.each([
    ['another case', 'PORT', 'port'],
    ['two letters that have changed places', 'prot', 'port'],
    ['a letter that is missing', 'prt', 'port'],
    ['a letter too many', 'portt', 'port'],
    ['another letter', 'pork', 'port'],
    ['a unit that is missing', 'timeout', 'timeoutMs'],
    ['two letters too many, in front', 'myport', 'port'],
  ])('finds a name for %s', (_, name, near) => {
    expect(nearName(name, ['hostname', 'timeoutMs', 'port'])).toBe(near);
  });

  it.each([
    ['three changes', 'reports'],
    ['another word', 'signal'],
    ['the empty name', ''],
    ['one letter', 'p'],
    ['more than a third of a short name', 'pen'],
    ['a word within another', 'name'],
  ])('finds none for %s', (_, name) => {
    expect(nearName(name, ['hostname', 'timeoutMs', 'port'])).toBe(undefined);
  });

  it('takes the nearest, and of equals the first', () => {
    expect(nearName('queueByte', ['queueBits', 'queueBytes'])).toBe('queueBytes');
    expect(nearName('port', ['report'])).toBe(undefined);
    expect(nearName('sent', ['send', 'seat'])).toBe('send');
  });

  it('takes fewer changes where the caller wants so', () => {
    const near = [1, 0].map((most) => nearName('optoins', ['options'], most));
    expect([nearName('actions', ['options']), nearName('actions', ['options'], 1), near]).toEqual([
      'options',
      undefined,
      ['options', undefined],
    ]);
  });
});
