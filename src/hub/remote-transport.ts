// The Transport of a handle on a socket of another node: the end of the caller. A `Conversation`
// runs over it, so that the handle is a socket like each other. remote-sockets.ts makes it and
// passes frames on; the end of the socket is served-handle.ts, the frames are socket-frames.ts's.

import {
  closeFields,
  FROM_SOCKET,
  messageOf,
  NO_FIELDS,
  numberFields,
  readEnd,
  readMessage,
  readOpened,
  readStatus,
  TO_SOCKET,
} from './socket-frames.ts';
import type { Answer, Frame, Part } from './socket-frames.ts';
import { HandleWrites } from './handle-writes.ts';
import type { ReceiptOptions } from './sent-writes.ts';
import { AnswerWatch } from './answer-watch.ts';
import type { FrameWindow } from './frame-window.ts';
import { HeldParts } from './held-bytes.ts';
import { BufferingSink } from '../transport/buffering-sink.ts';
import type { FragmentOptions, Transport, TransportSink } from '../transport/transport.ts';
import type { Clock } from '../time/clock.ts';
import type { LinkEnd } from '../core/close-info.ts';
import { bytesOf } from '../core/data.ts';
import type { Data } from '../core/data.ts';
import { MESSAGE_OVERHEAD_BYTES } from '../core/limits.ts';
import { inMicrotask } from '../core/microtask.ts';

/** What a transport needs of its node. */
export interface RemoteLink {
  readonly clock: Clock;
  /** Sends a frame to the node of the socket. */
  send(type: number, number: number, fields: Uint8Array): Promise<'sent' | 'failed'>;
  /** Parts of messages go through it. */
  readonly window: FrameWindow;
  /** What all handles have of messages whose last part has not come. */
  readonly held: { bytes: number };
  /** The handle is over: no frame comes any more. */
  over(): void;
}

/** A link to a socket of another node. */
export class RemoteTransport implements Transport {
  /** Known once it is opened. */
  protocol: string = '';
  readonly #link: RemoteLink;
  readonly #early = new BufferingSink();
  #sink: TransportSink = this.#early;
  /** `closing`: a close frame was sent. */
  #state: 'opening' | 'open' | 'closing' | 'ended' = 'opening';
  /** The code and the reason of the close that was sent. */
  #closing = { code: 1006, reason: '' };
  readonly #onOpened: (answer: Answer) => void;

  /** Frames sent, and those received. */
  #sent = 0;
  #received = 0;
  readonly #watch: AnswerWatch;

  #isPaused = false;
  #isRegulating = false;
  /** Whether the other end may take a message for us. */
  #hasCredit = false;
  /** Whether the last message was received, and the other end does not know it yet. */
  #hasTaken = false;
  readonly #parts: HeldParts<Part>;

  readonly #writes: HandleWrites;
  #receivedBytes = 0;

