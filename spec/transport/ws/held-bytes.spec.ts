// What a look finds among the bytes that a paused link holds back: the end of the peer, and pings.
// No message is made of them.

import { settle } from 'corosock/testing';
import { describe, expect, it, vi } from 'vitest';
import { closeFrame, frame, OPCODE, textFrame } from '../../peers/frames.ts';
import { InboundFrames } from '../../../src/transport/ws/inbound-frames.ts';
import type { RecordedEnd } from '../../../src/testing/contracts/recorded-link.ts';
import type { WsTransport } from '../../../src/transport/ws/transport.ts';
import { acceptOver, acceptScripted, ScriptedStream } from './scripted-stream.ts';
import { openEnd } from './ws-pair.ts';

const THREE: Buffer = Buffer.concat(['0', '1', '2'].map(textFrame));

interface Held {
  readonly stream: ScriptedStream;
  readonly transport: WsTransport;
  readonly end: RecordedEnd;
}

/** A link that its first message has paused, with more of the same chunk behind it. */
async function heldBack(hasLane = true): Promise<Held> {
  const stream = new ScriptedStream();
  const transport = acceptOver(stream, { hasLane });
  const end = openEnd(transport);
  end.onCall = () => {
    if (end.messages.length === 1) transport.pause();
  };
  stream.push(Buffer.from(THREE));
  await settle();
  return { stream, transport, end };
}

function ping(payload: string): Buffer {
  return frame({ opcode: OPCODE.ping, payload });
}

/** The pongs of a server, behind its answer to the upgrade. */
function pongs({ stream }: Held): readonly string[] {
  const sent = Buffer.concat(stream.writes.slice(1)).toString('latin1');
  return sent
    .split('\x8a')
    .slice(1)
    .map((pong) => pong.slice(1));
}

/** Looks for a turn. @returns What it has found. */
async function look(transport: WsTransport, moreBytes = 65_536): Promise<boolean | undefined> {
  if (transport.look(moreBytes) !== true) return undefined;
  await settle();
  return transport.endLook();
}

