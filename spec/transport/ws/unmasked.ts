// Frames as `ws` may get them: of long payloads the mask was taken off, and one of zeros is left.

import { headerBytes, MASK_BYTES, MASKED, payloadBytes } from '../../../src/transport/ws/frame-header.ts';

/** Takes the masks off a copy of bytes that begin with a frame. */
export function unmasked(bytes: Uint8Array): Buffer {
  const frames = Buffer.from(bytes);
  for (let at = 0; at + 2 <= frames.length;) {
    const second = frames[at + 1] as number;
    const payload = at + headerBytes(second);
    if (payload > frames.length) break;
    const end = payload + payloadBytes(frames, at);
    if (second >= MASKED) unmaskFrame(frames, payload, Math.min(end, frames.length));
    at = end;
  }
  return frames;
}

function unmaskFrame(frames: Buffer, payload: number, end: number): void {
  const mask = frames.subarray(payload - MASK_BYTES, payload);
  for (let at = payload; at < end; at += 1)
    frames[at] = (frames[at] as number) ^ (mask[(at - payload) & 3] as number);
  mask.fill(0);
}
