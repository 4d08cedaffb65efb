// Every number of the core, once, with its derivation. Times are milliseconds
// (`…_MS`), memory is bytes (`…_BYTES`). Options override the defaults; the
// rest are rules.

export const DEFAULT_MAX_MESSAGE_BYTES = 1_048_576;
export const DEFAULT_QUEUE_MESSAGES = 64;
export const DEFAULT_QUEUE_BYTES = 1_048_576;
export const DEFAULT_WRITE_BUFFER_BYTES = 65_536;
export const DEFAULT_CLOSE_TIMEOUT_MS = 5000;
export const DEFAULT_GRACE_MS = 10_000;

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

/** Values that a channel holds at most. */
export const DEFAULT_CAPACITY = 64;

/** A close frame holds 125 bytes, two of which are the code (RFC 6455 §5.5). */
export const MAX_CLOSE_REASON_BYTES = 123;

/** For opening a client's link. */
export const DEFAULT_CONNECT_TIMEOUT_MS = 10_000;
/** Shortest and longest wait between two attempts of `connect.each`. */
export const DEFAULT_MIN_DELAY_MS = 100;
export const DEFAULT_MAX_DELAY_MS = 30_000;
/** A connection that lived for so long is no failed attempt. */
export const DEFAULT_STEADY_AFTER_MS = 5000;

/** A peer is asked for a sign of life so often: below the 30 s after which the strictest common proxies drop a silent connection. */
export const DEFAULT_HEARTBEAT_INTERVAL_MS = 25_000;
/** So long may it stay silent then. */
export const DEFAULT_HEARTBEAT_TIMEOUT_MS = 20_000;

/** `onPreServer` hooks at once. */
export const DEFAULT_MAX_HANDSHAKES = 256;
export const DEFAULT_HANDSHAKE_TIMEOUT_MS = 10_000;
/** `onClientMessage` bursts at once, over all shared sockets. */
export const DEFAULT_POOL_SIZE = 64;
