// The iteration of `connect.each`: one socket after another, with waits between.
// Written by hand, like all our iterators; how one socket is opened, and how long is
// waited, is decided elsewhere.

import { Backoff } from './backoff.ts';
import type { ClientSettings } from './client-settings.ts';
import { isFinal } from './each-options.ts';
import type { EachSettings } from './each-options.ts';
import type { ClientSocket } from '../socket/client-socket.ts';
import { abortable, unattended } from '../waiting/abortable.ts';
import { holdProcess } from '../time/real-clock.ts';
import { ConnectionLostError, UsageError } from '../core/errors.ts';
import type { ConnectError } from '../core/errors.ts';
import { propertyOf } from '../core/object-like.ts';
import { allowListeners } from '#platform';

/** What an iteration is made of. */
export interface ReconnectionParts {
  /** Finds the URL of the next attempt. */
  readonly locate: () => URL | PromiseLike<URL>;
  readonly open: (url: URL, settings: ClientSettings) => Promise<ClientSocket>;
  readonly settings: ClientSettings;
  readonly each: EachSettings;
}

/** Gives sockets until a refusal that is for good, the signal, or the end of the loop. */
export class Reconnection implements AsyncIterableIterator<ClientSocket> {
  readonly #parts: ReconnectionParts;
  readonly #backoff: Backoff;
  /** Ends what `next` waits for: the user's signal, or `return`. */
  readonly #stop = new AbortController();
  /** The socket of this round, which is this iteration's to close. */
  #socket: ClientSocket | undefined;
  /** Why the last attempt or socket has ended; undefined before the first. */
  #cause: ConnectError | ConnectionLostError | undefined;
  #state: 'fresh' | 'resting' | 'looking' | 'done' = 'fresh';

  constructor(parts: ReconnectionParts) {
    this.#parts = parts;
    this.#backoff = new Backoff(parts.each);
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  /** Ends the round before, waits, and opens a socket. */
  next(): Promise<IteratorResult<ClientSocket, undefined>> {
    return unattended(this.#next());
  }

  /** `break` closes the socket at hand with 1000 and waits for its end; a `next` that waits is given up. */
  async return(): Promise<IteratorResult<ClientSocket, undefined>> {
    this.#finish();
    this.#stop.abort();
    await this.#socket?.close();
    return DONE;
  }

  async #next(): Promise<IteratorResult<ClientSocket, undefined>> {
    if (this.#state === 'done') return DONE;
    if (this.#state === 'looking') throw nextAtOnce();
    if (this.#state === 'fresh') this.#listen();
    this.#state = 'looking';
    try {
      await this.#endRound();
      const socket = await this.#look();
      this.#state = 'resting';
      return { done: false, value: socket };
    } catch (error) {
      if (this.#isDone()) return DONE;
      this.#finish();
      throw error;
    }
  }

  /** Waits and tries until a socket is open. */
  async #look(): Promise<ClientSocket> {
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
    const { locate, open, settings, each } = this.#parts;
    const { signal } = this.#stop;
    const { clock } = settings;
    const url = await this.#untilStopped(async () => locate());
    const socket = await open(url, { ...settings, signal });
    this.#socket = socket;
    // Given up while it was being handed over.
    if (signal.aborted) await socket.close();
    signal.throwIfAborted();
    const openedMs = clock.now();
    void socket.closed.then(() => {
      if (clock.now() - openedMs >= each.steadyAfterMs) this.#backoff.reset();
    });
    return socket;
  }

  /** The socket of the round before may still be open: the next one takes its place. */
  async #endRound(): Promise<void> {
    const socket = this.#socket;
    if (socket === undefined) return;
    const end = await socket.close();
    this.#socket = undefined;
    this.#stop.signal.throwIfAborted();
    this.#cause = retriable(new ConnectionLostError(end));
  }

  #wait(cause: ConnectError | ConnectionLostError): Promise<void> {
    const { settings, each } = this.#parts;
    const { clock } = settings;
    const delayMs = this.#backoff.nextMs();
    each.onRetry(cause, delayMs);
    return abortable(this.#stop.signal, (settle) => {
      const timer = clock.setTimeout(() => settle(undefined), delayMs);
      // There is neither a socket nor a port that would do it.
      holdProcess(timer);
      return () => clock.clearTimeout(timer);
    });
  }

  #untilStopped<T>(work: () => Promise<T>): Promise<T> {
    const done = abortable<() => T>(this.#stop.signal, (settle) => {
      work().then(
        (value) => settle(() => value),
        (error: unknown) =>
          settle(() => {
            throw error;
          }),
      );
      return () => {};
    });
    return done.then((take) => take());
  }

  #listen(): void {
    const { signal } = this.#parts.settings;
    if (signal?.aborted === true) return this.#onAbort();
    if (signal === undefined) return;
    allowListeners(signal);
    signal.addEventListener('abort', this.#onAbort);
  }

  readonly #onAbort = (): void => {
    this.#stop.abort(this.#parts.settings.signal?.reason);
    void this.#socket?.close();
  };

  #isDone(): boolean {
    return this.#state === 'done';
  }

  #finish(): void {
    this.#state = 'done';
    this.#parts.settings.signal?.removeEventListener('abort', this.#onAbort);
  }
}

const DONE: IteratorResult<ClientSocket, undefined> = Object.freeze({ done: true, value: undefined });

/** Gives the cause of another attempt, or throws what is for good: refusals, and the errors of others. */
function retriable(error: unknown): ConnectError | ConnectionLostError {
  if (!isOurs(error) || isFinal(error)) throw error;
  return error;
}

/** By its code, as everywhere: a URL's finder may have the error from another copy of this package. */
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
