// When what a client sends is delivered: the chunks of a stream, pauses, and looks behind a pause.
// A pause takes effect behind the message at hand. What has come and is not delivered stays bytes,
// in one buffer. WsTransport makes one for each link of a server. receive-lane.ts makes messages of
// the bytes.

import type { WebSocket } from 'ws';
import { findControls, MASK_BYTES } from './frame-header.ts';
import type { WaitingPing } from './frame-header.ts';
import { divertEnd } from './inbound-stream.ts';
import { joinedBuffers, ReceiveLane } from './receive-lane.ts';
import type { LaneEnds } from './receive-lane.ts';
import { unmask } from './unmask.ts';
import { nextTick } from './next-tick.ts';
import { CHUNK_BYTES } from '../../core/limits.ts';

const NO_BYTES: Buffer = Buffer.alloc(0);

/**
 * What may wait in one buffer for a look to read on: the chunk at hand, and as much behind it. A
 * reader that takes a few messages for each look would else have it grow without end.
 */
const MOST_LOOKED_AT_BYTES: number = 2 * CHUNK_BYTES;

/** What chunks come from, and where they go. */
export interface ChunkEnds extends LaneEnds {
  readonly ws: LaneEnds['ws'] & Pick<WebSocket, 'isPaused' | 'pause' | 'resume' | 'pong'>;
}

/** Delivers the chunks of one stream, unless the link is paused. */
export class InboundChunks {
  readonly lane: ReceiveLane;
  readonly #ends: ChunkEnds;
  #isPaused: boolean;
  /** Bytes that have come and wait: behind a pause, or until the chunk before them is done. */
  #rest: Buffer = NO_BYTES;
  /** What has come behind the rest. Joined once, for a peer may send it byte by byte. */
  #behind: Buffer[] | undefined;
  #waitingBytes = 0;
  /** Whether bytes are being delivered: what comes meanwhile waits. */
  #isDelivering = false;
  /** Whether a tick is to come in which the rest is delivered. */
  #isDue = false;
  /** The stream has ended or closed: no pause holds anything back. */
  #isOver = false;
  #watchesEnd = false;
  /** What the rest may grow to in this look; 0 without a look. */
  #lookBytes = 0;
  /** What the rest had grown to at the last look. */
  #seenBytes = 0;

  constructor(ends: ChunkEnds) {
    this.lane = new ReceiveLane(ends);
    this.#ends = ends;
    this.#isPaused = ends.ws.isPaused;
  }

  /** Whether no message is to be delivered behind the one at hand. */
  get isPaused(): boolean {
    return this.#isPaused;
  }

