// The frame of one message that goes to several peers: made with the first send, and kept in the
// SharedMessage for the others. FrameBatch asks for it. Where several of them follow each other in
// one turn, all sockets that send the same ones write the same bytes (row: 10 publishes in one
// turn). Frames of `ws` itself (masked, or compressed) are not shared.

import { makeFrame, wholeByte } from './server-frame.ts';
import type { SharedMessage } from '../transport.ts';
import type { Data } from '../../core/data.ts';

const TEXT_BYTE = wholeByte('', false);

/** Whole frames that follow each other: one, or more of one turn. Their bytes never change. */
export class SharedFrames {
  readonly byteLength: number;
  /** Undefined until they are asked for, where there are several frames. */
  #bytes: Buffer | undefined;
  /** The frames before the last one, and the last one; undefined once `#bytes` is made. */
  #parts: readonly [earlier: SharedFrames, last: SharedFrames] | undefined;
  /** These and one more: what `followedBy` has made last. */
  #longer: { readonly last: SharedFrames; readonly all: SharedFrames } | undefined;

  /** @param frames - One frame, or the frames that are joined when their bytes are asked for. */
  constructor(frames: Buffer | readonly [earlier: SharedFrames, last: SharedFrames]) {
    if (Buffer.isBuffer(frames)) {
      this.#bytes = frames;
      this.byteLength = frames.byteLength;
    } else {
      this.#parts = frames;
      this.byteLength = frames[0].byteLength + frames[1].byteLength;
    }
  }

  get bytes(): Buffer {
    this.#bytes ??= SharedFrames.#join(this);
    return this.#bytes;
  }

  /**
   * Gives these frames and one more. All sockets that send the same frames get the same object,
   * as a publish goes through all its members before the next one.
   */
  followedBy(last: SharedFrames): SharedFrames {
    if (this.#longer?.last === last) return this.#longer.all;
    const all = new SharedFrames([this, last]);
    this.#longer = { last, all };
    return all;
  }

  static #join(all: SharedFrames): Buffer {
    const frames: Buffer[] = [];
    let earliest = all;
    for (; earliest.#parts !== undefined; [earliest] = earliest.#parts) frames.push(earliest.#parts[1].bytes);
    all.#parts = undefined;
    return Buffer.concat([earliest.bytes, ...frames.toReversed()], all.byteLength);
  }
}

/** The frames of one message: text may also be sent in a binary frame. */
class FramesOfMessage {
  #text: SharedFrames | undefined;
  #binary: SharedFrames | undefined;

  of(data: Data, firstByte: number): SharedFrames {
    if (firstByte === TEXT_BYTE) return (this.#text ??= new SharedFrames(makeFrame(data, firstByte)));
    return (this.#binary ??= new SharedFrames(makeFrame(data, firstByte)));
  }
}

/**
 * Gives the frame of a message, and makes it with the first call.
 *
 * @param shared - Of this message. What another kind of transport has kept in it is replaced.
 * @param firstByte - Of a whole message.
 */
export function sharedFrame(shared: SharedMessage, data: Data, firstByte: number): SharedFrames {
  const kept = shared.frame;
  const frames = kept instanceof FramesOfMessage ? kept : new FramesOfMessage();
  shared.frame = frames;
  return frames.of(data, firstByte);
}
