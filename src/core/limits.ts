// Every number of the core, once, with its derivation. Times are milliseconds
// (`…_MS`), memory is bytes (`…_BYTES`). Options override the defaults; the
// rest are rules.

/** The `len` of `%CSP.WebSocket`: what its `Read` returns at most. */
export const DEFAULT_READ_LENGTH = 32_656;
/** The `timeout` of `%CSP.WebSocket`, 86 400 seconds: one day. */
export const DEFAULT_READ_TIMEOUT_MS = 86_400_000;

export const DEFAULT_MAX_MESSAGE_BYTES = 1_048_576;
export const DEFAULT_QUEUE_MESSAGES = 64;
export const DEFAULT_QUEUE_BYTES = 1_048_576;
export const DEFAULT_WRITE_BUFFER_BYTES = 65_536;
export const DEFAULT_CLOSE_TIMEOUT_MS = 5000;
export const DEFAULT_GRACE_MS = 10_000;
/** What runs get at a shut-down beyond the last of three times `closeTimeoutMs`, one each for the peer, the handler and `onPostServer`. */
export const SHUT_DOWN_MARGIN_MS = 1000;

/** Sizes and counts are integers up to this: beyond it `ws` reads a limit as "unlimited" (`maxPayload | 0`). */
export const MAX_INTEGER = 2_147_483_647;
/** Beyond it a Node timer fires at once, with a warning (Node's `TIMEOUT_MAX`). */
export const MAX_TIMER_MS = 2_147_483_647;

/**
 * The least that a message costs on the wire to a server: a masked header of
 * six bytes (RFC 6455 §5.2). Counted per queued message, so that a flood of
 * empty messages is bounded like any other.
 */
export const MESSAGE_OVERHEAD_BYTES = 6;
/** What Node hands over in one piece; a paused link still delivers that much (`ws.pause()` acts on the next chunk). */
export const CHUNK_BYTES = 65_536;
/** Queued binary below this is copied, so that it does not pin its chunk of {@link CHUNK_BYTES}. */
export const SMALL_MESSAGE_BYTES = 4096;

/**
 * Frames of one turn are put side by side in pieces of this. A larger piece saves
 * collections, a smaller one is less to pin for a peer that reads slowly.
 */
export const SLAB_BYTES = 16_384;
/** A frame that may be larger is not copied into such a piece. */
export const MAX_BATCHED_BYTES = 4096;

/** After so many messages served without waiting, the fairness budget looks at the clock. */
export const BUDGET_MESSAGES = 64;
/** So long may served reads and writes keep the event loop in one turn. */
export const BUDGET_MS = 8;
/** From this one in a row, a call that cannot wait yields to the event loop first. */
export const YIELDING_CALL = 3;
/** This read in a row that gives `closed` throws: the loop around it never ends. */
export const LAST_CLOSED_READ = 100;
/** So many parked reads of a host remember where they were called, for the error of a second one, and as many more after it. */
export const TRACED_READS = 64;

/** Values that a channel holds at most. */
export const DEFAULT_CAPACITY = 64;

/** A close frame holds 125 bytes, two of which are the code (RFC 6455 §5.5). */
export const MAX_CLOSE_REASON_BYTES = 123;

/** Nothing tells a page that the browser has taken bytes; it looks as often as a nested timer of the web may run (HTML §8.6). */
export const DRAIN_LOOK_MS = 4;
/** A page may not send a close code below 3000 but 1000; what we have to say goes out so much higher, among the private ones (RFC 6455 §7.4.2). */
export const BROWSER_CLOSE_OFFSET = 3000;

/** For opening a client's link. */
export const DEFAULT_CONNECT_TIMEOUT_MS = 10_000;
/** Shortest and longest wait between two attempts of `connect.each`. */
export const DEFAULT_MIN_DELAY_MS = 100;
export const DEFAULT_MAX_DELAY_MS = 30_000;
/** A connection that lived for so long is no failed attempt. */
export const DEFAULT_STEADY_AFTER_MS = 5000;

/** A store of sessions with callbacks that has not answered by then counts as one that is down. */
export const STORE_ANSWER_MS = 5000;

/** What a client may send before its hook has decided; the rest waits in its window. */
export const EARLY_BYTES = 16_384;

/** A peer is asked for a sign of life so often: below the 30 s after which the strictest common proxies drop a silent connection. */
export const DEFAULT_HEARTBEAT_INTERVAL_MS = 25_000;
/** So long may it stay silent then. */
export const DEFAULT_HEARTBEAT_TIMEOUT_MS = 20_000;
/** An interval has so many phases, over which the sockets of a host are spread: 20 pings at a time for 5,000 of them. */
export const HEARTBEAT_PHASES = 256;
/** So often the link of a socket with a full queue is read for one turn. */
export const PROBE_MS = 5000;
/** Answers to pings that a peer has not taken yet, at most: then it does not read. Of more than that in one chunk the last is answered. */
export const MAX_UNFLUSHED_PONGS = 256;

/** `onPreServer` hooks at once. */
export const DEFAULT_MAX_HANDSHAKES = 256;
export const DEFAULT_HANDSHAKE_TIMEOUT_MS = 10_000;
/** `onClientMessage` bursts at once, over all shared sockets. */
export const DEFAULT_POOL_SIZE = 64;
/** A call of `onClientMessage` that takes longer is reported, and gives its place in the pool up. */
export const HOOK_TIMEOUT_MS = 30_000;

/** With more lists of deadlines than these, the empty ones are dropped: a host has about ten waits of its own, and sixteen pieces for each power of two of what is left of one. */
export const KEPT_DEADLINE_LISTS = 64;
