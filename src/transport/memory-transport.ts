// A link in memory: the fake of the Transport port, which keeps all its promises. Messages are
// delivered in microtasks, in order, and no time passes. `testing/memory-server.ts` and specs use
// it; the links over a WebSocket are in `ws/` and `browser/`.

import { BufferingSink } from './buffering-sink.ts';
import { fragmentsEnd, limitEnd, LINK_LOST } from './unclean-end.ts';
import type { OnControl, FragmentOptions, SendOptions, Transport, TransportSink } from './transport.ts';
import type { LinkEnd } from '../core/close-info.ts';
import { bytesOf, bytesToSend, joined } from '../core/data.ts';
import type { Data } from '../core/data.ts';
import { MESSAGE_OVERHEAD_BYTES } from '../core/limits.ts';
import { inMicrotask } from '../core/microtask.ts';
import { Ring } from '../structures/ring.ts';

export interface MemoryLinkOptions {
  /** Negotiated subprotocol. Default ''. */
  readonly protocol?: string;
  /** Largest message that each end accepts, beyond it 1009. Default: any. */
  readonly maxMessageBytes?: readonly [near: number, far: number];
  /** Most fragments of a message that each end accepts, beyond it 1008. Default: any. */
  readonly maxFragments?: readonly [near: number, far: number];
  /** What carries the frames to each end. Default: each frame arrives at once. */
  readonly wires?: readonly [toNear: Wire | undefined, toFar: Wire | undefined] | undefined;
}

/**
 * Carries frames to one end: it gets each frame in the order in which they were sent, and calls
 * `arrive` when the frame comes to that end. It keeps their order. A frame whose `arrive` is never
 * called is lost.
 */
export type Wire = (arrive: () => void) => void;

const NO_BYTES: Uint8Array = new Uint8Array(0);

/** One frame that is under way to an end: what that end does when it receives it. */
type Frame = (end: MemoryTransport) => void;
/** How the other end receives a message, or a fragment of one. */
type Receive = (end: MemoryTransport, data: Data, bytes: number) => void;

/**
 * Makes both ends of a link in memory.
 *
 * @returns `[near, far]`: each receives what the other sends.
 */
export function memoryLink({
  protocol = '',
  maxMessageBytes = [Infinity, Infinity],
  maxFragments = [Infinity, Infinity],
  wires = [undefined, undefined],
}: MemoryLinkOptions = {}): readonly [near: MemoryTransport, far: MemoryTransport] {
  const near = new MemoryTransport(protocol, maxMessageBytes[0], maxFragments[0], wires[0]);
  const far = new MemoryTransport(protocol, maxMessageBytes[1], maxFragments[1], wires[1]);
  near.connect(far);
  far.connect(near);
  return [near, far];
}

/** One end of a link in memory. */
export class MemoryTransport implements Transport {
  readonly protocol: string;
  readonly #maxMessageBytes: number;
  readonly #maxFragments: number;
  /** Carries frames to this end; undefined where they arrive at once. */
  readonly #wire: Wire | undefined;
  // oxlint 1.94 overlooks `this.#peer.#enqueue()`.
  // oxlint-disable-next-line eslint/no-unused-private-class-members
  #peer: MemoryTransport = this;
  readonly #early = new BufferingSink();
  #sink: TransportSink = this.#early;

  /** Frames under way to this end, oldest first. */
  #inbox: Ring<Frame> = new Ring();
  #isScheduled = false;
  #isPaused = false;
  /** The fragments of a message that have arrived, and their bytes. */
  #fragments: Data[] = [];
  #fragmentBytes = 0;
  /** Messages in fragments, so far. */
  #fragmented = 0;
  readonly #onControl: OnControl[] = [];
  /** Sent by this end and not yet received by the other. */
  #unflushedBytes = 0;
  #flushedBytes = 0;
  #receivedBytes = 0;
  /**
   * `closing`: this end has sent a close frame. `held`: it has received one and not answered it.
   * `answered`: it has. `ended`: nothing goes in or out any more.
   */
  #state: 'open' | 'closing' | 'held' | 'answered' | 'ended' = 'open';
  /** The code and the reason of the first close frame, sent or received; 1006 until then. */
  #closing = { code: 1006, reason: '' };

  constructor(protocol: string, maxMessageBytes: number, maxFragments: number, wire: Wire | undefined) {
    this.#wire = wire;
    this.protocol = protocol;
    this.#maxMessageBytes = maxMessageBytes;
    this.#maxFragments = maxFragments;
  }

