// What hooks and handlers hold as `session`. Types only: session-handle.ts implements them, and
// index.ts exports them. What the data is kept in is session-store.ts.

import type { WaitOptions } from '../core/wait-options.ts';

/** Data of a session: JSON. */
export type SessionData = Record<string, unknown>;

/** Where `session.end()` has ended a session. */
export interface SessionEnd {
  /** 1 for each node that had sockets of the session, else 0, by the id of the node. */
  readonly nodes: ReadonlyMap<string, number>;
  /** Ids of nodes that have not answered. One that is back within 60 s ends it then. */
  readonly missingNodes: readonly string[];
}

/**
 * A session: data that outlives its sockets, under the id in the cookie of the client.
 *
 * It ends when `end` is called, and when nothing has renewed it for `timeoutMs` in this process. A
 * message that one of its sockets received or sent renews it, an `update`, and a handshake with its
 * cookie, however that is answered. When it ends, its sockets close with 3008, and every method but
 * `end` rejects with UsageError `COROSOCK_SESSION_OVER`: nothing brings it back. No socket ever
 * holds its lock. A call that is not awaited never becomes an unhandled rejection.
 */
export interface Session {
  /**
   * The id in the cookie of the client. A client that sends it with our signature has the session.
   */
  readonly id: string;

  /**
   * Reads the data. Never waits for the lock, nor for the `change` of an update: while that runs,
   * this gives the data as it was before.
   *
   * @returns A fresh copy.
   * @throws UsageError `COROSOCK_SESSION_OVER`, also when the store no longer has the session: a
   *   logout over HTTP ends the sockets here. What the store rejects with when it is down, and
   *   SessionStoreError when it does not answer within `storeTimeoutMs`.
   */
  load(): Promise<SessionData>;

  /**
   * Reads, changes and writes the data, under the lock of the session.
   *
   * Two updates of one host never lose each other's changes, nor do those of several processes when
   * the store offers a lock. An application that writes without the lock, as express-session does,
   * can overwrite what is written here. A session that such an application deletes while `change`
   * runs stays deleted; a deletion between the last read and the write, two calls of the store, can
   * be undone. Do not nest updates: one inside `change` waits for the one that it is in. An update
   * renews the session, as a message does.
   *
   * @param change - Changes the data in place. What it throws is what this rejects with, and
   *   nothing is written. What it returns is not written: new data in the place of a change is
   *   refused.
   * @param options - `timeoutMs`: the longest wait for the lock, ≥ 0, `Infinity` sets no timer,
   *   default 10 000. 0 takes the lock only where it is free, and where the store has a lock of its
   *   own, only when that answers at once: give a store beyond a network a few milliseconds.
   *   `signal`: aborting rejects with its reason until the write begins, and nothing is changed.
   * @returns `timeout`: the lock was not free in time, and `change` was not called.
   * @throws UsageError `COROSOCK_ARGUMENT`, also for data that JSON would lose, such as a Map;
   *   `COROSOCK_SESSION_OVER`. The reason of the signal. What
   *   the store rejects with, and SessionStoreError when it is silent; whether it has written is
   *   then open.
   */
  update(
    change: (data: SessionData) => void | PromiseLike<void>,
    options?: WaitOptions,
  ): Promise<'ok' | 'timeout'>;

  /**
   * Moves the data to a fresh id, so that an attacker cannot fix the id of a login in advance.
   *
   * The old id is deleted, and its sockets end. The 101 carries the new id, and so does a refusal.
   * When the handshake ends before the move is done, the data stays under the old id: move first,
   * then write what the login brings.
   *
   * @throws UsageError `COROSOCK_TOO_LATE` when `onPreServer` or the handshake is over: no response
   *   is left to carry the cookie. `COROSOCK_SESSION_OVER`. What the store rejects with.
   */
  regenerate(): Promise<void>;

  /**
   * Ends the session: closes all its sockets at once, then deletes its data.
   *
   * Waits for a process that holds the lock, but not for longer than 10 000 ms. Where the host has
   * a `broker`, the sockets of other nodes close, too: also those of a node that is not heard of
   * now, and is back within 60 s. Without one, sockets of other processes end when they next ask
   * for the data, or when they time out.
   *
   * @returns Which nodes have ended it, after at most 2 s.
   * @throws What the store rejects with, and SessionStoreError when it is silent; the sockets are
   *   closed all the same.
   */
  end(): Promise<SessionEnd>;
}
