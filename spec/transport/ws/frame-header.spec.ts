// The header of a frame: its length, and the control frames among frames that wait.

import { describe, expect, it } from 'vitest';
import { findControls, headerBytes, payloadBytes } from '../../../src/transport/ws/frame-header.ts';
import { binaryFrame, closeFrame, frame, OPCODE, textFrame } from '../../peers/frames.ts';

const PING = frame({ opcode: OPCODE.ping, payload: 'p' });
const LONG_PING = { opcode: OPCODE.ping, payload: Buffer.alloc(126), lengthBits: 16 } as const;

describe('a header', () => {
  it.each([
    [0, 2],
    [125, 2],
    [126, 4],
    [65_535, 4],
    [65_536, 10],
  ])('tells a payload of %d bytes, in %d bytes and a mask', (bytes, header) => {
    const payload = Buffer.alloc(bytes);
    for (const [mask, more] of [
      [Buffer.alloc(4), 4],
      [false, 0],
    ] as const) {
      const whole = frame({ opcode: OPCODE.binary, payload, mask });
      expect([headerBytes(whole[1] as number), payloadBytes(whole, 0)]).toEqual([header + more, bytes]);
    }
  });

  it('tells a length of more than 32 bits', () => {
    const whole = frame({ opcode: OPCODE.binary, announcedBytes: 2n ** 40n + 5n, lengthBits: 64 });
    expect(payloadBytes(whole, 0)).toBe(2 ** 40 + 5);
  });
});

describe('findControls', () => {
  const before = Buffer.concat([textFrame('a'), binaryFrame(Buffer.alloc(300)), textFrame('')]);

  it('finds a close frame, and the last ping before it', () => {
    const bytes = Buffer.concat([before, PING, PING, textFrame('b'), closeFrame(1000), PING]);
    const at = before.length + PING.length;
    expect(findControls(bytes)).toEqual({ hasClose: true, ping: { at, end: at + PING.length } });
  });

  it.each([
    ['none', before],
    ['none in no bytes', Buffer.alloc(0)],
    ['none behind a frame that is not whole', Buffer.concat([before, textFrame('cut').subarray(0, 8)])],
    ['no pong', Buffer.concat([before, frame({ opcode: OPCODE.pong })])],
    ['no ping that is not masked', Buffer.concat([before, frame({ opcode: OPCODE.ping, mask: false })])],
    ['no ping in fragments', Buffer.concat([before, frame({ opcode: OPCODE.ping, fin: false })])],
    ['no ping that is too long', Buffer.concat([before, frame(LONG_PING)])],
    ['no control frame in a payload', textFrame(closeFrame(1000).toString('latin1'))],
  ])('finds %s', (_, bytes) => {
    expect(findControls(bytes)).toEqual({ hasClose: false, ping: undefined });
  });

  it('finds a control frame only once its last byte is there', () => {
    const bytes = Buffer.concat([before, closeFrame(1000, 'bye')]);
    for (let length = before.length; length < bytes.length; length += 1)
      expect(findControls(bytes.subarray(0, length)).hasClose).toBe(false);
  });
});
