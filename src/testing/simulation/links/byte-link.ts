// A connection in memory: two streams, of which each reads the bytes that the other writes. Like a
// TCP connection it keeps the order of bytes and not the chunks in which they were written.
// byte-port.ts puts node:http and `ws` over it; memory-transport.ts is the link in whole messages.

import { Duplex } from 'node:stream';
import type { Choices } from '../seeded/choices.ts';
import type { Wire } from '../../../transport/memory-transport.ts';
import { inMicrotask } from '../../../core/microtask.ts';

/** Decides where chunks are cut, and which are merged: 0 is for no cut, and none merged. */
type Cuts = Pick<Choices, 'below'>;

export interface ByteLinkOptions {
  /** What carries chunks to each end. Default: they arrive in a microtask. */
  readonly wires?: readonly [toNear: Wire | undefined, toFar: Wire | undefined];
  /** Cuts chunks into several, and merges what arrives. Default: chunks stay as written. */
  readonly cutBy?: Cuts | undefined;
}

type Done = (error?: Error | null) => void;

/** Bytes that one direction takes before a write waits, as the buffers of a system do. */
const WINDOW_BYTES = 65_536;
/** Most cuts of one chunk. */
const MOST_CUTS = 3;

/**
 * Makes both ends of a connection in memory.
 *
 * @returns `[near, far]`: each reads what the other writes.
 */
export function byteLink({ wires = [undefined, undefined], cutBy }: ByteLinkOptions = {}): readonly [
  near: ByteStream,
  far: ByteStream,
] {
  const near = new ByteStream(wires[1], cutBy);
  const far = new ByteStream(wires[0], cutBy);
  near.join(far);
  far.join(near);
  return [near, far];
}

/** One end of a connection in memory. It counts its bytes, as a `net.Socket` does. */
export class ByteStream extends Duplex {
  /** Bytes that have arrived at this end. */
  bytesRead: number = 0;
  readonly #wire: Wire;
  readonly #cutBy: Cuts | undefined;
  #peer: ByteStream = this;
  /** Bytes that the wire was given. */
  #sentBytes = 0;
  /** Bytes of this end that the other has not read. */
  #unreadBytes = 0;
  /** Completes the write that waits until the other end reads. */
  #onRoom: Done | undefined;
  /** Chunks under way to this end. */
  #underWay = 0;
  /** What has arrived, and is read together with the next chunk. */
  #held: Buffer[] = [];
  /** Bytes that wait in this stream until its reader asks for them. */
  #unaskedBytes = 0;

  /** @param wire - Carries chunks to the other end. */
  constructor(wire: Wire = inMicrotask, cutBy?: Cuts) {
    super();
    this.#wire = wire;
    this.#cutBy = cutBy;
  }

  /** Joins the two ends. Called before anything else. */
  join(peer: ByteStream): void {
    this.#peer = peer;
  }

  /** Bytes that this direction has taken, and those that wait in this stream. */
  get bytesWritten(): number {
    return this.#sentBytes - Math.max(0, this.#unreadBytes - WINDOW_BYTES) + this.writableLength;
  }

  /** Resets the connection: both ends fail at once, and what is under way is lost. */
  reset(): void {
    for (const end of [this, this.#peer]) end.destroy(connectionReset());
  }

  // Called by Node's streams.

  override _read(): void {
    this.#readAll();
  }

  /** All chunks that wait leave together. */
  override _writev(chunks: ReadonlyArray<{ readonly chunk: Buffer }>, done: Done): void {
    const bytes = Buffer.concat(chunks.map(({ chunk }) => chunk));
    this.#sentBytes += bytes.length;
    this.#unreadBytes += bytes.length;
    this.#onRoom = done;
    for (const piece of this.#cut(bytes)) this.#carry(() => this.#peer.#receive(piece));
    this.#makeRoom(0);
  }

  override _final(done: Done): void {
    this.#carry(() => this.#peer.#receiveEnd());
    done();
  }

  /** The other end finds the end of the stream, behind all bytes that were written before. */
  override _destroy(error: Error | null, done: Done): void {
    if (!this.writableFinished) this.#carry(() => this.#peer.#receiveEnd());
    this.#onRoom?.(Object.assign(new Error('write ECANCELED'), { code: 'ECANCELED' }));
    this.#onRoom = undefined;
    done(error);
  }

  /** Gives the pieces in which a chunk travels. */
  #cut(bytes: Buffer): readonly Buffer[] {
    if (this.#cutBy === undefined || bytes.length < 2) return [bytes];
    const places = [bytes.length];
    for (let cuts = this.#cutBy.below(MOST_CUTS + 1); cuts > 0; cuts -= 1)
      places.push(1 + this.#cutBy.below(bytes.length - 1));
    const ends = [...new Set(places)].toSorted((a, b) => a - b);
    return ends.map((end, index) => bytes.subarray(ends[index - 1] ?? 0, end));
  }

  #carry(arrive: () => void): void {
    this.#peer.#underWay += 1;
    this.#wire(arrive);
  }

  // Called by the other end.

  #receive(bytes: Buffer): void {
    this.#underWay -= 1;
    // As in TCP, an end that reads no more answers bytes with a reset, which takes the same way.
    if (this.destroyed) return this.#carry(() => this.#peer.#receiveReset());
    this.bytesRead += bytes.length;
    this.#held.push(bytes);
    if (this.#underWay > 0 && this.#cutBy?.below(2) === 1) return;
    this.#pass();
  }

  /** The other end writes no more. */
  #receiveEnd(): void {
    this.#underWay -= 1;
    if (this.destroyed) return;
    this.#pass();
    this.push(null);
  }

  #receiveReset(): void {
    this.#underWay -= 1;
    this.destroy(connectionReset());
  }

  /** Gives the reader what has arrived. */
  #pass(): void {
    const bytes = Buffer.concat(this.#held);
    this.#held = [];
    if (bytes.length === 0) return;
    this.#unaskedBytes += bytes.length;
    if (this.push(bytes)) this.#readAll();
  }

  /** The reader takes all that has come. */
  #readAll(): void {
    const bytes = this.#unaskedBytes;
    this.#unaskedBytes = 0;
    if (bytes > 0) this.#peer.#makeRoom(bytes);
  }

  /** The other end has read bytes of this one. */
  #makeRoom(bytes: number): void {
    this.#unreadBytes -= bytes;
    if (this.#unreadBytes > WINDOW_BYTES) return;
    const done = this.#onRoom;
    this.#onRoom = undefined;
    done?.();
  }
}

function connectionReset(): Error {
  return Object.assign(new Error('read ECONNRESET'), { code: 'ECONNRESET', syscall: 'read' });
}
