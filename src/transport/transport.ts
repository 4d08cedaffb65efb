// The Transport port: the link to one peer, in whole messages. A `Conversation` sends through it
// and is its sink. Frames, masks and streams stay below, in `ws/` and `browser/`.
// `transportContract` (testing/contracts/) checks each promise, under a name in the same words.

import type { LinkEnd } from '../core/close-info.ts';
import type { Data } from '../core/data.ts';

export interface SendOptions {
  /** Sends text in a binary frame. */
  readonly binary: boolean;
  /** Whether to compress, if the handshake agreed on compression. */
  readonly compress: boolean;
  /** The same object for all sends of one message to several peers. Not for fragments (23). */
  readonly shared?: SharedMessage | undefined;
}

/** Lets the transports of several peers encode one message once. The sender makes it empty. */
export interface SharedMessage {
  /** What a transport has made of the message. A transport that does not know it ignores it. */
  frame?: unknown;
}

export interface FragmentOptions extends SendOptions {
  /** Whether this fragment ends the message. */
  readonly last: boolean;
}

/** The short way of a message to several peers: past the writer, while no write waits (24). */
export interface Outlet {
  /** `offer` sends nothing while so many bytes wait. 0 at first; set by the sink. */
  limitBytes: number;
  /**
   * Sends one message, or does nothing.
   *
   * @param options - With `shared`.
   * @returns Whether the message was sent. `send` tells the reason where it was not.
   */
  offer(data: Data, options: SendOptions): boolean;
}

/**
 * Carries whole messages to and from one peer.
 *
 * 1. Nothing that arrives before `open` is lost. Everything goes to the one sink, in the order in
 *    which the peer sent it.
 * 2. No call of `open`, `send`, `sendFragment`, `ping`, `pong`, `pause`, `resume`, `close` or
 *    `terminate` calls the sink before it returns.
 * 3. `end` is called exactly once, whatever happens, and is the last call that the sink gets.
 * 4. Messages that were received whole before the end are delivered before `end`.
 * 5. Text arrives as a string, binary as bytes, of one class whether they came whole or in
 *    fragments. An empty message is a message.
 * 6. `send` and `sendFragment` return false and send nothing once this end has begun to close, or
 *    knows that the peer has.
 * 7. `bufferedBytes` counts what was sent and not yet flushed. Each time it falls, `drain` follows,
 *    unless it was 0 whenever it was read since the last `drain`. After the end it is 0.
 * 8. A paused end delivers no more than was already under way. `resume` continues where the end
 *    stopped, and nothing is lost.
 * 9. `close` lets everything that was sent before it go first, however long that takes: the sink
 *    bounds it by `terminate`. The peer gets the code and the reason, `by: 'peer'` and
 *    `clean: true`. A lone surrogate in the reason arrives as U+FFFD.
 * 10. An end that closes gets its own code and `by: 'local'`, even if both ends close at once. Its
 *     end is clean if the peer has answered, and only then.
 * 11. `terminate` ends the link at once: 1006 and `by: 'local'`, or the code of a `close` that is
 *     under way. The peer gets 1006 and `by: 'link'`, with a cause. An unfinished message is
 *     dropped.
 * 12. `close` and `terminate` may be called in any state and any number of times. Only the first
 *     `close` counts.
 * 13. A message above the limit ends the link with 1009 and `by: 'limit'`, a broken rule with 1002
 *     or 1007 and `by: 'protocol'`. Messages that came whole before that are delivered (4).
 *     The cause of 1009 has the code `WS_ERR_UNSUPPORTED_MESSAGE_LENGTH`, and the cause of each end
 *     by a limit that an option raises has its name in `option`: `'maxMessageBytes'` for 1009.
 * 14. `ping` and `pong` overtake nothing that was sent, and call no sink. They return false and
 *     send nothing where `send` would, and once the peer has closed.
 * 15. `receivedBytes` grows with everything that arrives, also with a `pong` and with the answer to
 *     a `ping`. An end that reads answers pings by itself; a paused end does not, but
 *     for the last one, by the end of a `look`.
 * 16. `flushedBytes` changes when more of what was sent is flushed, and never at another time. It
 *     is NaN if the transport cannot count.
 * 17. `sendFragment` sends one message in fragments. Each counts in `bufferedBytes` at once (7).
 *     The peer receives one message, of the first fragment's kind, when the last fragment has
 *     arrived.
 * 18. A message whose last fragment was never sent is never delivered. `close` and `terminate` may
 *     come between fragments; a `send` may not.
 * 19. `peerClosed` is called once the peer's close frame has come, behind all messages that came
 *     before it, unless this end has begun to close. `send` is accepted until `close`, which
 *     answers with the code and the reason of the peer. Before it `terminate` may end it: the end
 *     is that of the peer, and not clean. A transport that answers by itself does not call
 *     `peerClosed`.
 * 20. `stall` is called when bytes that were sent have to wait for the peer, and again when bytes
 *     have to after `bufferedBytes` was 0. It may come more often, and inside `send` (2).
 * 21. Where `unfinished` exists: it is a number of its own for each message that has come in part,
 *     from its first fragment to its last. The sink has a `begin` for each such message.
 * 22. Where `hasLost` exists: it is true after the end, if bytes that were sent were not flushed,
 *     and else false.
 * 23. Sends of one message to several peers may have the same `shared`, also where the transports
 *     are of different kinds, and where `binary` and `compress` differ. Each peer receives what it
 *     would receive without it. The bytes of the message do not change before the last of these
 *     sends.
 * 24. Where `outlet` exists: its `offer` does what `send` does, in one order with the other sends,
 *     or it returns false and does nothing. It does nothing where `bufferedBytes` is at least its
 *     `limitBytes`, where `send` would return false, and without `shared`.
 * 25. Where `look` exists: a paused end that looks reads on, and delivers nothing before `resume`.
 *     `endLook` returns true if the peer's close is among what came since the last look.
 */