  /** Joins the two ends. Called before anything else. */
  connect(peer: MemoryTransport): void {
    this.#peer = peer;
  }

  /** A link that has ended holds nothing: what was under way is lost. */
  get bufferedBytes(): number {
    return this.#state === 'ended' ? 0 : this.#unflushedBytes;
  }

  get receivedBytes(): number {
    return this.#receivedBytes;
  }

  get flushedBytes(): number {
    return this.#flushedBytes;
  }

  get hasLost(): boolean {
    return this.#state === 'ended' && this.#unflushedBytes > 0;
  }

  get unfinished(): number {
    return this.#fragments.length === 0 ? 0 : this.#fragmented;
  }

  // Called by the conversation above.

  watchControls(onControl: OnControl): void {
    this.#onControl.push(onControl);
  }

  open(sink: TransportSink): void {
    this.#sink = this.#early.deliverTo(sink);
  }

  send(data: Data, { binary }: SendOptions): boolean {
    return this.#send(data, binary, (end, copy, bytes) => end.#receiveMessage(copy, bytes));
  }

  sendFragment(data: Data, { binary, last }: FragmentOptions): boolean {
    return this.#send(data, binary, (end, copy, bytes) => end.#receiveFragment(copy, bytes, last));
  }

  /** The peer answers when it receives the ping: not while it is paused. */
  ping(data: Uint8Array = NO_BYTES): boolean {
    if (this.#state !== 'open') return false;
    const copy = Buffer.from(data);
    this.#peer.#enqueue((end) => {
      end.#receiveControl('ping', copy);
      end.pong(copy);
    });
    return true;
  }

  pong(data: Uint8Array = NO_BYTES): boolean {
    if (this.#state !== 'open') return false;
    const copy = Buffer.from(data);
    this.#peer.#enqueue((end) => end.#receiveControl('pong', copy));
    return true;
  }

  pause(): void {
    this.#isPaused = true;
  }

  resume(): void {
    this.#isPaused = false;
    this.#schedule();
  }

  close(code: number, reason: string): void {
    if (this.#state === 'held') return this.#answer();
    if (this.#state !== 'open') return;
    this.#state = 'closing';
    this.#closing = { code, reason };
    const sent = reason.toWellFormed();
    this.#peer.#enqueue((end) => end.#receiveClose(code, sent));
  }

  terminate(): void {
    if (this.#state === 'ended') return;
    this.#peer.#enqueue((end) => end.#receiveLoss());
    const { clean, by } = this.#endOf('local');
    this.#state = 'ended';
    this.#inbox = new Ring();
    inMicrotask(() => this.#sink.end({ ...this.#closing, clean, by }));
  }

  /** The network resets the link: this end hears of it now, the other end by its own call. */
  lose(): void {
    if (this.#state === 'ended') return;
    this.#inbox = new Ring();
    this.#receiveLoss();
  }

  /** Whether messages are accepted: this end has sent no close frame. */
  get #isSending(): boolean {
    return this.#state === 'open' || this.#state === 'held';
  }

  /** Sends a copy, as a wire does. */
  #send(data: Data, binary: boolean, receive: Receive): boolean {
    if (!this.#isSending) return false;
    const copy = binary || typeof data !== 'string' ? Buffer.from(bytesToSend(data)) : data.toWellFormed();
    const bytes = bytesOf(copy);
    this.#unflushedBytes += bytes + MESSAGE_OVERHEAD_BYTES;
    this.#peer.#enqueue((end) => receive(end, copy, bytes));
    if (this.#peer.#isPaused || this.#peer.#wire !== undefined) this.#sink.stall();
    return true;
  }

  // Called by the other end.

  #enqueue(frame: Frame): void {
    if (this.#wire === undefined) this.#arrive(frame);
    else this.#wire(() => this.#arrive(frame));
  }

  #arrive(frame: Frame): void {
    if (this.#state === 'ended') return;
    this.#inbox.push(frame);
    this.#schedule();
  }

  /** The other end has received bytes of this one. */
  #flush(bytes: number): void {
    this.#unflushedBytes -= bytes;
    this.#flushedBytes += bytes;
    if (this.#state !== 'ended') this.#sink.drain();
  }

  /** The other end has frames of this one that it does not take. */
  #stall(): void {
    if (this.#unflushedBytes > 0 && this.#state !== 'ended') this.#sink.stall();
  }

  #schedule(): void {
    if (this.#isScheduled || this.#isPaused || this.#inbox.length === 0) return;
    this.#isScheduled = true;
    inMicrotask(this.#deliver);
  }

  /** Delivers what has arrived so far; what arrives meanwhile, in the next microtask. */
  readonly #deliver = (): void => {
    this.#isScheduled = false;
    let due = this.#inbox.length;
    while (due > 0 && !this.#isPaused && this.#state !== 'ended') {
      due -= 1;
      this.#inbox.shift()(this);
    }
    if (this.#state === 'ended') return;
    if (this.#inbox.length > 0) this.#peer.#stall();
    this.#schedule();
  };

  #receiveMessage(data: Data, bytes: number): void {
    if (bytes > this.#maxMessageBytes) return this.#violate(limitEnd(bytes, this.#maxMessageBytes));
    this.#receivedBytes += bytes + MESSAGE_OVERHEAD_BYTES;
    this.#sink.receive(data, bytes);
    this.#peer.#flush(bytes + MESSAGE_OVERHEAD_BYTES);
  }

  #receiveControl(kind: 'ping' | 'pong', data: Uint8Array): void {
    this.#receivedBytes += MESSAGE_OVERHEAD_BYTES;
    for (const onControl of this.#onControl) onControl(kind, data);
  }

  #receiveFragment(fragment: Data, bytes: number, last: boolean): void {
    const isFirst = this.#fragments.push(fragment) === 1;
    this.#fragmentBytes += bytes;
    this.#receivedBytes += bytes + MESSAGE_OVERHEAD_BYTES;
    const all = this.#fragmentBytes;
    if (all > this.#maxMessageBytes) return this.#violate(limitEnd(all, this.#maxMessageBytes));
    if (this.#fragments.length > this.#maxFragments) return this.#violate(fragmentsEnd(this.#maxFragments));
    if (isFirst && !last) this.#beginMessage();
    if (last) {
      const message = asArrived(joined(this.#fragments));
      this.#fragments = [];
      this.#fragmentBytes = 0;
      this.#sink.receive(message, all);
    }
    this.#peer.#flush(bytes + MESSAGE_OVERHEAD_BYTES);
  }

  #beginMessage(): void {
    this.#fragmented += 1;
    this.#sink.begin();
  }

  /** The peer has exceeded a limit. A close of ours that is under way keeps its code. */
  #violate(end: LinkEnd): void {
    if (this.#state === 'closing') return this.#end({ ...this.#closing, clean: false, by: 'local' });
    this.#peer.#enqueue((peer) => peer.#receiveClose(end.code, ''));
    this.#end(end);
  }

  #receiveClose(code: number, reason: string): void {
    // Both ends may close at once: the peer's close frame is then the answer to ours.
    if (this.#state === 'closing') return this.#receiveAnswer();
    this.#state = 'held';
    this.#closing = { code, reason };
    this.#sink.peerClosed();
  }

  /** Answers the peer's close frame, which ends this end, too. */
  #answer(): void {
    this.#state = 'answered';
    this.#peer.#enqueue((end) => end.#receiveAnswer());
    inMicrotask(() => {
      if (this.#state !== 'ended') this.#end({ ...this.#closing, ...this.#endOf('link') });
    });
  }

  #receiveAnswer(): void {
    this.#end({ ...this.#closing, clean: true, by: 'local' });
  }

  #receiveLoss(): void {
    const cause = this.#state === 'open' ? LINK_LOST : undefined;
    this.#end({ ...this.#closing, ...this.#endOf('link'), cause });
  }

  /** Says on whose behalf an end is that finishes no closing handshake, or the peer's. */
  #endOf(loss: 'local' | 'link'): Pick<LinkEnd, 'clean' | 'by'> {
    if (this.#state === 'closing') return { clean: false, by: 'local' };
    if (this.#state === 'held') return { clean: false, by: 'peer' };
    if (this.#state === 'answered') return { clean: true, by: 'peer' };
    return { clean: false, by: loss };
  }

  #end(end: LinkEnd): void {
    this.#state = 'ended';
    this.#sink.end(end);
  }
}

/** Gives bytes as those of a whole message, in the class of Node's own. */
function asArrived(data: Data): Data {
  return typeof data === 'string' ? data : Buffer.from(data.buffer, data.byteOffset, data.byteLength);
}