  /** @param onOpened - Called once: `ok`, why there is no handle, or `timeout`. */
  constructor(id: string, link: RemoteLink, onOpened: (answer: Answer) => void) {
    this.#link = link;
    this.#parts = new HeldParts(link.held);
    this.#writes = new HandleWrites({
      clock: link.clock,
      window: link.window,
      isEnded: () => this.#state === 'ended',
      post: (type, fields) => this.#post(type, fields),
    });
    this.#onOpened = onOpened;
    this.#watch = new AnswerWatch(link.clock, {
      isAwaiting: () => this.#isAwaiting,
      probe: () => this.#send(TO_SOCKET.probe),
      onSilence: () => this.lose('The node of the socket has not answered in time'),
    });
    this.#send(TO_SOCKET.open, Buffer.from(id));
    this.#watch.begin();
  }

  get bufferedBytes(): number {
    return this.#state === 'ended' ? 0 : this.#writes.sent.unansweredBytes;
  }

  get flushedBytes(): number {
    return this.#writes.sent.answeredBytes;
  }

  get receivedBytes(): number {
    return this.#receivedBytes;
  }

  get hasLost(): boolean {
    return this.#state === 'ended' && this.#writes.sent.unansweredBytes > 0;
  }

  // Called by the conversation above.

  open(sink: TransportSink): void {
    this.#sink = this.#early.deliverTo(sink);
    this.#regulateSoon();
  }

  send(data: Data, options: ReceiptOptions): boolean {
    return this.#write(data, options, true);
  }

  sendFragment(data: Data, options: FragmentOptions): boolean {
    return this.#write(data, options, options.last);
  }

  /** Asks the other node, not the client: the heartbeat of the client is that node's. */
  ping(): boolean {
    if (this.#state !== 'open') return false;
    this.#send(TO_SOCKET.probe);
    return true;
  }

  pong(): boolean {
    return this.ping();
  }

  pause(): void {
    this.#isPaused = true;
    this.#regulateSoon();
  }

  resume(): void {
    this.#isPaused = false;
    this.#regulateSoon();
  }

  close(code: number, reason: string): void {
    if (this.#state !== 'open') return;
    this.#state = 'closing';
    this.#closing = { code, reason };
    this.#writes.sendBehind(TO_SOCKET.close, closeFields(code, reason.toWellFormed()));
    this.#watch.begin();
  }

  terminate(): void {
    if (this.#state === 'ended') return;
    this.#send(TO_SOCKET.terminate);
    const end: LinkEnd = { ...this.#closing, clean: false, by: 'local' };
    this.#state = 'ended';
    inMicrotask(() => this.#end(end));
  }

  // Called by remote-sockets.ts.

  /** A frame of the other end has come. */
  receive(frame: Frame): void {
    if (this.#state === 'ended') return;
    if (frame.type === FROM_SOCKET.lost) return this.lose('The node of the socket does not know the handle');
    if (frame.number !== this.#received + 1) return this.lose('A message between the nodes was lost');
    this.#received += 1;
    this.#watch.heard();
    this.#receivedBytes += frame.fields.left + MESSAGE_OVERHEAD_BYTES;
    if (!this.#take(frame)) this.lose('A message between the nodes was broken');
  }

  /** Ends it: what the other end does is not known any more. */
  lose(why: string): void {
    if (this.#state === 'ended') return;
    this.#send(TO_SOCKET.release, numberFields(this.#received));
    const isOurs = this.#state === 'closing';
    const end: LinkEnd = {
      ...this.#closing,
      clean: false,
      by: isOurs ? 'local' : 'link',
      cause: new Error(why),
    };
    this.#end(end);
  }

  /** Frames may be lost: asks whether the other end is there, and has all of them. */
  probe(): void {
    if (this.#state !== 'ended') this.#watch.probe();
  }

  #take({ type, fields }: Frame): boolean {
    switch (type) {
      case FROM_SOCKET.opened:
        return this.#opened(readOpened(fields));
      case FROM_SOCKET.status:
        return this.#answered(readStatus(fields));
      case FROM_SOCKET.message:
        return this.#receivePart(readMessage(fields));
      case FROM_SOCKET.end: {
        const end = readEnd(fields);
        if (end !== undefined) this.#end(this.#endForCaller(end));
        return end !== undefined;
      }
      // It is alive; of kinds that a newer node has, this one takes no notice.
      default:
        return true;
    }
  }

  #opened(opened: { readonly status: Answer; readonly protocol: string } | undefined): boolean {
    if (opened === undefined || this.#state !== 'opening') return false;
    this.protocol = opened.protocol;
    this.#state = 'open';
    this.#onOpened(opened.status);
    if (opened.status !== 'ok') this.#end({ ...this.#closing, clean: false, by: 'link' });
    return true;
  }

  // Messages of the client: one at a time, and only while this end is not paused.

  #regulateSoon(): void {
    if (this.#isRegulating) return;
    this.#isRegulating = true;
    inMicrotask(() => {
      this.#isRegulating = false;
      this.#regulate();
    });
  }

  #regulate(): void {
    if (this.#state !== 'open' || this.#sink === this.#early) return;
    if (this.#isPaused) {
      if (this.#hasTaken) this.#send(TO_SOCKET.taken);
      if (this.#hasCredit) this.#send(TO_SOCKET.withdraw);
      this.#hasCredit = false;
    } else if (!this.#hasCredit) {
      this.#send(TO_SOCKET.credit);
      this.#hasCredit = true;
      this.#watch.begin();
    }
    this.#hasTaken = false;
  }

  #receivePart(part: Part | undefined): boolean {
    if (part === undefined) return false;
    if (!this.#parts.add(part)) return false;
    if (!part.isLast) return true;
    const message = messageOf(this.#parts.take());
    // It was under way when its read ended, which has taken nothing.
    if (this.#isPaused) this.#send(TO_SOCKET.returned);
    else this.#receiveMessage(message);
    return true;
  }

  #receiveMessage(message: Data): void {
    this.#hasCredit = false;
    this.#hasTaken = true;
    this.#sink.receive(message, bytesOf(message));
    this.#regulateSoon();
  }

  // Messages to the client.

  #write(data: Data, options: ReceiptOptions, last: boolean): boolean {
    if (this.#state !== 'open') return false;
    this.#writes.write(data, options, last);
    this.#watch.begin();
    return true;
  }

  #answered(answer: { readonly write: number; readonly status: Answer } | undefined): boolean {
    if (answer === undefined || !this.#writes.sent.answer(answer.write, answer.status)) return false;
    this.#sink.drain();
    return true;
  }

  // Whether the other end is there.

  get #isAwaiting(): boolean {
    return this.#state !== 'open' || this.#writes.sent.areUnanswered || this.#hasCredit;
  }

  #send(type: number, fields: Uint8Array = NO_FIELDS): void {
    void this.#post(type, fields);
  }

  #post(type: number, fields: Uint8Array): readonly [number: number, Promise<void>] {
    this.#sent += 1;
    const answered = this.#link.send(type, this.#sent, fields).then((result) => {
      if (result === 'failed') this.lose('The broker has not taken a message to the node of the socket');
    });
    return [this.#sent, answered];
  }

  /** A close of this end counts, also where the client closes or is lost at that time. */
  #endForCaller(end: LinkEnd): LinkEnd {
    if (this.#state !== 'closing' || (end.by !== 'peer' && end.by !== 'link')) return end;
    return { ...this.#closing, clean: end.clean, by: 'local' };
  }

  #end(end: LinkEnd): void {
    if (this.#state === 'opening') this.#onOpened('timeout');
    this.#state = 'ended';
    this.#watch.stop();
    this.#writes.sent.close();
    this.#parts.take();
    this.#link.over();
    this.#sink.end(end);
  }
}
