// The Transport port: one peer's link, in whole messages. The socket above
// hands it messages and is its sink; frames, masks and bytes stay below.
// `transportContract` in testing/ is this list as checks, in the same words.

import type { LinkEnd } from '../core/close-info.ts';
import type { Data } from '../core/data.ts';

export interface SendOptions {
  /** Text goes out in a binary frame. */
  readonly binary: boolean;
  /** Whether to compress, where compression was agreed on. */
  readonly compress: boolean;
}

export interface FragmentOptions extends SendOptions {
  /** Whether the message ends with this part. */
  readonly last: boolean;
}

/**
 * Carries whole messages to and from one peer.
 *
 * 1. Until `open`, nothing that arrives is lost; afterwards all goes to that one sink, in the order in which it was sent.
 * 2. The sink is never called inside a call of `open`, `send`, `sendFragment`, `ping`, `pong`, `pause`, `resume`, `close` or `terminate`.
 * 3. `end` is the last thing that a sink hears, and it hears it exactly once, whatever happens.
 * 4. What was received whole before the end comes before `end`.
 * 5. Text arrives as a string, binary as bytes; an empty message is a message.
 * 6. `send` and `sendFragment` answer false, and send nothing, once this side has begun to close, or knows that the other has.
 * 7. `bufferedBytes` counts what was sent and not yet taken; whenever it has fallen, `drain` follows.
 * 8. While paused, no more is delivered than was under way; `resume` goes on where it stopped, and nothing is lost.
 * 9. `close` lets what was sent go first. The peer hears the code and the reason, `by: 'peer'`, `clean: true`.
 * 10. The one that closes ends with its own code, `by: 'local'`, also when both close at once; it is clean when the peer has answered, and only then.
 * 11. `terminate` ends at once: 1006, `by: 'local'`, or with the code of a `close` that is under way; the peer `by: 'link'`, 1006. The partial message is dropped.
 * 12. `close` and `terminate` may be called in any state and any number of times; only the first `close` counts.
 * 13. A message above the limit ends it with 1009, `by: 'limit'`; a broken rule with 1002 or 1007, `by: 'protocol'`. What came whole before is kept (4).
 * 14. `ping` and `pong` overtake nothing that was sent, and no sink hears of them; they answer false, and send nothing, where `send` would.
 * 15. `receivedBytes` grows with whatever comes, a `pong` and the answer to a `ping` too; an end that reads answers by itself, one that is paused does not.
 * 16. `flushedBytes` changes when more of what was sent has been taken, and never while nothing is; NaN where nobody counts.
 * 17. `sendFragment` sends a message piece by piece: what is sent counts at once (7), and the peer hears one message, of the first part's kind, when the last part has come.
 * 18. A message whose last part was never sent is never heard. `close` and `terminate` may come between parts; a `send` may not.
 */
export interface Transport {
  /** Negotiated subprotocol, or ''. */
  readonly protocol: string;
  /** Bytes accepted by `send` and not yet taken by what is below. */
  readonly bufferedBytes: number;
  /** Grows with all that comes; compared, never shown. */
  readonly receivedBytes: number;
  /** Changes with all that is taken; compared, never shown. */
  readonly flushedBytes: number;
  /** Gives the sink, once. */
  open(sink: TransportSink): void;
  /** Accepts one message. The bytes are not copied: they must stay as they are until they are taken. */
  send(data: Data, options: SendOptions): boolean;
  /** Accepts the next part of a message, or its first. All parts are of one kind; text is parted between code points. Bytes as in `send`. */
  sendFragment(data: Data, options: FragmentOptions): boolean;
  /** Asks the other end for a sign of life. */
  ping(): boolean;
  /** Gives the other end a sign of life, unasked. */
  pong(): boolean;
  pause(): void;
  resume(): void;
  /** Starts the closing handshake. Code and reason can be sent as they are. */
  close(code: number, reason: string): void;
  /** Drops the link. */
  terminate(): void;
}

/** What a transport calls: the socket above it. */
export interface TransportSink {
  /**
   * One message.
   *
   * @param data - Its bytes belong to the sink, but may be a view on a larger buffer.
   * @param bytes - Its size on the wire without headers: of text, in UTF-8.
   */
  receive(data: Data, bytes: number): void;
  /** `bufferedBytes` has fallen. */
  drain(): void;
  /** The conversation is over. */
  end(end: LinkEnd): void;
}
