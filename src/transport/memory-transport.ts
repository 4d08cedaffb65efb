// The fake link: both ends in memory, for tests and for sockets that need no
// network. It keeps the promises of the Transport port and nothing else: what
// is sent is delivered in a microtask, in order, and no time passes.

import { BufferingSink } from './buffering-sink.ts';
import type { FragmentOptions, SendOptions, Transport, TransportSink } from './transport.ts';
import type { LinkEnd } from '../core/close-info.ts';
import { bytesOf, joined, toBytes } from '../core/data.ts';
import type { Data } from '../core/data.ts';
import { MESSAGE_OVERHEAD_BYTES } from '../core/limits.ts';

export interface MemoryLinkOptions {
  /** Negotiated subprotocol. Default ''. */
  readonly protocol?: string;
  /** Largest message that each end accepts, [near, far]; beyond it 1009. Default: any. */
  readonly maxMessageBytes?: readonly [near: number, far: number];
}

/** What is under way to one end: what happens to it there. */
type Arrival = (end: MemoryTransport) => void;
/** How it takes what was sent: a message, or a part of one. */
type Taking = (end: MemoryTransport, sent: Data, bytes: number) => void;

/**
 * Makes both ends of a link in memory.
 *
 * @returns `[near, far]`; what is sent into one comes out of the other.
 */
export function memoryLink({
  protocol = '',
  maxMessageBytes = [Infinity, Infinity],
}: MemoryLinkOptions = {}): readonly [near: MemoryTransport, far: MemoryTransport] {
  const near = new MemoryTransport(protocol, maxMessageBytes[0]);
  const far = new MemoryTransport(protocol, maxMessageBytes[1]);
  near.connect(far);
  far.connect(near);
  return [near, far];
}

/** One end of a link in memory. */
export class MemoryTransport implements Transport {
  readonly protocol: string;
  readonly #maxMessageBytes: number;
  // oxlint-disable-next-line eslint/no-unused-private-class-members -- oxlint 1.94 overlooks `this.#peer.#arrive()`
  #peer: MemoryTransport = this;
  readonly #early = new BufferingSink();
  #sink: TransportSink = this.#early;

  /** Under way to this end, oldest first. */
  #inbox: Arrival[] = [];
  #delivering = false;
  #paused = false;
  /** The parts of a message that have come, and their bytes. */
  #parts: Data[] = [];
  #partBytes = 0;
  /** Sent by this end and not yet delivered to the other. */
  #unflushedBytes = 0;
  #flushedBytes = 0;
  #receivedBytes = 0;
  /** `closing`: we have sent a close frame; `ended`: nothing goes in or out any more. */
  #state: 'open' | 'closing' | 'ended' = 'open';
  /** What we closed with; 1006 while we have not. */
  #closing = { code: 1006, reason: '' };

  constructor(protocol: string, maxMessageBytes: number) {
    this.protocol = protocol;
    this.#maxMessageBytes = maxMessageBytes;
  }

  /** Joins the two ends; before anything else. */
  connect(peer: MemoryTransport): void {
    this.#peer = peer;
  }

  get bufferedBytes(): number {
    return this.#unflushedBytes;
  }

  get receivedBytes(): number {
    return this.#receivedBytes;
  }

  get flushedBytes(): number {
    return this.#flushedBytes;
  }

  // Called by the socket above.

  open(sink: TransportSink): void {
    this.#sink = this.#early.handOverTo(sink);
  }

  send(data: Data, { binary }: SendOptions): boolean {
    return this.#send(data, binary, (end, sent, bytes) => end.#takeMessage(sent, bytes));
  }

  sendFragment(data: Data, { binary, last }: FragmentOptions): boolean {
    return this.#send(data, binary, (end, sent, bytes) => end.#takePart(sent, bytes, last));
  }

