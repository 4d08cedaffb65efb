// Frames that break the rules of RFC 6455 (spec/faults/README.md, "Frames"), sent by a
// raw peer. Each gets its close code on the wire, the socket tells the real cause, and
// what came whole before is read first. Floods of pings: gone-peers.spec.ts.

import { deflateRawSync } from 'node:zlib';
import { serve } from 'corosock';
import { describe, expect, it } from 'vitest';
import { closeFrame, frame, OPCODE, RSV1, RSV2, RSV3, textFrame } from '../peers/frames.ts';
import { openRaw, upgradeRequest } from '../peers/raw-client.ts';
import { witness } from './witnessed-host.ts';

const MAX_MESSAGE_BYTES = 100_000;
const COMPRESSED = { headers: { 'Sec-WebSocket-Extensions': 'permessage-deflate' } };

type Violation = readonly [what: string, bytes: Uint8Array, code: number, by: string, cause: string];

function textOf(...bytes: readonly number[]): Buffer {
  return frame({ opcode: OPCODE.text, payload: Uint8Array.from(bytes) });
}

function opening(payload: string | Uint8Array = ''): Buffer {
  return frame({ opcode: OPCODE.text, fin: false, payload });
}

function continuation(payload: string | Uint8Array = '', fin = false): Buffer {
  return frame({ opcode: OPCODE.continuation, fin, payload });
}

/** permessage-deflate: deflated, without the four bytes that end a flush (RFC 7692 §7.2.1). */
function deflated(payload: Uint8Array): Buffer {
  const bytes = deflateRawSync(payload, { finishFlush: 2 });
  return frame({ opcode: OPCODE.binary, rsv: RSV1, payload: bytes.subarray(0, -4) });
}

const brokenRules: readonly Violation[] = [
  [
    'F1: an unmasked frame',
    frame({ opcode: OPCODE.text, mask: false }),
    1002,
    'protocol',
    'WS_ERR_EXPECTED_MASK',
  ],
  [
    'F2: RSV1 without compression',
    frame({ opcode: OPCODE.text, rsv: RSV1 }),
    1002,
    'protocol',
    'WS_ERR_UNEXPECTED_RSV_1',
  ],
  ['F3: RSV2', frame({ opcode: OPCODE.text, rsv: RSV2 }), 1002, 'protocol', 'WS_ERR_UNEXPECTED_RSV_2_3'],
  ['F4: RSV3', frame({ opcode: OPCODE.text, rsv: RSV3 }), 1002, 'protocol', 'WS_ERR_UNEXPECTED_RSV_2_3'],
  ...[3, 4, 5, 6, 7, 11, 12, 13, 14, 15].map((opcode): Violation => [
    `F5: opcode ${opcode}`,
    frame({ opcode }),
    1002,
    'protocol',
    'WS_ERR_INVALID_OPCODE',
  ]),
  ['F6: a continuation of nothing', continuation('x', true), 1002, 'protocol', 'WS_ERR_INVALID_OPCODE'],
  [
    'F7: a message inside a message',
    Buffer.concat([opening(), textFrame('x')]),
    1002,
    'protocol',
    'WS_ERR_INVALID_OPCODE',
  ],
  [
    'F8: a ping in fragments',
    frame({ opcode: OPCODE.ping, fin: false }),
    1002,
    'protocol',
    'WS_ERR_EXPECTED_FIN',
  ],
  [
    'F9: a ping of 126 bytes',
    frame({ opcode: OPCODE.ping, payload: Buffer.alloc(126) }),
    1002,
    'protocol',
    'WS_ERR_INVALID_CONTROL_PAYLOAD_LENGTH',
  ],
  [
    'F10: a close of one byte',
    frame({ opcode: OPCODE.close, payload: 'x' }),
    1002,
    'protocol',
    'WS_ERR_INVALID_CONTROL_PAYLOAD_LENGTH',
  ],
  ['F11: close code 999', closeFrame(999), 1002, 'protocol', 'WS_ERR_INVALID_CLOSE_CODE'],
  ['F12: close code 1005', closeFrame(1005), 1002, 'protocol', 'WS_ERR_INVALID_CLOSE_CODE'],
  ['F12: close code 1006', closeFrame(1006), 1002, 'protocol', 'WS_ERR_INVALID_CLOSE_CODE'],
  ['F13: a second request', Buffer.from(upgradeRequest()), 1002, 'protocol', 'WS_ERR_UNEXPECTED_RSV_1'],
  ['F14: text that is no UTF-8', textOf(0xff), 1007, 'protocol', 'WS_ERR_INVALID_UTF8'],
  ['F14: a character cut in two', textOf(0xc3), 1007, 'protocol', 'WS_ERR_INVALID_UTF8'],
  ['F14: an overlong character', textOf(0xc0, 0x80), 1007, 'protocol', 'WS_ERR_INVALID_UTF8'],
  ['F15: a lone surrogate', textOf(0xed, 0xa0, 0x80), 1007, 'protocol', 'WS_ERR_INVALID_UTF8'],
  [
    'F16: a reason that is no UTF-8',
    closeFrame(1000, Uint8Array.of(0xff)),
    1007,
    'protocol',
    'WS_ERR_INVALID_UTF8',
  ],
];

