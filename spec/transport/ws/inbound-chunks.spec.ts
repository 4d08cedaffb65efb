// When what a client sends is delivered: pauses in the middle of a chunk, and ends behind them.

import { setImmediate as nextTurn } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { settle } from 'corosock/testing';
import { binaryFrame, closeFrame, frame, OPCODE, textFrame } from '../../peers/frames.ts';
import type { Data } from '../../../src/core/data.ts';
import type { RecordedEnd } from '../../../src/testing/contracts/recorded-link.ts';
import { InboundChunks } from '../../../src/transport/ws/inbound-chunks.ts';
import { joinedBuffers } from '../../../src/transport/ws/receive-lane.ts';
import type { WsTransport } from '../../../src/transport/ws/transport.ts';
import { acceptOver, NO_CALLS, ScriptedStream } from './scripted-stream.ts';
import { openEnd } from './ws-pair.ts';

const NUMBERS = ['0', '1', '2', '3', '4', '5', '6', '7', '8', '9'] as const;
const TEN: Buffer = Buffer.concat(NUMBERS.map(textFrame));
const PING: Buffer = frame({ opcode: OPCODE.ping, payload: 'p' });

interface PausedEnd {
  readonly stream: ScriptedStream;
  readonly transport: WsTransport;
  readonly end: RecordedEnd;
}

/** Opens a transport whose sink pauses the link with the message of some number. */
function pausedAfter(count: number): PausedEnd {
  const stream = new ScriptedStream();
  const transport = acceptOver(stream);
  const end = openEnd(transport);
  end.onCall = () => {
    if (end.messages.length === count) transport.pause();
  };
  return { stream, transport, end };
}

