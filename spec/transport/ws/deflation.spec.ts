// The memory of compression: contexts of zlib that rest are released, and a paused link inflates
// nothing more (F22).

import { deflateRawSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { settle } from 'corosock/testing';
import { compressionOf } from '../../../src/core/compression.ts';
import type { Compression, CompressionOptions } from '../../../src/core/compression.ts';
import type { RecordedEnd } from '../../../src/testing/contracts/recorded-link.ts';
import { WsAcceptor } from '../../../src/transport/ws/acceptor.ts';
import { frame, OPCODE, RSV1 } from '../../peers/frames.ts';
import { HandClock, turn } from '../../time/hand-clock.ts';
import { acceptedBy, ScriptedStream, upgradeOf } from './scripted-stream.ts';
import { openEnd } from './ws-pair.ts';
import { deflateOptions } from '../../../src/transport/ws/deflation.ts';

interface Link {
  readonly end: RecordedEnd;
  readonly stream: ScriptedStream;
  readonly clock: HandClock;
  readonly terminate: () => void;
}

function links(count: number, option: true | CompressionOptions = true): readonly Link[] {
  const clock = new HandClock();
  const acceptor = new WsAcceptor({
    maxMessageBytes: 70_000,
    maxFragments: 16,
    compression: compressionOf('spec', option),
    closeTimeoutMs: 5000,
    clock,
  });
  return Array.from({ length: count }, () => {
    const stream = new ScriptedStream();
    const request = upgradeOf({ 'sec-websocket-extensions': 'permessage-deflate' });
    const transport = acceptedBy(acceptor, { request, stream, head: Buffer.alloc(0) });
    return { end: openEnd(transport), stream, clock, terminate: () => transport.terminate() };
  });
}

function link(option?: CompressionOptions): Link {
  return links(1, option)[0] as Link;
}

function deflated(text: string, { fin = true, first = true } = {}): Buffer {
  const flushed = deflateRawSync(Buffer.from(text), { finishFlush: 2 });
  // Only the end of a message leaves out the end of the flush (RFC 7692 §7.2.1).
  const payload = fin ? flushed.subarray(0, -4) : flushed;
  return frame({ opcode: first ? OPCODE.text : OPCODE.continuation, fin, rsv: first ? RSV1 : 0, payload });
}

const LONG = 'long text that is compressed '.repeat(100);

describe('deflateOptions', () => {
  it.each([
    [undefined, false],
    [
      compressionOf('spec', true),
      { threshold: 1024, serverNoContextTakeover: true, clientNoContextTakeover: true },
    ],
    [compressionOf('spec', { contextTakeover: true }), { threshold: 1024 }],
  ] satisfies readonly [Compression | undefined, object | false][])(
    'gives ws what %j means',
    (option, given) => {
      expect(deflateOptions(option)).toEqual(given);
    },
  );
});

describe('contexts of zlib', () => {
  it('are released once they have rested for a second, and no timer is left', async () => {
    const { end, stream, clock } = link();
    stream.push(deflated('one'));
    await end.untilMessages(1);
    expect(clock.timers).toBe(1);
    clock.tick(1000);
    expect(clock.timers).toBe(1);
    clock.tick(1000);
    expect(clock.timers).toBe(0);
  });

  it('are made again when they are needed', async () => {
    const { end, stream, clock } = link();
    for (const count of [1, 2, 3]) {
      stream.push(deflated(`${count}`));
      await end.untilMessages(count);
      end.send(LONG);
      clock.tick(2000);
      while (stream.writes.length < 1 + count) await turn();
      clock.tick(2000);
    }
    expect(end.messages).toEqual(['1', '2', '3']);
  });

  it('are kept while a message has come in part, and is whole afterwards', async () => {
    const { end, stream, clock } = link();
    stream.push(deflated('first, ', { fin: false }));
    await settle();
    for (let second = 0; second < 5; second += 1) clock.tick(1000);
    expect(clock.timers).toBe(1);
    stream.push(deflated('last', { first: false }));
    await end.untilMessages(1);
    expect(end.messages).toEqual(['first, last']);
  });

  it('are kept while a message is sent in part', async () => {
    const { end, stream, clock } = link();
    end.sendFragment(LONG);
    while (stream.writes.length < 2) await turn();
    for (let second = 0; second < 5; second += 1) clock.tick(1000);
    expect(clock.timers).toBe(1);
    end.sendFragment(LONG, { last: true });
    while (stream.writes.length < 3) await turn();
    clock.tick(2000);
    expect(clock.timers).toBe(0);
  });

  it('are kept where they are taken over', async () => {
    const { end, stream, clock } = link({ contextTakeover: true });
    stream.push(deflated('one'));
    await end.untilMessages(1);
    expect(clock.timers).toBe(0);
  });

  it('leave no timer once their sockets have ended', async () => {
    const both = links(2);
    for (const { end, stream } of both) {
      stream.push(deflated('one'));
      await end.untilMessages(1);
    }
    const [first, second] = both as readonly [Link, Link];
    first.terminate();
    await first.end.untilEnd();
    expect(first.clock.timers).toBe(1);
    second.terminate();
    await second.end.untilEnd();
    expect(first.clock.timers).toBe(0);
  });
});

describe('F22: a paused link', () => {
  it('inflates nothing more of its chunk until it is resumed', async () => {
    const { end, stream } = link();
    end.onCall = () => end.pause();
    stream.push(Buffer.concat(['one', 'two', 'three'].map((text) => deflated(text))));
    await end.untilMessages(1);
    for (let turns = 0; turns < 20; turns += 1) await turn();
    expect(end.messages).toEqual(['one']);
    end.resume();
    await end.untilMessages(2);
    end.onCall = () => {};
    end.resume();
    await end.untilMessages(3);
    expect(end.messages).toEqual(['one', 'two', 'three']);
  });

  it('inflates nothing more once we close, also where the link is lost', async () => {
    const { end, stream } = link();
    end.onCall = () => end.pause();
    stream.push(Buffer.concat(['one', 'two', 'three'].map((text) => deflated(text))));
    await end.untilMessages(1);
    end.close(1008, '');
    stream.destroy();
    await end.untilEnd();
    expect(end.messages).toEqual(['one', '', '']);
  });

  it('delivers all of it before it tells of its end', async () => {
    const { end, stream } = link();
    end.onCall = () => end.pause();
    stream.push(Buffer.concat(['one', 'two', 'three'].map((text) => deflated(text))));
    await end.untilMessages(1);
    stream.destroy();
    await end.untilEnd();
    expect(end.messages).toEqual(['one', 'two', 'three']);
  });
});

describe('F32: what comes while a message is inflated', () => {
  const badText = frame({ opcode: OPCODE.text, payload: Buffer.of(0xff) });
  const BEHIND = frame({ opcode: OPCODE.text, payload: 'behind' });
  /** Longer than what `ws` takes into its buffer before it says that it has enough. */
  const SLOW = 'x'.repeat(60_000);

  it('ends at a frame that breaks a rule: nothing behind it is read', async () => {
    const { end, stream } = link();
    for (const chunk of [deflated(SLOW), badText, BEHIND, deflated('behind')]) stream.push(chunk);
    // The answer to the upgrade, and the close frame.
    while (stream.writes.length < 2) await turn();
    stream.push(null);
    const { code } = await end.untilEnd();
    expect([end.messages, code]).toEqual([[SLOW], 1007]);
  });

  it('ends at an end of the stream in the middle of a frame, behind the message', async () => {
    const { end, stream } = link();
    const cut = frame({ opcode: OPCODE.binary, fin: false, payload: Buffer.alloc(100) }).subarray(0, 50);
    stream.push(Buffer.concat([deflated(SLOW), cut]));
    stream.push(null);
    const { code } = await end.untilEnd();
    expect([end.messages, code]).toEqual([[SLOW], 1006]);
  });
});