const brokenLimits: readonly Violation[] = [
  [
    'F17: a length of 63 bits',
    frame({ opcode: OPCODE.text, announcedBytes: 2n ** 63n - 1n }),
    1009,
    'limit',
    'WS_ERR_UNSUPPORTED_DATA_PAYLOAD_LENGTH',
  ],
  [
    'F17: a length of 64 bits',
    frame({ opcode: OPCODE.text, announcedBytes: 2n ** 64n - 1n }),
    1009,
    'limit',
    'WS_ERR_UNSUPPORTED_DATA_PAYLOAD_LENGTH',
  ],
  [
    'F18: a message that announces to be too long',
    frame({ opcode: OPCODE.text, announcedBytes: MAX_MESSAGE_BYTES + 1 }),
    1009,
    'limit',
    'WS_ERR_UNSUPPORTED_MESSAGE_LENGTH',
  ],
  [
    'F19: a message that is too long in its fragments',
    Buffer.concat([opening(Buffer.alloc(60_000)), continuation(Buffer.alloc(60_000))]),
    1009,
    'limit',
    'WS_ERR_UNSUPPORTED_MESSAGE_LENGTH',
  ],
  [
    'F20: a message of 20,000 empty fragments',
    Buffer.concat([opening(), ...Array.from({ length: 20_000 }, () => continuation())]),
    1008,
    'limit',
    'WS_ERR_TOO_MANY_BUFFERED_PARTS',
  ],
];

const brokenCompression: readonly Violation[] = [
  [
    'F23: what cannot be inflated',
    frame({ opcode: OPCODE.text, rsv: RSV1, payload: '\u00ff\u00ff' }),
    1007,
    'protocol',
    'Z_DATA_ERROR',
  ],
  [
    'F22: a small message that inflates to 2 MiB',
    deflated(Buffer.alloc(2_097_152)),
    1009,
    'limit',
    'WS_ERR_UNSUPPORTED_MESSAGE_LENGTH',
  ],
  [
    'F2: a compressed ping',
    frame({ opcode: OPCODE.ping, rsv: RSV1 }),
    1002,
    'protocol',
    'WS_ERR_UNEXPECTED_RSV_1',
  ],
  [
    'F2: RSV1 inside a message',
    Buffer.concat([opening(), frame({ opcode: OPCODE.continuation, rsv: RSV1 })]),
    1002,
    'protocol',
    'WS_ERR_UNEXPECTED_RSV_1',
  ],
  ['F14: inflated text that is no UTF-8', invalidDeflatedText(), 1007, 'protocol', 'WS_ERR_INVALID_UTF8'],
];

function invalidDeflatedText(): Buffer {
  const bytes = deflateRawSync(Uint8Array.of(0xff), { finishFlush: 2 });
  return frame({ opcode: OPCODE.text, rsv: RSV1, payload: bytes.subarray(0, -4) });
}

