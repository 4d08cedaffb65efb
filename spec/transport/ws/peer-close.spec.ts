// The close frame of a peer, and the end of its stream, until both are answered.

import { describe, expect, it } from 'vitest';
import { settle } from 'corosock/testing';
import { PeerClose } from '../../../src/transport/ws/peer-close.ts';
import { ScriptedStream } from './scripted-stream.ts';

interface Closed {
  readonly stream: ScriptedStream;
  readonly peerClose: PeerClose;
  readonly events: string[];
}

/** A close frame that has come, with the end of the stream behind it. */
function closed(extensions = ''): Closed {
  const stream = new ScriptedStream();
  const events: string[] = [];
  const peerClose = new PeerClose({ extensions }, stream);
  peerClose.hold(() => void events.push('answer'));
  peerClose.streamEnded(() => void events.push('end'));
  return { stream, peerClose, events };
}

describe("the peer's close", () => {
  it('pauses the stream until the answer, with a byte in its buffer, so that it does not end', async () => {
    const { stream, peerClose } = closed();
    stream.resume();
    await settle();
    expect([stream.isPaused(), stream.readableLength, peerClose.isPending]).toEqual([true, 1, true]);
    peerClose.answer();
    await settle();
    expect([stream.isPaused(), peerClose.isPending, peerClose.isAnswered]).toEqual([false, false, true]);
  });

  it('leaves the stream alone where it is answered at once', async () => {
    const { stream, peerClose } = closed();
    peerClose.answer();
    await settle();
    expect([stream.isPaused(), stream.readableLength]).toEqual([false, 0]);
  });

  it('puts no byte into a stream that has ended', async () => {
    const stream = new ScriptedStream();
    stream.push(null);
    stream.resume();
    await settle();
    new PeerClose({ extensions: '' }, stream).hold(() => {});
    await settle();
    expect([stream.readableEnded, stream.readableLength]).toEqual([true, 0]);
  });

  it('has `ws` hear of the end of the stream behind the answer', async () => {
    const { peerClose, events } = closed();
    await settle();
    expect(events).toEqual([]);
    peerClose.answer();
    expect(events).toEqual(['answer', 'end']);
  });

  it('has it hear once all was written, where our close frame waits for zlib', async () => {
    const { stream, peerClose, events } = closed('permessage-deflate');
    peerClose.answer();
    await settle();
    expect([events, stream.isPaused()]).toEqual([['answer'], true]);
    stream.end();
    await settle();
    expect(events).toEqual(['answer', 'end']);
  });

  it('has it hear at once where no close frame has come, behind the ticks of this turn', async () => {
    const stream = new ScriptedStream();
    const events: string[] = [];
    const peerClose = new PeerClose({ extensions: '' }, stream);
    process.nextTick(() => {
      peerClose.streamEnded(() => void events.push('end'));
      process.nextTick(() => void events.push('tick'));
    });
    await settle();
    expect(events).toEqual(['tick', 'end']);
  });

  it('has it hear of no end of a stream that is destroyed meanwhile', async () => {
    const { stream, peerClose, events } = closed();
    stream.destroy();
    peerClose.answer();
    await settle();
    expect(events).toEqual(['answer']);
  });

  it('is answered without a stream that is known', async () => {
    const events: string[] = [];
    const peerClose = new PeerClose({ extensions: '' }, undefined);
    peerClose.hold(() => void events.push('answer'));
    await settle();
    peerClose.answer();
    expect([events, peerClose.isAnswered]).toEqual([['answer'], true]);
  });
});
