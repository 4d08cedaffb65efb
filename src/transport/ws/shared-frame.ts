// The frame of one message that goes to several peers: made with the first send, and kept in the
// SharedMessage for the others. FrameBatch asks for it and puts it among the frames of each socket.
// Frames of `ws` itself (masked, or compressed) are not shared.

import { makeFrame } from './server-frame.ts';
import type { SharedMessage } from '../transport.ts';
import type { Data } from '../../core/data.ts';

/** A whole frame. Its bytes never change. */
export class SharedFrame {
  readonly bytes: Buffer;

  constructor(data: Data, firstByte: number) {
    this.bytes = makeFrame(data, firstByte);
  }
}

/** The frames of one message: text may also be sent in a binary frame. */
class SharedFrames {
  readonly #frames = new Map<number, SharedFrame>();

  of(data: Data, firstByte: number): SharedFrame {
    let frame = this.#frames.get(firstByte);
    if (frame === undefined) this.#frames.set(firstByte, (frame = new SharedFrame(data, firstByte)));
    return frame;
  }
}

/**
 * Gives the frame of a message, and makes it with the first call.
 *
 * @param shared - Of this message. What another kind of transport has kept in it is replaced.
 * @param firstByte - Of a whole message.
 */
export function sharedFrame(shared: SharedMessage, data: Data, firstByte: number): SharedFrame {
  const kept = shared.frame;
  const frames = kept instanceof SharedFrames ? kept : new SharedFrames();
  shared.frame = frames;
  return frames.of(data, firstByte);
}