describe('a link that is paused in the middle of a chunk', () => {
  it('delivers no further message, also where fragments and pings are among them, until it is resumed', async () => {
    const { stream, end } = pausedAfter(3);
    const parts = [
      frame({ opcode: OPCODE.text, payload: 'a', fin: false }),
      PING,
      frame({ opcode: OPCODE.continuation, payload: 'b' }),
    ];
    stream.push(Buffer.concat([...NUMBERS.slice(0, 2).map(textFrame), ...parts, PING, TEN]));
    await settle();
    expect(end.messages).toEqual(['0', '1', 'ab']);
    end.resume();
    await settle();
    expect(end.messages).toEqual(['0', '1', 'ab', ...NUMBERS]);
  });

  it('delivers no further message where a listener for pings pauses it', async () => {
    const { stream, transport, end } = pausedAfter(Infinity);
    transport.watchControls(() => transport.pause());
    stream.push(Buffer.concat([textFrame('0'), PING, textFrame('1')]));
    await settle();
    expect(end.messages).toEqual(['0']);
    end.resume();
    await settle();
    expect(end.messages).toEqual(['0', '1']);
  });

  it('goes on with the chunk before later ones, and with those before the end', async () => {
    const { stream, end } = pausedAfter(3);
    stream.push(Buffer.from(TEN));
    stream.push(textFrame('later'));
    stream.push(closeFrame(4000, 'bye'));
    stream.push(null);
    await settle();
    expect(end.messages).toEqual(['0', '1', '2']);
    end.resume();
    expect(await end.untilEnd()).toMatchObject({ code: 4000, by: 'peer', clean: true });
    expect(end.messages).toEqual([...NUMBERS, 'later']);
  });

  it.each([
    ['is reset', ({ stream }) => void stream.destroy(new Error('ECONNRESET')), { code: 1006, by: 'link' }],
    ['is terminated', ({ transport }) => transport.terminate(), { code: 1006, by: 'local' }],
  ] as ReadonlyArray<readonly [string, (paused: PausedEnd) => void, object]>)(
    'delivers what has come whole, before the end, where the link %s',
    async (_, lose, lost) => {
      const paused = pausedAfter(3);
      paused.stream.push(Buffer.from(TEN));
      await settle();
      lose(paused);
      expect(await paused.end.untilEnd()).toMatchObject(lost);
      expect(paused.end.messages).toEqual(NUMBERS);
    },
  );

  it('delivers all of the chunk where the sink pauses and terminates in it', async () => {
    const { stream, transport, end } = pausedAfter(3);
    const pause = end.onCall;
    end.onCall = (call) => {
      pause(call);
      if (end.messages.length === 3) transport.terminate();
    };
    stream.push(Buffer.from(TEN));
    await end.untilEnd();
    expect(end.messages).toEqual(NUMBERS);
  });

  it('stays paused where the sink closes in it, and finds the answer behind the rest', async () => {
    const { stream, end } = pausedAfter(3);
    stream.push(Buffer.concat([TEN, closeFrame(4000)]));
    await settle();
    end.close(4000, 'ours');
    await settle();
    expect(end.messages).toEqual(['0', '1', '2']);
    end.resume();
    stream.push(null);
    expect(await end.untilEnd()).toMatchObject({ code: 4000, reason: 'ours', by: 'local', clean: true });
    expect(end.messages).toEqual(NUMBERS);
  });

  it.each([
    ['no pause', Infinity, true],
    ['a pause', 1, true],
    ['a pause, over a stream that then ends ours, as TLS does', 1, false],
  ])(
    'lets the last words go where the peer closes and ends its side behind %s',
    async (_, messages, allowHalfOpen) => {
      const { stream, end } = pausedAfter(messages);
      stream.allowHalfOpen = allowHalfOpen;
      end.onPeerClosed = () => {
        void settle().then(() => {
          end.send('last words');
          end.close(1000, '');
        });
      };
      stream.push(Buffer.concat([textFrame('0'), textFrame('1'), closeFrame(4000, 'bye')]));
      stream.push(null);
      await settle();
      end.resume();
      expect(await end.untilEnd()).toMatchObject({ code: 4000, by: 'peer', clean: true });
      const sent = Buffer.concat(stream.writes.slice(1)).toString('latin1');
      expect(sent).toBe('\x81\x0alast words\x88\x05\x0f\xa0bye');
    },
  );

  it('is not clean where it is reset with a close frame behind the pause: that was not answered', async () => {
    const { stream, end } = pausedAfter(3);
    stream.push(Buffer.concat([TEN, closeFrame(4000, 'bye')]));
    await settle();
    const cause = Object.assign(new Error('read ECONNRESET'), { code: 'ECONNRESET' });
    stream.destroy(cause);
    const lost = await end.untilEnd();
    expect(lost).toEqual({ code: 4000, reason: 'bye', by: 'peer', clean: false, cause });
    expect(end.messages).toEqual(NUMBERS);
  });

  it('keeps what waits where the memory of a message before it is transferred', async () => {
    const stream = new ScriptedStream();
    const transport = acceptOver(stream);
    const received: Data[] = [];
    const receive = (data: Data): void => {
      received.push(data);
      if (typeof data !== 'string') transport.pause();
    };
    transport.open({ ...NO_CALLS, receive });
    const payload = Buffer.alloc(2000, 7);
    // As chunks of a socket are, it is not from a pool, which Node does not transfer.
    stream.push(joinedBuffers([binaryFrame(payload), textFrame('1'), binaryFrame(payload), textFrame('3')]));
    for (const index of [0, 2]) {
      await settle();
      const { buffer } = received[index] as Uint8Array<ArrayBuffer>;
      structuredClone(0, { transfer: [buffer] });
      transport.resume();
    }
    await settle();
    expect([received.length, received[1], received[3]]).toEqual([4, '1', '3']);
  });

  it('goes on once where it is resumed twice, and not where it was paused again', async () => {
    const { stream, transport, end } = pausedAfter(3);
    stream.push(Buffer.from(TEN));
    await settle();
    end.onCall = () => {};
    transport.resume();
    transport.pause();
    await settle();
    expect(end.messages).toEqual(['0', '1', '2']);
    transport.resume();
    transport.resume();
    await settle();
    expect(end.messages).toEqual(NUMBERS);
  });

  it('goes on where the sink pauses and resumes it in one message', async () => {
    const { stream, transport, end } = pausedAfter(3);
    const pause = end.onCall;
    end.onCall = (call) => {
      pause(call);
      if (end.messages.length === 3) transport.resume();
    };
    stream.push(Buffer.from(TEN));
    stream.push(textFrame('later'));
    await settle();
    expect(end.messages).toEqual([...NUMBERS, 'later']);
  });

  it('goes on with the next chunk where the sink throws', () => {
    const received: Data[] = [];
    const receive = (data: Data): void => {
      received.push(data);
      if (data === 'bad') throw new Error('of the sink');
    };
    const stream = new ScriptedStream();
    const chunks = new InboundChunks({
      ws: { readyState: 1, OPEN: 1, isPaused: false, pause() {}, resume() {}, pong() {} },
      stream,
      host: { onData() {}, onEnd() {}, longestInLane: 100 },
      late: undefined,
      target: { sink: { ...NO_CALLS, receive } },
      longestBytes: 100,
    });
    expect(() => chunks.receive(textFrame('bad'))).toThrow('of the sink');
    chunks.receive(textFrame('next'));
    expect(received).toEqual(['bad', 'next']);
  });

  it('makes no message of 10,922 empty ones but those that are taken', async () => {
    const stream = new ScriptedStream();
    const transport = acceptOver(stream);
    let count = 0;
    const receive = (): void => {
      count += 1;
      if (count % 64 === 0) transport.pause();
    };
    transport.open({ ...NO_CALLS, receive });
    stream.push(Buffer.alloc(10_922 * 6, textFrame('')));
    for (let taken = 64; taken < 10_922; taken += 64) {
      await nextTurn();
      expect(count).toBe(taken);
      transport.resume();
    }
    await nextTurn();
    expect(count).toBe(10_922);
  });

  it('counts the bytes that wait once, where the stream does not count', async () => {
    const { stream, end } = pausedAfter(3);
    const before = end.receivedBytes;
    stream.push(Buffer.from(TEN));
    await settle();
    end.resume();
    await end.untilMessages(10);
    expect(end.receivedBytes - before).toBe(TEN.length);
  });
});

describe('a chunk that comes inside of another one', () => {
  it('is received behind it, and holds nothing up', async () => {
    const stream = new ScriptedStream();
    const end = openEnd(acceptOver(stream));
    end.onCall = () => {
      if (end.messages.length === 1) stream.push(Buffer.concat(['a', 'b'].map(textFrame)));
    };
    stream.push(Buffer.concat([textFrame('0'), textFrame('1')]));
    await settle();
    stream.push(textFrame('later'));
    await settle();
    expect(end.messages).toEqual(['0', '1', 'a', 'b', 'later']);
  });

  it('waits behind the rest of it while the link is paused', async () => {
    const { stream, end } = pausedAfter(3);
    const pause = end.onCall;
    end.onCall = (call) => {
      if (end.messages.length === 3) stream.push(textFrame('inside'));
      pause(call);
    };
    stream.push(Buffer.from(TEN));
    await settle();
    expect(end.messages).toEqual(['0', '1', '2']);
    end.resume();
    await settle();
    expect(end.messages).toEqual([...NUMBERS, 'inside']);
  });
});
