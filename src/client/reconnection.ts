// The iteration of `connect.each`: one socket after another, with waits between. Written by hand,
// like all our iterators. `connect.ts` makes it, and gives what opens a socket (`open-client.ts`);
// `backoff.ts` gives the waits, and `each-options.ts` says which end is final.

import { Backoff } from './backoff.ts';
import type { ClientSettings } from './connect-options.ts';
import { isFinal } from './each-options.ts';
import type { EachSettings } from './each-options.ts';
import type { ClientSocket } from '../socket/client-socket.ts';
import { abortable, unattended } from '../waiting/abortable.ts';
import { holdProcess } from '../time/real-clock.ts';
import { ConnectionLostError, UsageError } from '../core/errors.ts';
import type { ConnectError } from '../core/errors.ts';
import { propertyOf } from '../core/object-like.ts';
import { allowListeners } from '#platform';

/** Gives sockets until an end that is final, the user's signal, or the end of the loop. */
export class Reconnection implements AsyncIterableIterator<ClientSocket> {
  readonly #open: (signal: AbortSignal) => Promise<ClientSocket>;
  readonly #settings: ClientSettings;
  readonly #each: EachSettings;
  readonly #backoff: Backoff;
  /** Ends what `next` waits for: the user's signal, or `return`. */
  readonly #stop = new AbortController();
  /** The socket of this round, which the iteration closes. */
  #socket: ClientSocket | undefined;
  /** Why the last attempt or socket has ended; undefined before the first. */
  #cause: ConnectError | ConnectionLostError | undefined;
  #state: 'fresh' | 'resting' | 'opening' | 'done' = 'fresh';

  /** @param open - Opens one socket, until its signal aborts. */
  constructor(
    open: (signal: AbortSignal) => Promise<ClientSocket>,
    settings: ClientSettings,
    each: EachSettings,
  ) {
    this.#open = open;
    this.#settings = settings;
    this.#each = each;
    this.#backoff = new Backoff(each);
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  /** Ends the last round, waits, and opens a socket. */
  next(): Promise<IteratorResult<ClientSocket, undefined>> {
    return unattended(this.#next());
  }

  /** Closes the open socket with 1000 and waits for its end. A `next` that waits is done. */
  async return(): Promise<IteratorResult<ClientSocket, undefined>> {
    this.#finish();
    this.#stop.abort();
    await this.#socket?.close();
    return DONE;
  }

  async #next(): Promise<IteratorResult<ClientSocket, undefined>> {
    if (this.#state === 'done') return DONE;
    if (this.#state === 'opening') throw nextAtOnce();
    if (this.#state === 'fresh') this.#listen();
    this.#state = 'opening';
    try {
      await this.#endRound();
      const socket = await this.#openNext();
      this.#state = 'resting';
      return { done: false, value: socket };
    } catch (error) {
      if (this.#isDone()) return DONE;
      this.#finish();
      throw error;
    }
  }

  /** Waits and makes attempts until a socket is open. */
  async #openNext(): Promise<ClientSocket> {
    for (;;) {
      if (this.#cause !== undefined) await this.#wait(this.#cause);
      try {
        return await this.#attempt();
      } catch (error) {
        this.#cause = retriable(error);
      }
    }
  }

  async #attempt(): Promise<ClientSocket> {
    const { signal } = this.#stop;
    const { clock } = this.#settings;
    const socket = await this.#open(signal);
    this.#socket = socket;
    // The iteration may have been stopped in the turn in which the socket was opened.
    if (signal.aborted) await socket.close();
    signal.throwIfAborted();
    const openedMs = clock.now();
    void socket.closed.then(() => {
      if (clock.now() - openedMs >= this.#each.steadyAfterMs) this.#backoff.reset();
    });
    return socket;
  }

  /** Closes the socket of the last round, which may still be open. */
  async #endRound(): Promise<void> {
    const socket = this.#socket;
    if (socket === undefined) return;
    const end = await socket.close();
    this.#socket = undefined;
    this.#stop.signal.throwIfAborted();
    this.#cause = retriable(new ConnectionLostError(end));
  }

  #wait(cause: ConnectError | ConnectionLostError): Promise<void> {
    const { clock } = this.#settings;
    const delayMs = this.#backoff.nextMs();
    this.#each.onRetry(cause, delayMs);
    return abortable(this.#stop.signal, (settle) => {
      const timer = clock.setTimeout(() => settle(undefined), delayMs);
      // Between two sockets nothing else holds the process.
      holdProcess(timer);
      return () => clock.clearTimeout(timer);
    });
  }

  #listen(): void {
    const { signal } = this.#settings;
    if (signal?.aborted === true) return this.#onAbort();
    if (signal === undefined) return;
    allowListeners(signal);
    signal.addEventListener('abort', this.#onAbort);
  }

  readonly #onAbort = (): void => {
    this.#stop.abort(this.#settings.signal?.reason);
    void this.#socket?.close();
  };

  #isDone(): boolean {
    return this.#state === 'done';
  }

  #finish(): void {
    this.#state = 'done';
    this.#settings.signal?.removeEventListener('abort', this.#onAbort);
  }
}

const DONE: IteratorResult<ClientSocket, undefined> = Object.freeze({ done: true, value: undefined });

/** Gives the cause of another attempt. Throws a final one, and any error that is not ours. */
function retriable(error: unknown): ConnectError | ConnectionLostError {
  if (!isOurs(error) || isFinal(error)) throw error;
  return error;
}

/**
 * Tells our errors by their code, as everywhere: the function that gives the URL may throw one of
 * another copy of this package.
 */
function isOurs(error: unknown): error is ConnectError | ConnectionLostError {
  const code = propertyOf(error, 'code');
  return code === 'COROSOCK_CONNECT' || code === 'COROSOCK_CONNECTION_LOST';
}

function nextAtOnce(): UsageError {
  return new UsageError(
    'COROSOCK_CONCURRENT_NEXT',
    'connect.each(): expected one next() at a time, but another one waits already',
  );
}
