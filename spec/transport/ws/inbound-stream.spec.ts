// The listener in the place of that of `ws`: `ws` gets a chunk only by way of the receiver.

import { PassThrough } from 'node:stream';
import { describe, expect, it } from 'vitest';
import { settle } from 'corosock/testing';
import { divertEnd, InboundStreams } from '../../../src/transport/ws/inbound-stream.ts';
import type { ChunkReceiver } from '../../../src/transport/ws/inbound-stream.ts';
import { textFrame } from '../../peers/frames.ts';
import { acceptScripted } from './scripted-stream.ts';
import { openEnd } from './ws-pair.ts';

/** Passes on each chunk twice, and notes what is asked of it. */
function receiverOf(stream: PassThrough, events: string[]): ChunkReceiver {
  return {
    receiveChunk(chunk, next) {
      next.onData.call(stream, chunk);
      next.onData.call(stream, chunk);
    },
    receiveEnd(next) {
      events.push('receiver has the end');
      next.onEnd.call(stream);
    },
    flushChunks: () => void events.push('flush'),
  };
}

/** Takes the place of the listener on a stream. */
function divert(stream: PassThrough, receiver: ChunkReceiver, streams = new InboundStreams(100)): void {
  streams.divert(stream);
  streams.carry(stream, receiver);
}

function listened(events: string[]): { readonly stream: PassThrough; readonly own: (chunk: Buffer) => void } {
  const stream = new PassThrough();
  const own = (chunk: Buffer): void => void events.push(String(chunk));
  stream.on('data', own);
  return { stream, own };
}

describe('a diverted stream', () => {
  it('gives its chunks to the receiver, which gives them to the listener before it', async () => {
    const events: string[] = [];
    const { stream } = listened(events);
    divert(stream, receiverOf(stream, events));
    stream.write('a');
    await settle();
    expect(events).toEqual(['a', 'a']);
  });

  it('gives them to nothing once the listener before it is removed', async () => {
    const events: string[] = [];
    const { stream, own } = listened(events);
    divert(stream, receiverOf(stream, events));
    stream.removeListener('data', own);
    stream.write('a');
    await settle();
    expect([events, stream.listenerCount('data')]).toEqual([[], 0]);
  });

  it('shares one listener with the other streams of a host', () => {
    const streams = new InboundStreams(100);
    const { stream: one, own } = listened([]);
    const other = new PassThrough().on('data', own);
    for (const stream of [one, other]) divert(stream, receiverOf(stream, []), streams);
    const [first, second] = [one, other].map((stream) => stream.rawListeners('data'));
    expect([first?.length, second]).toEqual([1, first]);
  });

  it('has the receiver before `ws` listens, and keeps it then', async () => {
    const events: string[] = [];
    const stream = new PassThrough();
    const streams = new InboundStreams(100);
    streams.carry(stream, {
      ...receiverOf(stream, events),
      receiveChunk: () => void events.push('receiver'),
    });
    const own = (): void => void events.push('ws');
    stream.on('data', own);
    streams.divert(stream);
    stream.write('a');
    await settle();
    expect([events, stream.listeners('data')]).toEqual([['receiver'], [own]]);
  });

  it('gives its end to the receiver, which passes it on, and tells it of the close before others hear of it', async () => {
    const events: string[] = [];
    const { stream } = listened(events);
    const onEnd = (): void => void events.push('end');
    stream.on('end', onEnd);
    stream.on('close', () => void events.push('close'));
    const receiver = receiverOf(stream, events);
    divert(stream, {
      ...receiver,
      receiveChunk(_, next) {
        divertEnd(stream, next);
      },
    });
    stream.write('a');
    await settle();
    expect(events).toEqual([]);
    stream.end();
    await settle();
    expect(events).toEqual(['receiver has the end', 'end', 'flush', 'close']);
  });

  it('has no listener of ours at its end once the one before it is removed', async () => {
    const stream = new PassThrough();
    const onEnd = (): void => {};
    stream.on('end', onEnd);
    divertEnd(stream, { onData() {}, onEnd, longestInLane: 100 });
    expect(stream.listeners('end')).toEqual([onEnd]);
    stream.removeListener('end', onEnd);
    expect(stream.listenerCount('end')).toBe(0);
  });
});

describe('a stream that closes in the middle of a message', () => {
  it('delivers what waits in its buffer behind what was kept', async () => {
    const { stream, transport } = acceptScripted();
    const end = openEnd(transport);
    const [cut, whole] = [textFrame('cut in two'), textFrame('whole')];
    stream.push(cut.subarray(0, 10));
    await settle();
    end.pause();
    stream.push(Buffer.concat([cut.subarray(10), whole]));
    await settle();
    stream.destroy();
    await settle();
    expect(end.messages).toEqual(['cut in two', 'whole']);
  });
});