export interface Transport {
  /** Negotiated subprotocol, or ''. */
  readonly protocol: string;
  /** Bytes that `send` accepted and the layer below has not taken yet. */
  readonly bufferedBytes: number;
  /** Bytes, as far as they are known: grows with everything that arrives. Never shown. */
  readonly receivedBytes: number;
  /** Changes with everything that is flushed. Only compared, never shown. */
  readonly flushedBytes: number;
  /** Whether the link has ended before all that was sent was flushed. */
  readonly hasLost?: boolean | undefined;
  /**
   * The number of the message that has come in part and is not whole yet; 0 where there is none.
   * Undefined where the transport sees whole messages only.
   */
  readonly unfinished?: number | undefined;
  /** Undefined where all messages take `send`, and until one was sent. Then always the same. */
  readonly outlet?: Outlet | undefined;
  /**
   * Calls back for each ping and pong that comes from now on, with its bytes; each caller for
   * itself. Missing where the transport does not see them.
   */
  watchControls?(onControl: OnControl): void;
  /** Sets the sink. Called once. */
  open(sink: TransportSink): void;
  /**
   * Accepts one message.
   *
   * @param data - Bytes are not copied: the caller must not change them until they are flushed.
   * @returns Whether the message was accepted.
   */
  send(data: Data, options: SendOptions): boolean;
  /**
   * Accepts the first or next fragment of a message.
   *
   * @param data - Of one kind in all fragments of a message. Text is cut between code points. Bytes
   *   as for `send`.
   * @returns Whether the fragment was accepted.
   */
  sendFragment(data: Data, options: FragmentOptions): boolean;
  /**
   * Asks the peer for a sign of life.
   *
   * @param data - At most 125 bytes, which the answer brings back. Default: none.
   * @returns Whether the ping was sent.
   */
  ping(data?: Uint8Array): boolean;
  /**
   * Gives the peer an unsolicited sign of life.
   *
   * @param data - At most 125 bytes. Default: none.
   * @returns Whether the pong was sent.
   */
  pong(data?: Uint8Array): boolean;
  pause(): void;
  resume(): void;
  /**
   * Reads on though this end is paused, until `endLook`: `receivedBytes` grows, and the end of the
   * link is seen. Missing where only `resume` can tell.
   *
   * @param moreBytes - How much may come; what was read at once may exceed it.
   * @returns Whether it does: false where as much waits already as may; undefined where only
   *   `resume` can tell.
   */
  look?(moreBytes: number): boolean | undefined;
  /**
   * Ends a look. Without one, and once it was resumed, it does nothing.
   *
   * @returns Whether the peer's close is among what waits.
   */
  endLook?(): boolean;
  /**
   * Starts the closing handshake, or answers that of the peer. The code and the reason were checked
   * by the caller.
   */
  close(code: number, reason: string): void;
  /** Drops the link. */
  terminate(): void;
}

/** Hears of one control frame. Its data may be a view on a larger buffer. */
export type OnControl = (kind: 'ping' | 'pong', data: Uint8Array) => void;

/** What a transport calls: the conversation above it. */
export interface TransportSink {
  /**
   * Receives one message.
   *
   * @param data - The sink may keep its bytes, but they may be a view on a larger buffer.
   * @param bytes - Size on the wire without headers: of text, in UTF-8.
   */
  receive(data: Data, bytes: number): void;
  /** Called once for each message that `unfinished` gives a number. */
  begin(): void;
  /** Called when `bufferedBytes` has fallen. */
  drain(): void;
  /**
   * Called when the peer has sent its close frame: no more messages come. The sink calls `close`
   * when it has sent its last words.
   */
  peerClosed(): void;
  /** Called when bytes that were sent have to wait for the peer. */
  stall(): void;
  /** Called when the link has ended. */
  end(end: LinkEnd): void;
}
