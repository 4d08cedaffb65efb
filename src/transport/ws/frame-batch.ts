// Write coalescing (docs/internals/decisions/writing.md): the frames of one socket and one turn of
// the event loop, side by side in a slab that all sockets of a host share. WsTransport adds
// messages and gets one buffer for its stream. While the stream has something waiting, frames stay
// here (held-frames.ts). WsOrderedSocket flushes the batch before `ws` sends a frame of its own.

import { HeldFrames } from './held-frames.ts';
import { frameHeader, LONGEST_COPIED_BYTES, maxFrameBytes, wholeByte, writeFrame } from './server-frame.ts';
import { sharedFrame } from './shared-frame.ts';
import type { SharedFrames } from './shared-frame.ts';
import type { Outlet, SendOptions, SharedMessage } from '../transport.ts';
import { LinkedList } from '../../structures/linked-list.ts';
import type { ListNode } from '../../structures/linked-list.ts';
import { bytesToSend } from '../../core/data.ts';
import type { Written } from './stream-writes.ts';
import { nextTick } from './next-tick.ts';
import type { Data } from '../../core/data.ts';

/**
 * Size of a slab. A larger slab saves garbage collections; a smaller one pins less memory for a
 * peer that reads slowly.
 */
export const SLAB_BYTES = 16_384;

const NO_BYTES: Buffer = Buffer.alloc(0);

/** Shares one slab between all batches of a host. No byte of a slab is written twice. */
export class FramePool {
  slab: Buffer = NO_BYTES;
  /** Bytes of the slab that are written. */
  used = 0;

  /** Makes room for so many bytes: begins a new slab if this one has not enough. */
  reserve(bytes: number): void {
    if (this.used + bytes <= this.slab.length) return;
    this.slab = Buffer.allocUnsafeSlow(SLAB_BYTES);
    this.used = 0;
  }
}

/**
 * Flushes the batches of all hosts when a turn is over, in the order in which they began. Holds
 * none between turns.
 */
class TurnEnd {
  readonly #batches = new LinkedList<FrameBatch>();
  #exitIsWatched = false;

