// The words of a session: what hooks and handlers hold as `session`. Types only;
// session-handle.ts is what they hold.

import type { WaitOptions } from '../core/wait-options.ts';

/** Data of a session: JSON. */
export type SessionData = Record<string, unknown>;

/**
 * A session: data that outlives its sockets, under the id in the client's cookie.
 *
 * It ends when it is told to, and when for `timeoutMs` nothing has renewed it in this
 * process: a message that one of its sockets received or sent, an `update`, a handshake
 * with its cookie, whatever that is answered with. Its sockets then close with 3008, and
 * every method but `end` rejects with UsageError `COROSOCK_SESSION_OVER`: nothing
 * brings it back. No socket ever holds its lock. A call that is not awaited never
 * becomes an unhandled rejection.
 */
export interface Session {
  /** Whoever knows it, signed, is the client. */
  readonly id: string;

  /**
   * Reads the data. Never waits for the lock, nor for what an update's `change` waits for: while that
   * goes on it gives what was there before.
   *
   * @returns A fresh copy.
   * @throws UsageError `COROSOCK_SESSION_OVER`, also when the store no longer has it: a logout
   *   over HTTP ends the sockets here. What the store says when it is down.
   */
  load(): Promise<SessionData>;

  /**
   * Reads, changes and writes, under the session's lock.
   *
   * Two updates of a host never lose one another, nor do those of several processes
   * when the store offers a lock. An application that writes past the lock, as
   * express-session does, can overwrite what is written here. A session that such an application
   * deletes while `change` runs stays deleted; between the last read and the write, two turns at the
   * store, a deletion can be undone. Not to be nested: an update inside `change` waits for the one
   * that it is in. An update renews the session, as a message does.
   *
   * @param change - Changes the data in place. What it throws is what this rejects with, and nothing
   *   is written.
   * @param options - `timeoutMs`: longest wait for the lock, ≥ 0, `Infinity` sets no timer, default
   *   10 000; 0 has it only when nobody waits for it or has it, and where the store has a lock of its
   *   own, only when that is answered at once: give one beyond a network a few milliseconds; `signal`: aborting rejects with its reason until the
   *   write begins, and nothing is changed.
   * @returns `timeout`: the lock was not to be had, `change` was not called.
   * @throws UsageError `COROSOCK_ARGUMENT`, `COROSOCK_SESSION_OVER`. The signal's reason. What the
   *   store says; whether it has written is then open.
   */
  update(
    change: (data: SessionData) => void | PromiseLike<void>,
    options?: WaitOptions,
  ): Promise<'ok' | 'timeout'>;

  /**
   * Moves the data to a fresh id, so that a login cannot be fixed in advance.
   *
   * The old id is deleted, and what lives under it ends. The 101 carries the new one, and so does a
   * refusal. When the handshake ends before the move is done, the data stays under the old id: move
   * first, then write what the login brings.
   *
   * @throws UsageError `COROSOCK_TOO_LATE` when `onPreServer` or the handshake is over: no response is left
   *   to carry the cookie. `COROSOCK_SESSION_OVER`. What the store says.
   */
  regenerate(): Promise<void>;

  /**
   * Ends the session: every socket of it here is closed at once, its data is deleted.
   *
   * A process that holds the lock is waited for, but not for longer than 10 000 ms. Sockets of other
   * processes end when they next ask for the data, or when they time out.
   *
   * @throws What the store says; the sockets are closed all the same.
   */
  end(): Promise<void>;
}