  /** The other end answers when it is delivered: not while it is paused. */
  ping(): boolean {
    if (this.#state !== 'open') return false;
    this.#peer.#arrive((end) => {
      end.#takeControl();
      end.pong();
    });
    return true;
  }

  pong(): boolean {
    if (this.#state !== 'open') return false;
    this.#peer.#arrive((end) => end.#takeControl());
    return true;
  }

  pause(): void {
    this.#paused = true;
  }

  resume(): void {
    this.#paused = false;
    this.#schedule();
  }

  close(code: number, reason: string): void {
    if (this.#state !== 'open') return;
    this.#state = 'closing';
    this.#closing = { code, reason };
    this.#peer.#arrive((end) => end.#takeClose(code, reason));
  }

  terminate(): void {
    if (this.#state === 'ended') return;
    this.#peer.#arrive((end) => end.#takeLoss());
    this.#state = 'ended';
    this.#inbox = [];
    queueMicrotask(() => this.#sink.end({ ...this.#closing, clean: false, by: 'local' }));
  }

  /** What arrives is a copy, as it is on a wire. */
  #send(data: Data, binary: boolean, take: Taking): boolean {
    if (this.#state !== 'open') return false;
    const sent = binary || typeof data !== 'string' ? Buffer.from(toBytes(data)) : data.toWellFormed();
    const bytes = bytesOf(sent);
    this.#unflushedBytes += bytes + MESSAGE_OVERHEAD_BYTES;
    this.#peer.#arrive((end) => take(end, sent, bytes));
    return true;
  }

  // Called by the other end.

  #arrive(arrival: Arrival): void {
    if (this.#state === 'ended') return;
    this.#inbox.push(arrival);
    this.#schedule();
  }

  /** The other end has been delivered what this one sent. */
  #taken(bytes: number): void {
    this.#unflushedBytes -= bytes;
    this.#flushedBytes += bytes;
    if (this.#state !== 'ended') this.#sink.drain();
  }

  #schedule(): void {
    if (this.#delivering || this.#paused || this.#inbox.length === 0) return;
    this.#delivering = true;
    queueMicrotask(this.#deliver);
  }

  readonly #deliver = (): void => {
    this.#delivering = false;
    const arrivals = this.#inbox;
    this.#inbox = [];
    let next = 0;
    while (next < arrivals.length && !this.#paused && this.#state !== 'ended') {
      (arrivals[next] as Arrival)(this);
      next += 1;
    }
    if (this.#state === 'ended') return;
    this.#inbox = [...arrivals.slice(next), ...this.#inbox];
    this.#schedule();
  };

  #takeMessage(data: Data, bytes: number): void {
    if (bytes > this.#maxMessageBytes) return this.#endAboveLimit(bytes);
    this.#receivedBytes += bytes + MESSAGE_OVERHEAD_BYTES;
    this.#sink.receive(data, bytes);
    this.#peer.#taken(bytes + MESSAGE_OVERHEAD_BYTES);
  }

  #takeControl(): void {
    this.#receivedBytes += MESSAGE_OVERHEAD_BYTES;
  }

  #takePart(part: Data, bytes: number, last: boolean): void {
    this.#parts.push(part);
    this.#partBytes += bytes;
    this.#receivedBytes += bytes + MESSAGE_OVERHEAD_BYTES;
    const all = this.#partBytes;
    if (all > this.#maxMessageBytes) return this.#endAboveLimit(all);
    if (last) {
      const message = joined(this.#parts);
      this.#parts = [];
      this.#partBytes = 0;
      this.#sink.receive(message, all);
    }
    this.#peer.#taken(bytes + MESSAGE_OVERHEAD_BYTES);
  }

  #endAboveLimit(bytes: number): void {
    const cause = new RangeError(
      `A message of ${bytes} bytes is above the limit of ${this.#maxMessageBytes}`,
    );
    this.#peer.#arrive((end) => end.#takeClose(1009, ''));
    this.#end({ code: 1009, reason: '', clean: false, by: 'limit', cause });
  }

  #takeClose(code: number, reason: string): void {
    // Both may close at once: the other's frame is then our answer.
    if (this.#state === 'closing') return this.#takeAnswer();
    this.#peer.#arrive((end) => end.#takeAnswer());
    this.#end({ code, reason, clean: true, by: 'peer' });
  }

  #takeAnswer(): void {
    this.#end({ ...this.#closing, clean: true, by: 'local' });
  }

  #takeLoss(): void {
    const by = this.#state === 'closing' ? 'local' : 'link';
    this.#end({ ...this.#closing, clean: false, by });
  }

  #end(end: LinkEnd): void {
    this.#state = 'ended';
    this.#sink.end(end);
  }
}
