// The name of a room: any text from 1 to 1,024 bytes of UTF-8.

import { describe, expect, it } from 'vitest';
import { checkRoomName, MAX_NAME_BYTES } from '../../src/rooms/room-name.ts';

const check = (name: unknown): void => checkRoomName('host.room()', 'the name of a room', name);

describe('checkRoomName', () => {
  it.each(['a', '__proto__', 'constructor', ' ', 'a/b:c*>', '\0', 'Zoë 🙂', 'x'.repeat(MAX_NAME_BYTES)])(
    'takes %j',
    (name) => {
      expect(() => check(name)).not.toThrow();
    },
  );

  it('counts bytes of UTF-8, not units', () => {
    expect(() => check('é'.repeat(MAX_NAME_BYTES / 2))).not.toThrow();
    expect(() => check('é'.repeat(MAX_NAME_BYTES / 2 + 1))).toThrow(
      'host.room(): expected the name of a room to be a text of 1 to 1024 bytes of UTF-8, got 1026 in "éé',
    );
  });

  it.each([
    ['', '""', 'COROSOCK_ROOM_NAME'],
    [7, '7', 'COROSOCK_ARGUMENT'],
    [undefined, 'undefined', 'COROSOCK_ARGUMENT'],
    ['a\uD800b', 'a lone surrogate in "a\\ud800b"', 'COROSOCK_ROOM_NAME'],
    ['\uDC00', 'a lone surrogate in "\\udc00"', 'COROSOCK_ROOM_NAME'],
  ])('refuses %j', (name, got, code) => {
    const message = `host.room(): expected the name of a room to be a text of 1 to 1024 bytes of UTF-8, got ${got}`;
    expect(() => check(name)).toThrow(expect.objectContaining({ name: 'UsageError', code, message }));
  });
});