describe('a look at a paused link', () => {
  it('finds no close among messages, and delivers none of them', async () => {
    const { stream, transport, end } = await heldBack();
    expect([await look(transport), await look(transport)]).toEqual([false, false]);
    stream.push(textFrame('3'));
    expect([await look(transport), end.messages]).toEqual([false, ['0']]);
    end.resume();
    await settle();
    expect(end.messages).toEqual(['0', '1', '2', '3']);
  });

  it('finds a close frame behind them, and leaves it where it is', async () => {
    const { stream, transport, end } = await heldBack();
    stream.push(closeFrame(4000));
    expect([await look(transport), end.messages]).toEqual([true, ['0']]);
    end.resume();
    await settle();
    stream.push(null);
    expect(await end.untilEnd()).toMatchObject({ code: 4000, clean: true });
    expect(end.messages).toEqual(['0', '1', '2']);
  });

  it.each([
    ['the end of the stream', (stream) => stream.push(null)],
    ['a reset', (stream) => stream.destroy()],
  ] as ReadonlyArray<readonly [string, (stream: ScriptedStream) => void]>)(
    'ends the link at %s, behind its messages',
    async (_, leave) => {
      const { stream, transport, end } = await heldBack();
      stream.push(textFrame('3'));
      await settle();
      leave(stream);
      await look(transport);
      expect(await end.untilEnd()).toMatchObject({ code: 1006, by: 'link' });
      expect(end.messages).toEqual(['0', '1', '2', '3']);
    },
  );

  it('finds a close frame behind a message that was cut, and a ping in its middle', async () => {
    const held = await heldBack();
    const { stream, transport, end } = held;
    end.onCall = () => {};
    end.resume();
    await settle();
    const message = textFrame('cut');
    stream.push(message.subarray(0, 8));
    await settle();
    transport.pause();
    stream.push(Buffer.concat([message.subarray(8), ping('one')]));
    expect([await look(transport), pongs(held)]).toEqual([false, ['one']]);
    stream.push(closeFrame(4000));
    expect([await look(transport), end.messages]).toEqual([true, ['0', '1', '2']]);
  });

  it('finds nothing where nothing waits', async () => {
    const { transport, end } = await heldBack();
    end.resume();
    await settle();
    transport.pause();
    expect(await look(transport)).toBe(false);
  });

  it('stops reading once so many bytes have come, and leaves the rest in the stream', async () => {
    const { stream, transport } = await heldBack();
    for (let n = 0; n < 10; n += 1) stream.push(textFrame('more'));
    await look(transport, 15);
    expect(stream.readableLength).toBe(8 * textFrame('more').length);
    await look(transport, 1);
    expect(stream.readableLength).toBe(7 * textFrame('more').length);
  });

  it('reads no more once 128 KiB wait, however often the link was resumed for a message', async () => {
    const { stream, transport, end } = await heldBack();
    end.onCall = () => transport.pause();
    const chunk = Buffer.alloc(64 * 1024, textFrame('x'.repeat(1018)));
    for (let n = 0; n < 20; n += 1) {
      stream.push(Buffer.from(chunk));
      await look(transport);
      transport.resume();
      await settle();
    }
    expect(transport.look(65_536)).toBe(false);
    const taken = textFrame('x'.repeat(1018)).length * (end.messages.length - 3) + THREE.length;
    expect(transport.receivedBytes - stream.readableLength - taken).toBeLessThan(3 * 64 * 1024);
  });

  it('joins once what comes byte by byte', async () => {
    const { stream, transport, end } = await heldBack();
    const bytes = Buffer.concat(Array.from({ length: 1000 }, () => textFrame('more')));
    for (const byte of bytes) stream.push(Buffer.of(byte));
    const allocated = vi.spyOn(Buffer, 'allocUnsafeSlow');
    expect(await look(transport)).toBe(false);
    expect(allocated.mock.calls.filter(([size]) => size >= bytes.length).length).toBe(1);
    allocated.mockRestore();
    end.onCall = () => {};
    end.resume();
    await settle();
    expect(end.messages.length).toBe(1003);
  });

  it('ends where the link is resumed in it', async () => {
    const { stream, transport, end } = await heldBack();
    expect(transport.look(65_536)).toBe(true);
    end.resume();
    stream.push(textFrame('3'));
    await settle();
    expect([transport.endLook(), end.messages]).toEqual([false, ['0', '1', '2', '3']]);
    stream.push(textFrame('4'));
    await settle();
    expect(end.messages.at(-1)).toBe('4');
  });

  it('is none where `ws` gets all, where nothing has come, and where the link runs', async () => {
    const { transport } = await heldBack(false);
    const running = await heldBack();
    running.end.resume();
    await settle();
    const looks = [transport, acceptScripted().transport, running.transport].map((each) => [
      each.look(65_536),
      each.endLook(),
    ]);
    expect(looks).toEqual(Array.from({ length: 3 }, () => [undefined, false]));
  });

  it('counts what it reads as received', async () => {
    const { stream, transport } = await heldBack();
    expect(transport.receivedBytes).toBe(THREE.length);
    stream.push(ping(''));
    await look(transport);
    expect(transport.receivedBytes).toBe(THREE.length + ping('').length);
  });

  it('B5: answers a ping that comes in two looks, once', async () => {
    const held = await heldBack();
    const { stream, transport } = held;
    const bytes = ping('whole');
    stream.push(bytes.subarray(0, 7));
    await look(transport);
    expect(pongs(held)).toEqual([]);
    stream.push(bytes.subarray(7));
    await look(transport);
    stream.push(textFrame('3'));
    await look(transport);
    expect(pongs(held)).toEqual(['whole']);
  });

  it('B5: answers the last ping once, and each later one', async () => {
    const held = await heldBack();
    held.stream.push(Buffer.concat([ping('one'), ping('two')]));
    await look(held.transport);
    await look(held.transport);
    expect(pongs(held)).toEqual(['two']);
    held.stream.push(textFrame('3'));
    await look(held.transport);
    expect(pongs(held)).toEqual(['two']);
    held.stream.push(Buffer.concat([ping('three'), textFrame('4')]));
    await look(held.transport);
    expect(pongs(held)).toEqual(['two', 'three']);
    expect(held.end.messages).toEqual(['0']);
  });
});

describe('a stream from its next header on', () => {
  it('is the same wherever a chunk has cut it', () => {
    const message = textFrame('x'.repeat(200));
    const bytes = Buffer.concat([message, closeFrame(1000)]);
    for (let cut = 0; cut < message.length; cut += 1) {
      const frames = new InboundFrames(() => {});
      if (cut > 0) frames.pass(bytes.subarray(0, cut), 0);
      const isHeaderCut = cut < 8;
      const next = frames.fromNextHeader(bytes.subarray(cut));
      expect(next).toEqual(isHeaderCut ? bytes : closeFrame(1000));
    }
  });
});