  /** Flushes a batch after the microtasks of this turn, before the event loop continues. */
  flushLater(batch: FrameBatch): void {
    if (this.#batches.first === undefined) nextTick(this.#flush);
    this.#batches.append(batch);
    if (this.#exitIsWatched) return;
    this.#exitIsWatched = true;
    // If the process ends in the middle of a turn, accepted messages still go out.
    process.on('exit', this.#flush);
  }

  readonly #flush = (): void => {
    try {
      for (let batch = this.#batches.first; batch !== undefined; batch = this.#batches.first) {
        this.#batches.remove(batch);
        batch.endTurn();
      }
    } finally {
      // A stream that is not Node's may throw. The other batches must still be written.
      if (this.#batches.first !== undefined) this.#flush();
    }
  };
}

const turnEnd = new TurnEnd();

/** Takes the frames of a batch: its transport. */
export interface FrameTarget {
  /**
   * Writes frames to the stream: one buffer, or several that follow each other. Their bytes are
   * never changed later.
   *
   * @returns Whether the stream has taken all at once, so that `framesTaken` is owed.
   */
  writeFrames(frames: Uint8Array, further?: readonly Written[]): boolean;
  /** Frames were taken at once. Called when the turn is over. */
  framesTaken(): void;
}

/** The state of a batch's link: its WebSocket. */
export interface FramedLink {
  readonly readyState: number;
}

/** The `readyState` of a WebSocket that is open. */
const OPEN = 1;

/** Collects the frames of one socket that are not written yet. */
export class FrameBatch implements ListNode<FrameBatch>, Outlet {
  /** Set by the writer. */
  limitBytes = 0;
  readonly #link: FramedLink;
  readonly #pool: FramePool;
  readonly #target: FrameTarget;
  /** Frames that other sockets have, too. They are the only ones, or undefined. */
  #shared: SharedFrames | undefined;
  /** The newest frames: from `#start` to `#end` of `#slab`. */
  #slab: Buffer = NO_BYTES;
  #start = 0;
  #end = 0;
  /** Frames before those, from which another socket's frames separate them in the slab. */
  #earlier: Buffer[] | undefined;
  /** Of all frames, also of those that are held. */
  #bytes = 0;
  /** Whether frames wait for the stream, which has not taken all that it was given. */
  #isHolding = false;
  /** These frames; undefined while there are none: over TLS each write waits for its turn's end. */
  #held: HeldFrames | undefined;
  /** Whether it will be flushed when the turn is over. */
  #isScheduled = false;
  /** Whether frames were seen to wait, since the target was told that they were taken. */
  #isSeen = false;
  /** Whether the stream has taken frames in this turn, and the target is not told yet. */
  #isTaken = false;
  /** Its neighbours among the batches of this turn. */
  previous: FrameBatch | undefined;
  next: FrameBatch | undefined;

  constructor(pool: FramePool, target: FrameTarget, link: FramedLink) {
    this.#pool = pool;
    this.#target = target;
    this.#link = link;
  }

  /**
   * Bytes of the frames that wait for the end of the turn, or for the stream. A caller that has
   * seen some is told when they are taken.
   */
  get bytes(): number {
    this.#isSeen ||= this.#bytes > 0;
    return this.#bytes;
  }

  /**
   * Adds the frame of a message or fragment. A long one leaves at once, uncopied.
   *
   * @param shared - Of a message that other sockets send, too.
   */
  add(data: Data, firstByte: number, shared?: SharedMessage): void {
    if (shared !== undefined) return this.addShared(sharedFrame(shared, data, firstByte));
    if (this.#isHolding) return this.#hold(data, firstByte);
    const mostBytes = maxFrameBytes(data);
    if (mostBytes > LONGEST_COPIED_BYTES) return this.#writeLong(data, firstByte);
    if (this.#shared !== undefined) this.#copyShared();
    const pool = this.#pool;
    pool.reserve(mostBytes);
    if (this.#slab !== pool.slab || this.#end !== pool.used) this.#beginRun();
    const end = writeFrame(pool.slab, pool.used, data, firstByte);
    this.#bytes += end - this.#end;
    this.#end = end;
    pool.used = end;
    this.#endWithTurn();
  }

  /**
   * Adds the frame of a message that other sockets send, too. Called by members of rooms: neither
   * the writer nor the transport is looked at, which a broadcast would find in no cache.
   *
   * @returns false where nothing was added: the writer has to be asked.
   */
  offer(data: Data, { binary, shared }: SendOptions): boolean {
    if (this.#bytes >= this.limitBytes || this.#isHolding || shared === undefined) return false;
    if (this.#link.readyState !== OPEN) return false;
    this.addShared(sharedFrame(shared, data, wholeByte(data, binary)));
    return true;
  }

  /** Adds a frame that other sockets send, too. A long one leaves at once, uncopied. */
  addShared(frame: SharedFrames): void {
    if (this.#isHolding) return this.#holdFrame(frame.bytes);
    if (frame.byteLength > LONGEST_COPIED_BYTES) return this.#writeLongFrame(frame.bytes);
    if (this.#shared !== undefined) this.#shared = this.#shared.followedBy(frame);
    else if (this.#bytes === 0) this.#shared = frame;
    else this.#copy(frame.bytes);
    this.#bytes += frame.byteLength;
    this.#endWithTurn();
  }

  /** Writes all frames at once, also those that are held. */
  flush(): void {
    if (this.#bytes === 0) return;
    if (this.#held === undefined) return this.#write(this.#take());
    // It is kept: what is held behind a control frame goes on in the same piece of memory.
    this.#writeHeld(this.#held);
  }

  /** The stream has not taken all: holds further frames until `release`. Called inside a write. */
  hold(): void {
    this.#isHolding = true;
  }

  /** The stream has taken all: writes what was held, which may begin the next hold. */
  release(): void {
    if (!this.#isHolding) return;
    this.#isHolding = false;
    const held = this.#held;
    this.#held = undefined;
    if (held !== undefined && this.#bytes > 0) this.#writeHeld(held);
  }

  /** Drops all frames: the link has ended. */
  drop(): void {
    this.#held = undefined;
    this.#isTaken = false;
    this.#take();
  }

  /** Called when the turn is over. */
  endTurn(): void {
    this.#isScheduled = false;
    if (!this.#isHolding) this.flush();
    if (!this.#isTaken) return;
    this.#isTaken = false;
    this.#target.framesTaken();
  }

  #write(frames: Uint8Array, further?: readonly Written[]): void {
    if (!this.#target.writeFrames(frames, further) || !this.#isSeen) return;
    this.#isSeen = false;
    this.#isTaken = true;
    this.#schedule();
  }

  #writeHeld(held: HeldFrames): void {
    this.#bytes = 0;
    const [first, ...further] = held.take();
    this.#write(first as Uint8Array, further);
  }

  #hold(data: Data, firstByte: number): void {
    this.#held ??= new HeldFrames();
    this.#bytes += this.#held.add(data, firstByte);
  }

  #writeLong(data: Data, firstByte: number): void {
    this.flush();
    // As it is: 64 KiB of bytes for each text are released late (row: 8 × 4 in flight × 64 KiB).
    if (typeof data === 'string' && !this.#isHolding && Buffer.byteLength(data) === data.length)
      return this.#write(frameHeader(firstByte, data.length), [data]);
    const payload = bytesToSend(data);
    // The frames before it may have begun to wait.
    if (this.#isHolding) return this.#hold(payload, firstByte);
    this.#write(frameHeader(firstByte, payload.byteLength), [payload]);
  }

  #holdFrame(bytes: Buffer): void {
    this.#held ??= new HeldFrames();
    this.#held.addFrame(bytes);
    this.#bytes += bytes.byteLength;
  }

  #writeLongFrame(bytes: Buffer): void {
    this.flush();
    // The frames before it may have begun to wait.
    if (this.#isHolding) return this.#holdFrame(bytes);
    this.#write(bytes);
  }

  /** Has the frames written when the turn is over, or now if they fill a slab. */
  #endWithTurn(): void {
    this.#schedule();
    if (this.#bytes >= SLAB_BYTES) this.flush();
  }

  #schedule(): void {
    if (this.#isScheduled) return;
    this.#isScheduled = true;
    turnEnd.flushLater(this);
  }

  /** Frames of this socket alone follow: those before them are copied into the slab. */
  #copyShared(): void {
    const { bytes } = this.#shared as SharedFrames;
    this.#shared = undefined;
    this.#copy(bytes);
  }

  #copy(frames: Buffer): void {
    const pool = this.#pool;
    pool.reserve(frames.byteLength);
    if (this.#slab !== pool.slab || this.#end !== pool.used) this.#beginRun();
    pool.slab.set(frames, pool.used);
    pool.used += frames.byteLength;
    this.#end = pool.used;
  }

  #beginRun(): void {
    if (this.#end > this.#start) {
      this.#earlier ??= [];
      this.#earlier.push(this.#slab.subarray(this.#start, this.#end));
    }
    this.#slab = this.#pool.slab;
    this.#start = this.#pool.used;
    this.#end = this.#pool.used;
  }

  #take(): Buffer {
    if (this.#shared !== undefined) return this.#takeShared(this.#shared);
    const last = this.#slab.subarray(this.#start, this.#end);
    const frames = this.#earlier === undefined ? last : Buffer.concat([...this.#earlier, last], this.#bytes);
    this.#earlier = undefined;
    // A socket that sends nothing more must not pin the slab.
    this.#slab = NO_BYTES;
    this.#start = 0;
    this.#end = 0;
    this.#bytes = 0;
    return frames;
  }

  #takeShared({ bytes }: SharedFrames): Buffer {
    this.#shared = undefined;
    this.#bytes = 0;
    return bytes;
  }
}
