// The iteration of `connect.each`: one socket after another, with waits between. Written by hand,
// like all our iterators. `connect.ts` makes it, and gives what opens a socket (`open-client.ts`);
// `retry-rule.ts` says which end is final, `backoff.ts` and `retry-wait.ts` wait.

import { Backoff } from './backoff.ts';
import type { ClientPlatform, ClientSettings } from './connect-options.ts';
import type { EachSettings } from './each-options.ts';
import { LinkProbe } from './link-probe.ts';
import { askedWaitMs, retriable } from './retry-rule.ts';
import type { RetryCause } from './retry-rule.ts';
import { RetryWait } from './retry-wait.ts';
import type { ClientSocket, ConnectedSocket } from '../socket/client-socket.ts';
import { unattended } from '../waiting/abortable.ts';
import { ConnectionLostError, UsageError } from '../core/errors.ts';
import { noop } from '../core/noop.ts';
import { showCaller } from '../core/stack-trace.ts';
import { allowListeners } from '#platform';

/** Gives sockets until an end that is final, the user's signal, or the end of the loop. */
export class Reconnection implements AsyncIterableIterator<ClientSocket> {
  readonly #open: (signal: AbortSignal) => Promise<ConnectedSocket>;
  readonly #settings: ClientSettings;
  readonly #each: EachSettings;
  readonly #platform: ClientPlatform;
  readonly #backoff: Backoff;
  readonly #probe: LinkProbe;
  /** Ends what `next` waits for: the user's signal, or `return`. */
  readonly #stop = new AbortController();
  /** The socket of this round, which the iteration closes. */
  #socket: ConnectedSocket | undefined;
  /** Why the last attempt or socket has ended; undefined before the first. */
  #cause: RetryCause | undefined;
  /** The wait before the next attempt. */
  #wait: RetryWait | undefined;
  #stopWatching: () => void = noop;
  #state: 'fresh' | 'resting' | 'opening' | 'done' = 'fresh';

  /** @param open - Opens one socket, until its signal aborts. */
  constructor(
    open: (signal: AbortSignal) => Promise<ConnectedSocket>,
    settings: ClientSettings,
    each: EachSettings,
    platform: ClientPlatform,
  ) {
    this.#open = open;
    this.#settings = settings;
    this.#each = each;
    this.#platform = platform;
    this.#backoff = new Backoff(each);
    this.#probe = new LinkProbe(settings.clock, each.probe);
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
      if (this.#cause !== undefined) await this.#rest(this.#cause);
      try {
        return await this.#attempt();
      } catch (error) {
        this.#cause = this.#judge(error);
      }
    }
  }

  async #attempt(): Promise<ConnectedSocket> {
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
    // A round that the loop itself has ended with its socket open is no end to judge.
    const isOver = socket.closeInfo !== undefined;
    const end = await socket.close();
    this.#socket = undefined;
    this.#stop.signal.throwIfAborted();
    const error = showCaller(new ConnectionLostError(end), this.#settings.trace);
    this.#cause = isOver ? this.#judge(error) : error;
  }

  /** Gives the cause of another attempt. Throws a final one, and the reason of a stop. */
  #judge(error: unknown): RetryCause {
    if (this.#stop.signal.aborted) throw error;
    return retriable(error, this.#each, this.#platform);
  }

  async #rest(cause: RetryCause): Promise<void> {
    const leastMs = askedWaitMs(cause);
    const delayMs = this.#backoff.nextMs(leastMs);
    this.#each.onRetry(cause, delayMs);
    const { clock } = this.#settings;
    this.#wait = new RetryWait(clock, { delayMs, leastMs: Math.max(leastMs, this.#each.minDelayMs) });
    try {
      await this.#wait.over(this.#stop.signal);
    } finally {
      this.#wait = undefined;
    }
  }

  readonly #onWake = (): void => {
    this.#wait?.wake();
    if (this.#socket !== undefined && this.#each.probe !== noop) this.#probe.look(this.#socket);
  };

  #listen(): void {
    const { signal } = this.#settings;
    this.#stopWatching = this.#platform.watchWakes?.(this.#onWake) ?? noop;
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
    this.#stopWatching();
    this.#settings.signal?.removeEventListener('abort', this.#onAbort);
  }
}

const DONE: IteratorResult<ClientSocket, undefined> = Object.freeze({ done: true, value: undefined });

function nextAtOnce(): UsageError {
  return new UsageError(
    'COROSOCK_CONCURRENT_NEXT',
    'connect.each(): expected one next() at a time, but another one waits already',
  );
}
