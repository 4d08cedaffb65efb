// Messages that are announced and never finished, and peers that send more than their rate allows
// (spec/faults/README.md, F27 and B6), sent by a raw peer over a port.

import { deflateRawSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { virtualClock } from 'corosock/testing';
import { frame, OPCODE, RSV1, textFrame } from '../peers/frames.ts';
import { witness } from './witnessed-host.ts';

const COMPRESSED = { headers: { 'Sec-WebSocket-Extensions': 'permessage-deflate' } };
const deflated = deflateRawSync(Buffer.from('inflated'), { finishFlush: 2 });

describe('F27, B6: a message that is never finished', () => {
  it.each([
    [
      '100 MiB announced, and 1 byte',
      frame({ opcode: OPCODE.binary, payload: 'x', announcedBytes: 104_857_600 }),
    ],
    ['one byte of a header', Buffer.of(0x81)],
    [
      'a first fragment, and pings',
      Buffer.concat([
        frame({ opcode: OPCODE.text, fin: false, payload: 'one' }),
        frame({ opcode: OPCODE.ping }),
      ]),
    ],
    ['a compressed fragment', frame({ opcode: OPCODE.text, fin: false, rsv: RSV1, payload: deflated })],
  ])('ends with 1008: %s', async (_, bytes) => {
    const options = {
      messageTimeoutMs: 40,
      maxMessageBytes: 200_000_000,
      compression: true,
      closeTimeoutMs: 50,
    };
    await using stage = await witness(options, COMPRESSED);
    const { attacker } = stage;
    await attacker.send(Buffer.concat([textFrame('whole'), bytes]));
    expect(await attacker.untilCloseFrame()).toEqual({ code: 1008, reason: '' });
    const { read, end } = await stage.testimony;
    expect(read).toEqual(['whole']);
    expect(end).toMatchObject({ code: 1008, by: 'limit', clean: false, unread: 0 });
    expect(String(end.cause)).toContain('has not completed a message in 40 ms');
    expect(await stage.isUnimpressed()).toBe(true);
  });

  it('ends by default after a minute', async () => {
    const clock = virtualClock();
    await using stage = await witness({ clock, heartbeat: false });
    await stage.attacker.send(Buffer.concat([textFrame('whole'), Buffer.of(0x81)]));
    expect(await stage.attacker.nextText()).toBe('whole');
    await clock.advance(59_999);
    await stage.attacker.send(Buffer.of(0x85));
    expect(await stage.isUnimpressed()).toBe(true);
    await clock.advance(1);
    expect(await stage.attacker.untilCloseFrame()).toEqual({ code: 1008, reason: '' });
  });
});

describe('a rate', () => {
  it('lets a peer that sends too much wait, and loses nothing', async () => {
    const clock = virtualClock();
    await using stage = await witness({
      clock,
      heartbeat: false,
      rate: { messages: { count: 2, perMs: 1000 } },
    });
    const { attacker } = stage;
    const texts = Array.from({ length: 6 }, (_, i) => `${i}`);
    await attacker.send(Buffer.concat(texts.map(textFrame)));
    for (const text of texts.slice(0, 2)) expect(await attacker.nextText()).toBe(text);
    expect(await stage.isUnimpressed()).toBe(true);
    expect([...stage.host.sockets.values()].map((ws) => ws.queued.messages)).toEqual([0, 0]);
    for (const text of texts.slice(2)) {
      await clock.advance(500);
      expect(await attacker.nextText()).toBe(text);
    }
  });

  it('does not let the heartbeat end a peer that it holds', async () => {
    const clock = virtualClock();
    const heartbeat = { intervalMs: 1000, timeoutMs: 500 };
    await using stage = await witness({ clock, heartbeat, rate: { messages: { count: 1, perMs: 60_000 } } });
    const { attacker } = stage;
    await attacker.send(textFrame('one'));
    expect(await attacker.nextText()).toBe('one');
    for (let second = 0; second < 50; second += 1) {
      await clock.advance(500);
      await attacker.send(frame({ opcode: OPCODE.pong }));
      expect(attacker.end).toBe(undefined);
    }
  });

  it('closes a peer with 1008 where it is told to', async () => {
    const rate = { messages: { count: 2, perMs: 60_000 }, over: 'close' } as const;
    await using stage = await witness({ rate, closeTimeoutMs: 50 });
    const { attacker } = stage;
    await attacker.send(Buffer.concat(['a', 'b', 'c', 'd'].map(textFrame)));
    expect(await attacker.untilCloseFrame()).toEqual({ code: 1008, reason: '' });
    const { read, end } = await stage.testimony;
    expect([read, end.code, end.by, end.unread]).toEqual([['a', 'b'], 1008, 'limit', 2]);
  });
});
