// What a client sends becomes messages. Those that are whole in a chunk take a lane of their own:
// by way of `ws` they cost three times as much (row: 64 sockets × 64 in flight). All else goes to
// `ws`: control frames, fragments, what is cut, and all that breaks a rule. inbound-chunks.ts makes
// one for each link, and gives it the bytes when it is time.

import { isUtf8 } from 'node:buffer';
import type { Duplex } from 'node:stream';
import type { WebSocket } from 'ws';
import {
  BINARY,
  FIN,
  headerBytes,
  MASK_BYTES,
  MASKED,
  MAX_CONTROL_BYTES,
  payloadBytes,
  PING,
  PONG,
  TEXT,
} from './frame-header.ts';
import { InboundFrames, isWhole } from './inbound-frames.ts';
import { NO_LANE } from './inbound-stream.ts';
import type { HostInbound } from './inbound-stream.ts';
import type { LateSocket } from './late-socket.ts';
import { unmask, WORDWISE_BYTES, wordsOf } from './unmask.ts';
import type { Words } from './unmask.ts';
import { ownBytes, SMALL_MESSAGE_BYTES } from '../../core/data.ts';
import type { TransportSink } from '../transport.ts';

/** Flags and opcode of a whole message: the last frame is the first, no reserved bit is set. */
const WHOLE_TEXT = FIN | TEXT;
const WHOLE_BINARY = FIN | BINARY;
const WHOLE_PING = FIN | PING;
const WHOLE_PONG = FIN | PONG;

/** In the place of the end of a frame. */
const NOT_TAKEN = 0;

/** What bytes come from, and where they go. */
export interface LaneEnds {
  readonly ws: Pick<WebSocket, 'readyState' | 'OPEN'>;
  readonly stream: Duplex;
  /** `ws` delivers what bytes bring before its listener returns. */
  readonly host: HostInbound;
  /** Makes the WebSocket; undefined where it is there from the start. */
  readonly late: Pick<LateSocket, 'isMade' | 'make'> | undefined;
  /** The sink may be another one after each call. */
  readonly target: { readonly sink: Pick<TransportSink, 'receive' | 'begin'> };
  /** Longest message that takes the lane, or {@link NO_LANE}. */
  readonly longestBytes: number;
}

/** Gives the sink whole messages, and `ws` the rest. */
export class ReceiveLane {
  readonly #ends: LaneEnds;
  /** Made with the first bytes for `ws` that have to be followed. */
  #frames: InboundFrames | undefined;
  /**
   * Whether bytes go to `ws`, from a frame that the lane has not taken until `ws` has delivered a
   * message.
   */
  #goesToWs = false;
  /**
   * Whether all goes to `ws` for good: it has got a message and delivered none, since a rule was
   * broken. So the lane needs no rule of its own.
   */
  #isClosed: boolean;
  /** Whether `ws` has delivered a message of the bytes that it was given last. */
  #hasDelivered = false;
  /** Whether a view on the bytes of the last walk was given away, whose owner may transfer them. */
  #hasGivenView = false;
  /** The bytes at hand as words, for all messages among them; undefined for a few bytes. */
  #words: Words | undefined;

  constructor(ends: LaneEnds) {
    this.#ends = ends;
    this.#isClosed = ends.longestBytes === NO_LANE;
  }

  /** Whether a message may take it. */
  get isOpen(): boolean {
    return !this.#isClosed;
  }

  /** The number of the message that has come in part; 0 where there is none. */
  get unfinished(): number {
    return this.#frames?.unfinished ?? 0;
  }

  /** Whether bytes of the link may have been kept. */
  get isFollowing(): boolean {
    return this.#frames !== undefined;
  }

  get hasGivenView(): boolean {
    return this.#hasGivenView;
  }

  /** `ws` has delivered a message. */
  messageDelivered(): void {
    this.#hasDelivered = true;
  }

  /** Gives the link from its next header on, where these bytes come next. */
  fromNextHeader(bytes: Buffer): Buffer {
    return this.#frames?.fromNextHeader(bytes) ?? bytes;
  }

  /** Gives `ws` all that is kept: nothing more comes this way. */
  flush(): void {
    this.#frames?.flush();
  }

  /**
   * Delivers bytes that begin where the last ones ended.
   *
   * @param flow - May be paused by each message.
   * @returns Where they end, or the first message that a pause has held back begins.
   */
  walk(bytes: Buffer, flow: { readonly isPaused: boolean }): number {
    this.#hasGivenView = false;
    this.#words = bytes.length < WORDWISE_BYTES ? undefined : wordsOf(bytes);
    let at = 0;
    do at = this.#step(bytes, at, flow);
    while (at < bytes.length && !flow.isPaused);
    this.#words = undefined;
    this.#frames?.settle();
    return at;
  }

  /** @returns Where the next step begins: behind one message of `ws`, or as many of the lane. */
  #step(bytes: Buffer, from: number, flow: { readonly isPaused: boolean }): number {
    const { ws } = this.#ends;
    // Once a close has begun, nothing is held back any more.
    if (this.#isClosed || ws.readyState !== ws.OPEN) return this.#giveAll(bytes, from);
    return this.#goesToWs ? this.#give(bytes, from) : this.#take(bytes, from, flow);
  }

