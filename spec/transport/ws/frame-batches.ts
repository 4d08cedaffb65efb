// What the specs of FrameBatch share: batches whose writes are recorded, and the messages in them.

import { expect } from 'vitest';
import { FrameBatch, FramePool } from '../../../src/transport/ws/frame-batch.ts';
import type { FramedLink, FrameTarget } from '../../../src/transport/ws/frame-batch.ts';
import { SharedFrames } from '../../../src/transport/ws/shared-frame.ts';
import type { Written } from '../../../src/transport/ws/stream-writes.ts';
import { makeFrame, wholeByte } from '../../../src/transport/ws/server-frame.ts';
import { parseFrame } from '../../peers/frames.ts';

/** A WebSocket that is open. */
export const OPEN_LINK: FramedLink = Object.freeze({ readyState: 1 });

/** The first byte of a frame of text. */
export const TEXT: number = wholeByte('', false);

/** Makes the target of a batch, of a stream that calls back for its writes. */
export function targetOf(write: (frames: Uint8Array, further?: readonly Written[]) => void): FrameTarget {
  const writeFrames: FrameTarget['writeFrames'] = (frames, further) => {
    write(frames, further);
    return false;
  };
  return { writeFrames, framesTaken: () => expect.unreachable() };
}

/** Makes a batch, and records its writes. */
export function openBatch(pool: FramePool = new FramePool()): {
  readonly batch: FrameBatch;
  readonly writes: Uint8Array[];
} {
  const writes: Uint8Array[] = [];
  const target = targetOf((first, further = []) => {
    writes.push(first, ...further.map((part) => Buffer.from(part)));
  });
  return { batch: new FrameBatch(pool, target, OPEN_LINK), writes };
}

/** Makes a batch of a stream that takes all at once, and records what it is told. */
export function openQuickBatch(): { readonly batch: FrameBatch; readonly told: string[] } {
  const told: string[] = [];
  const target: FrameTarget = {
    writeFrames: (frames) => told.push(...messagesIn([frames])) > 0,
    framesTaken: () => void told.push('taken'),
  };
  return { batch: new FrameBatch(new FramePool(), target, OPEN_LINK), told };
}

export function frameOf(text: string): SharedFrames {
  return new SharedFrames(makeFrame(text, TEXT));
}

export function messagesIn(writes: readonly Uint8Array[]): readonly string[] {
  const messages: string[] = [];
  let rest = Buffer.concat(writes);
  for (let parsed = parseFrame(rest); parsed !== undefined; parsed = parseFrame(rest)) {
    messages.push(String(parsed.frame.payload));
    rest = rest.subarray(parsed.size);
  }
  expect(rest.length).toBe(0);
  return messages;
}
