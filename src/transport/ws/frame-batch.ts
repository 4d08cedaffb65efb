// Write coalescing (docs/internals/decisions/writing.md): the frames that one
// socket sends in one turn of the event loop, side by side in a slab that all sockets of a host share.
// WsTransport puts messages in, and gets one buffer for its stream; what `ws`
// sends by itself lets them go first (WsOrderedSocket).

import { maxFrameBytes, writeFrame } from './server-frame.ts';
import type { Data } from '../../core/data.ts';

/**
 * Size of a slab. A larger slab saves garbage collections; a smaller one pins less memory for a
 * peer that reads slowly.
 */
export const SLAB_BYTES = 16_384;
/** A frame that may be larger is not copied into a slab. */
export const MAX_BATCHED_BYTES = 4096;

const NO_BYTES: Buffer = Buffer.alloc(0);
/** Node's own, also while a test fakes timers and this with them: what comes in is not faked either. */
// oxlint-disable-next-line typescript/unbound-method -- it is called without `this` everywhere
const { nextTick } = process;

/** What the batches of a host share: the slab at hand, which is never written twice. */
export class FramePool {
  slab: Buffer = NO_BYTES;
  /** So much of the slab has been written. */
  used = 0;

  /** Makes room for so many bytes. */
  reserve(bytes: number): void {
    if (this.used + bytes <= this.slab.length) return;
    this.slab = Buffer.allocUnsafeSlow(SLAB_BYTES);
    this.used = 0;
  }
}

/**
 * The batches of all hosts that have something to send, in the order in which they
 * began: empty between turns. A line that none leaves before its turn, and so simpler
 * than a LinkedList; no Set, for the reason that linked-list.ts gives.
 */
class TurnEnd {
  #first: FrameBatch | undefined;
  #last: FrameBatch | undefined;
  #exitIsWatched = false;

  /** Flushes a batch when the turn is over: after all its microtasks, before the event loop goes on. */
  flushLater(batch: FrameBatch): void {
    if (this.#last === undefined) this.#begin(batch);
    else this.#last.next = batch;
    this.#last = batch;
  }

  #begin(batch: FrameBatch): void {
    this.#first = batch;
    nextTick(this.#flush);
    if (this.#exitIsWatched) return;
    this.#exitIsWatched = true;
    // Whatever ends the process in the middle of a turn, what was accepted goes out.
    process.on('exit', this.#flush);
  }

  readonly #flush = (): void => {
    const first = this.#first;
    this.#first = undefined;
    this.#last = undefined;
    endTurns(first);
  };
}

const turnEnd = new TurnEnd();

/** A stream that is not Node's may throw: that is not the others' fault. */
function endTurns(first: FrameBatch | undefined): void {
  let batch = first;
  try {
    while (batch !== undefined) {
      const ended: FrameBatch = batch;
      batch = ended.next;
      ended.endTurn();
    }
  } finally {
    if (batch !== undefined) endTurns(batch);
  }
}

/** The frames of one socket that have not been written yet. */
export class FrameBatch {
  readonly #pool: FramePool;
  readonly #write: (frames: Buffer) => void;
  /** The part that grows: from `#start` to `#end` of `#slab`. */
  #slab: Buffer = NO_BYTES;
  #start = 0;
  #end = 0;
  /** Parts before it, behind which another socket has written; undefined where there are none. */
  #earlier: Buffer[] | undefined;
  #bytes = 0;
  #waits = false;
  /** Kept by the end of the turn. */
  next: FrameBatch | undefined;

  /** @param write - Takes all frames of a turn; their bytes stay as they are. */
  constructor(pool: FramePool, write: (frames: Buffer) => void) {
    this.#pool = pool;
    this.#write = write;
  }

  /** Bytes of frames that wait for the end of the turn. */
  get bytes(): number {
    return this.#bytes;
  }

  /**
   * Adds the frame of a message, if that is short enough to be copied: a longer one costs less
   * in a write of its own.
   *
   * @returns Whether the message was added.
   */
  add(data: Data, isBinary: boolean): boolean {
    const mostBytes = maxFrameBytes(data);
    if (mostBytes > MAX_BATCHED_BYTES) return false;
    const pool = this.#pool;
    pool.reserve(mostBytes);
    if (this.#slab !== pool.slab || this.#end !== pool.used) this.#beginPart();
    const end = writeFrame(pool.slab, pool.used, data, isBinary);
    this.#bytes += end - this.#end;
    this.#end = end;
    pool.used = end;
    if (!this.#waits) {
      this.#waits = true;
      turnEnd.flushLater(this);
    }
    if (this.#bytes >= SLAB_BYTES) this.flush();
    return true;
  }

  /** Writes what there is at once. */
  flush(): void {
    if (this.#bytes > 0) this.#write(this.#take());
  }

  /** Called when the turn is over. */
  endTurn(): void {
    this.#waits = false;
    this.next = undefined;
    this.flush();
  }

  #beginPart(): void {
    if (this.#end > this.#start) {
      this.#earlier ??= [];
      this.#earlier.push(this.#slab.subarray(this.#start, this.#end));
    }
    this.#slab = this.#pool.slab;
    this.#start = this.#pool.used;
    this.#end = this.#pool.used;
  }

  #take(): Buffer {
    const last = this.#slab.subarray(this.#start, this.#end);
    const frames = this.#earlier === undefined ? last : Buffer.concat([...this.#earlier, last], this.#bytes);
    this.#earlier = undefined;
    // A socket that is silent from now on does not pin the slab.
    this.#slab = NO_BYTES;
    this.#start = 0;
    this.#end = 0;
    this.#bytes = 0;
    return frames;
  }
}