  /** Delivers messages up to a frame that does not take the lane. @returns Where that begins. */
  #take(bytes: Buffer, from: number, flow: { readonly isPaused: boolean }): number {
    let at = from;
    while (at < bytes.length) {
      const end = this.#takeFrame(bytes, at);
      if (end === NOT_TAKEN) break;
      at = end;
      if (flow.isPaused) return at;
    }
    this.#goesToWs = at < bytes.length;
    return at;
  }

  /** @returns Where the frame ends, or {@link NOT_TAKEN}. */
  #takeFrame(bytes: Buffer, at: number): number {
    const second = bytes[at + 1] ?? 0;
    const payload = at + headerBytes(second);
    if (second < MASKED || payload > bytes.length) return NOT_TAKEN;
    const length = payloadBytes(bytes, at);
    const end = payload + length;
    if (end > bytes.length) return NOT_TAKEN;
    const first = bytes[at] as number;
    if (first === WHOLE_TEXT || first === WHOLE_BINARY)
      return this.#takeMessage(bytes, payload, end, first === WHOLE_BINARY);
    const mayTake = first === WHOLE_PING || first === WHOLE_PONG;
    // The second byte has the length, which must not be written in more bits (RFC 6455 §5.5).
    if (!mayTake || second > MASKED + MAX_CONTROL_BYTES) return NOT_TAKEN;
    // Nobody waits for a pong yet: it was a sign of life.
    if (first === WHOLE_PONG && this.#ends.late?.isMade === false) return end;
    // `ws` answers it. It keeps the rules, so that `ws` stands between two frames again.
    this.#toWs(joinedBuffers([bytes.subarray(at, end)]));
    return end;
  }

  #takeMessage(bytes: Buffer, from: number, to: number, isBinary: boolean): number {
    const { target, longestBytes } = this.#ends;
    if (to - from > longestBytes) return NOT_TAKEN;
    const data = isBinary ? this.#unmasked(bytes, from, to) : this.#textOf(bytes, from, to);
    if (data === undefined) return NOT_TAKEN;
    target.sink.receive(data, to - from);
    return to;
  }

  /**
   * Gives binary as a view. Its owner may transfer the bytes: what the queue does not copy, and is
   * not the first of them, has memory of its own.
   */
  #unmasked(bytes: Buffer, from: number, to: number): Uint8Array {
    unmask(bytes, from - MASK_BYTES, to, this.#words);
    const view = bytes.subarray(from, to);
    const isKept = this.#hasGivenView && to - from > SMALL_MESSAGE_BYTES;
    if (isKept || from === to) return ownBytes(view);
    this.#hasGivenView = true;
    return view;
  }

  /** @returns Undefined, and leaves the payload masked, where it is not UTF-8. */
  #textOf(bytes: Buffer, from: number, to: number): string | undefined {
    const bits = unmask(bytes, from - MASK_BYTES, to, this.#words);
    if (bits < 0x80) return bytes.toString('latin1', from, to);
    if (isUtf8(bytes.subarray(from, to))) return bytes.toString('utf8', from, to);
    unmask(bytes, from - MASK_BYTES, to, this.#words);
    return undefined;
  }

  /** Gives `ws` all up to the end of a message, or of these bytes. @returns Where that is. */
  #give(bytes: Buffer, from: number): number {
    this.#hasDelivered = false;
    const frames = this.#follow();
    const at = frames.pass(bytes, from);
    this.#tellBegun();
    if (this.#hasDelivered) this.#goesToWs = false;
    else if (frames.hasEnded) this.#isClosed = true;
    return at;
  }

  /** Gives `ws` all. Only what brings part of a message is followed. @returns Its end. */
  #giveAll(bytes: Buffer, from: number): number {
    const all = bytes.subarray(from);
    if (this.unfinished === 0 && isWhole(all)) this.#toWs(all);
    else {
      this.#follow().passAll(all);
      this.#tellBegun();
    }
    return bytes.length;
  }

  #follow(): InboundFrames {
    return (this.#frames ??= new InboundFrames((piece) => this.#toWs(piece)));
  }

  /** `ws` keeps what is not whole: not in a memory that may be transferred meanwhile. */
  #toWs(bytes: Buffer): void {
    const { stream, host, late } = this.#ends;
    late?.make();
    host.onData.call(stream, this.#hasGivenView ? joinedBuffers([bytes]) : bytes);
  }

  #tellBegun(): void {
    if (this.#frames?.hasBegun() === true) this.#ends.target.sink.begin();
  }
}

/** Copies buffers into a new one: not from a pool, which it would hold, and not zeroed before. */
export function joinedBuffers(buffers: readonly Buffer[]): Buffer {
  const bytes = buffers.reduce((sum, { length }) => sum + length, 0);
  const whole = Buffer.allocUnsafeSlow(bytes);
  let at = 0;
  for (const buffer of buffers) at += buffer.copy(whole, at);
  return whole;
}