  /** Takes a chunk of the stream. Behind a pause, and inside of another chunk, it waits. */
  receive(chunk: Buffer): void {
    const isFree = !this.#isPaused && !this.#isDelivering && this.#waitingBytes === 0;
    if (isFree) return this.#deliver(chunk);
    this.#watchEnd();
    this.#waitingBytes += chunk.length;
    (this.#behind ??= []).push(chunk);
    if (this.#lookBytes > 0 && this.#waitingBytes >= this.#lookBytes) this.#ends.ws.pause();
  }

  pause(): void {
    this.#isPaused = !this.#isOver;
    this.#ends.ws.pause();
  }

  /** Delivers what waits in the next tick: the caller may be in the middle of a read. */
  resume(): void {
    this.#isPaused = false;
    this.#lookBytes = 0;
    if (!this.#isDelivering) this.#goOn();
  }

  /**
   * Reads the stream behind a pause, until `endLook`, or until so many bytes have come.
   *
   * @returns Whether it does: false where as much waits already as may; undefined without a lane,
   *   where only `ws` could tell what has come.
   */
  look(moreBytes: number): boolean | undefined {
    if (!this.lane.isOpen || !this.#isPaused) return undefined;
    if (this.#waitingBytes >= MOST_LOOKED_AT_BYTES) return false;
    this.#lookBytes = Math.min(this.#waitingBytes + moreBytes, MOST_LOOKED_AT_BYTES);
    this.#ends.ws.resume();
    return true;
  }

  /**
   * Ends a look. Only headers are followed, and no message is made. The last ping that has come
   * since the last look is answered; `ws` answers it again when it gets it.
   *
   * @returns Whether the peer's close frame waits.
   */
  endLook(): boolean {
    if (this.#lookBytes === 0) return false;
    this.#lookBytes = 0;
    this.#ends.ws.pause();
    const newBytes = this.#waitingBytes - this.#seenBytes;
    this.#seenBytes = this.#waitingBytes;
    if (newBytes === 0) return false;
    const frames = this.lane.fromNextHeader(this.#join());
    const { hasClose, ping } = findControls(frames);
    if (!hasClose && ping !== undefined && frames.length - ping.end < newBytes) this.#answer(frames, ping);
    return hasClose;
  }

  /** The stream has ended or closed. All that waits is delivered, and given to `ws`. */
  flush(): void {
    this.#isOver = true;
    this.#isPaused = false;
    if (this.#waitingBytes > 0) this.#deliver(this.#takeRest());
    this.#deliverUnread();
    this.lane.flush();
  }

  /** `ws` reads what a closing stream has not given. The rest of a frame has to come our way. */
  #deliverUnread(): void {
    const { stream } = this.#ends;
    const bytes = this.lane.unfinished === 0 ? 0 : stream.readableLength;
    if (bytes > 0) this.#deliver(stream.read(bytes) as Buffer);
  }

  /** What a pause leaves of the bytes waits. */
  #deliver(bytes: Buffer): void {
    const { lane } = this;
    let end = bytes.length;
    this.#isDelivering = true;
    try {
      end = lane.walk(bytes, this);
    } finally {
      this.#isDelivering = false;
    }
    if (end < bytes.length) this.#keep(bytes.subarray(end));
    else if (lane.isFollowing) this.#watchEnd();
    if (!this.#isPaused && (this.#waitingBytes > 0 || this.#ends.ws.isPaused)) this.#goOn();
  }

  /**
   * Keeps what is left of bytes, before what has come inside of them. A copy, where a view on them
   * was given away, whose owner may transfer the memory; and where the memory is more than twice
   * the rest.
   */
  #keep(left: Buffer): void {
    const mustCopy = this.lane.hasGivenView || left.length * 2 < left.buffer.byteLength;
    this.#watchEnd();
    this.#rest = mustCopy ? joinedBuffers([left]) : left;
    this.#waitingBytes += left.length;
  }

  #takeRest(): Buffer {
    const rest = this.#join();
    this.#rest = NO_BYTES;
    this.#waitingBytes = 0;
    this.#seenBytes = 0;
    return rest;
  }

  /** @returns All that waits, in one buffer. */
  #join(): Buffer {
    const behind = this.#behind;
    this.#behind = undefined;
    if (behind === undefined) return this.#rest;
    const isAlone = this.#rest.length === 0 && behind.length === 1;
    this.#rest = isAlone ? (behind[0] as Buffer) : joinedBuffers([this.#rest, ...behind]);
    return this.#rest;
  }

  /** The stream flows again once nothing waits. */
  #goOn(): void {
    if (this.#waitingBytes === 0) return this.#ends.ws.resume();
    if (this.#isDue) return;
    this.#isDue = true;
    nextTick(InboundChunks.#deliverRest, this);
  }

  static #deliverRest(this: void, chunks: InboundChunks): void {
    chunks.#isDue = false;
    if (!chunks.#isPaused && chunks.#waitingBytes > 0) chunks.#deliver(chunks.#takeRest());
  }

  /** Has `flush` called before `ws` hears of the end. A link that keeps nothing does without. */
  #watchEnd(): void {
    if (this.#watchesEnd) return;
    const { stream, host, late } = this.#ends;
    this.#watchesEnd = true;
    late?.make();
    divertEnd(stream, host);
  }

  #answer(frames: Buffer, { at, end }: WaitingPing): void {
    const ping = joinedBuffers([frames.subarray(at + 2, end)]);
    unmask(ping, 0, ping.length);
    this.#ends.ws.pong(ping.subarray(MASK_BYTES));
  }
}