describe.each([
  ['without compression', false, [...brokenRules, ...brokenLimits]],
  ['with compression', true, [...brokenLimits, ...brokenCompression]],
] as const)('frames, %s:', (_, compression, violations) => {
  it.each(violations)(
    '%s gets its close code, and the socket tells why',
    async (_, bytes, code, by, cause) => {
      await using stage = await witness({ maxMessageBytes: MAX_MESSAGE_BYTES, compression }, COMPRESSED);
      const { attacker } = stage;
      await attacker.send(Buffer.concat([textFrame('before'), bytes]));
      expect(await attacker.untilCloseFrame()).toEqual({ code, reason: '' });
      expect(await attacker.hangUp()).toBe('fin');
      const { read, end } = await stage.testimony;
      expect(read).toEqual(['before']);
      expect(end).toMatchObject({ code, reason: '', clean: false, by, unread: 0, cause: { code: cause } });
      expect(await stage.isUnimpressed()).toBe(true);
    },
  );
});

describe('frames:', () => {
  it('F31: a handler that reads after a violation still gets all that came whole before it', async () => {
    const afterwards: unknown[] = [];
    await using host = await serve(async (ws) => {
      await ws.closed;
      while (ws.queued.messages > 0) afterwards.push(await ws.read());
      afterwards.push(await ws.read(), ws.closeInfo);
    });
    using attacker = await openRaw(host.port);
    await attacker.send(Buffer.concat([textFrame('one'), textFrame('two'), frame({ opcode: 3 })]));
    await attacker.hangUp();
    await host.close();
    const end = {
      code: 1002,
      by: 'protocol',
      clean: false,
      unread: 0,
      cause: { code: 'WS_ERR_INVALID_OPCODE' },
    };
    expect(afterwards).toMatchObject([['one', 'ok'], ['two', 'ok'], [undefined, 'closed'], end]);
  });

  it.each([
    ['hangs up', 'halfClose', { message: 'The link has ended without a close frame' }],
    ['resets the link', 'reset', { code: 'ECONNRESET' }],
  ] as const)('F28: a peer that %s in the middle of a message loses no other', async (_, leave, cause) => {
    await using stage = await witness();
    const { attacker } = stage;
    await attacker.send(Buffer.concat([textFrame('whole'), opening('one part of'), continuation('two')]));
    // The echo shows that all of it has been received.
    await attacker.nextText();
    attacker[leave]();
    const { read, end } = await stage.testimony;
    expect(read).toEqual(['whole']);
    expect(end).toMatchObject({ code: 1006, reason: '', clean: false, by: 'link', unread: 0, cause });
    expect(await stage.isUnimpressed()).toBe(true);
  });

  it('F21: a length that is longer than it need be is accepted', async () => {
    await using stage = await witness();
    const lengths = [7, 16, 64] as const;
    const messages = lengths.map((lengthBits) =>
      frame({ opcode: OPCODE.text, payload: `${lengthBits}`, lengthBits }),
    );
    await stage.attacker.send(Buffer.concat([...messages, closeFrame(1000)]));
    await stage.attacker.hangUp();
    expect(await stage.testimony).toEqual({
      read: ['7', '16', '64'],
      end: { code: 1000, reason: '', clean: true, by: 'peer', unread: 0 },
    });
  });

  it('F29: messages in TCP segments of one byte are whole again', async () => {
    await using stage = await witness();
    const messages = [
      textFrame('h\u00e9'),
      opening('in '),
      continuation('fragments', true),
      textFrame('x'.repeat(130)),
    ];
    await stage.attacker.send(Buffer.concat([...messages, closeFrame(4000, 'done')]), 1);
    expect(await stage.attacker.untilCloseFrame()).toEqual({ code: 4000, reason: 'done' });
    await stage.attacker.hangUp();
    const { read, end } = await stage.testimony;
    expect(read).toEqual(['h\u00e9', 'in fragments', 'x'.repeat(130)]);
    expect(end).toMatchObject({ code: 4000, reason: 'done', clean: true, by: 'peer' });
  });

  it('F30: 200,000 empty messages are read one by one', async () => {
    await using host = await serve(async (ws) => {
      let count = 0;
      for await (const data of ws) {
        if (data === '') count += 1;
        else await ws.write(`${count}`);
      }
    });
    using attacker = await openRaw(host.port);
    const flood = attacker.send(
      Buffer.concat([Buffer.alloc(1_200_000, textFrame('')), textFrame('how many?')]),
    );
    expect(await attacker.nextText()).toBe('200000');
    await flood;
  });
});
