// The limits that RFCs and platforms set: each is a rule, and no option changes it. Times are
// milliseconds (`…_MS`), memory is bytes (`…_BYTES`). A default stands beside its option, and a
// limit of ours beside the code that keeps it.

/**
 * Largest size or count. Beyond it `ws` reads a limit as "unlimited" (`maxPayload | 0`).
 *
 * @limit Size or count in an option | `COROSOCK_ARGUMENT`
 */
export const MAX_INTEGER = 2_147_483_647;
/**
 * Longest message in an option: the longest string of V8 (`buffer.constants.MAX_STRING_LENGTH`).
 * Text has at least as many bytes as units, so that each message below it can be decoded. Beyond it
 * decoding throws, where no caller catches it.
 *
 * @limit Size of a message in an option | `COROSOCK_ARGUMENT`
 */
export const MAX_MESSAGE_BYTES = 536_870_888;
/**
 * Longest time of a timer. Beyond it a Node timer fires at once and warns (`TIMEOUT_MAX`).
 *
 * @limit Time of a timer in an option | `COROSOCK_ARGUMENT`
 */
export const MAX_TIMER_MS = 2_147_483_647;

/**
 * Fewest bytes that a message costs on its way to a server: a masked header of six bytes
 * (RFC 6455 §5.2). Each queued message counts with it, so that a flood of empty messages is
 * bounded like any other.
 */
export const MESSAGE_OVERHEAD_BYTES = 6;
/**
 * The chunk that Node reads at once. A paused link of a client still delivers one: `ws.pause()`
 * acts on the next chunk.
 *
 * @limit Bytes that a paused link of a client still delivers, before they are inflated | they are
 * kept in the queue
 */
export const CHUNK_BYTES = 65_536;

/**
 * Longest reason of a close: a close frame holds 125 bytes with its code (RFC 6455 §5.5).
 *
 * @limit Reason of a close, in UTF-8 | `COROSOCK_CLOSE_REASON`
 */
export const MAX_CLOSE_REASON_BYTES = 123;
