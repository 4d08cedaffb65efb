// One run of a handler over its socket: started once, closed after, watched
// until both have ended. Where sockets are kept and counted is the host's.

import { closingFor } from './outcome.ts';
import type { HandlerEnd, Outcome } from './outcome.ts';
import type { Report } from './report.ts';
import type { Handler } from './servable.ts';
import type { ServerSocket } from './host.ts';
import type { Conversation } from '../socket/conversation.ts';
import type { Clock } from '../time/clock.ts';
import { LazyPromise } from '../time/lazy-promise.ts';
import type { LazySignal } from '../time/lazy-signal.ts';
import type { CloseInfo } from '../words/close-info.ts';
import { DrainingError } from '../words/errors.ts';

export interface RunSettings {
  readonly clock: Clock;
  readonly closeTimeoutMs: number;
  readonly report: Report;
}

/** Who hears of a run. */
export interface RunListener {
  /** The socket is closed for good; its handler may still run. */
  socketOnEnd(run: HandlerRun): void;
  /** Both have ended, or the handler was given up. The last call. */
  runOnEnd(run: HandlerRun, outcome: Outcome): void;
}

/** Runs one handler from its first line to the real end of its socket. */
export class HandlerRun {
  readonly ws: ServerSocket;
  readonly #conversation: Conversation;
  readonly #draining: LazySignal;
  readonly #settings: RunSettings;
  readonly #listener: RunListener;
  /** How the handler ended; undefined while it runs. */
  #handlerEnd: HandlerEnd | undefined;
  #graceTimer: unknown;
  readonly #outcome = new LazyPromise<Outcome>();

  constructor(
    ws: ServerSocket,
    conversation: Conversation,
    draining: LazySignal,
    settings: RunSettings,
    listener: RunListener,
  ) {
    this.ws = ws;
    this.#conversation = conversation;
    this.#draining = draining;
    this.#settings = settings;
    this.#listener = listener;
  }

  get isHandlerRunning(): boolean {
    return this.#handlerEnd === undefined;
  }

  /** Resolves when both have ended, or the handler was given up. Never rejects. */
  get outcome(): Promise<Outcome> {
    return this.#outcome.promise;
  }

  // Called by the host.

  /** Runs the handler; returns as soon as it waits for the first time. */
  start(handler: Handler): void {
    this.#conversation.whenOver((end) => this.#conversationOnEnd(end));
    try {
      const running = handler(this.ws);
      if (running === undefined) this.#handlerOnEnd({ kind: 'returned' });
      // JavaScript's handlers return anything: `(ws) => sockets.push(ws)`.
      else this.#follow(Promise.resolve(running));
    } catch (error) {
      this.#handlerOnEnd({ kind: 'threw', error });
    }
  }

  /** Asks the handler to finish. */
  drain(): void {
    this.#draining.abort(() => new DrainingError());
  }

  /** Closes the socket with 1001, whatever its handler does. */
  shutDown(): void {
    this.#conversation.close(1001, '', 'shutdown');
  }

  #follow(running: Promise<void>): void {
    running.then(
      () => this.#handlerOnEnd({ kind: 'returned' }),
      (error: unknown) => this.#handlerOnEnd({ kind: 'threw', error }),
    );
  }

  #handlerOnEnd(handlerEnd: HandlerEnd): void {
    const wasAbandoned = this.#handlerEnd !== undefined;
    const told = handlerEnd.kind === 'threw' && this.#wasTold(handlerEnd.error);
    if (handlerEnd.kind === 'threw' && !told) this.#report(handlerEnd.error);
    if (wasAbandoned) return;
    this.#handlerEnd = handlerEnd;
    const end = this.#conversation.queue.end;
    if (end !== undefined) return this.#finish(handlerEnd, end);
    // A handler that ends with the reason of `draining` did what it was asked to.
    const { code, closer } = closingFor(
      told ? { kind: 'returned' } : handlerEnd,
      this.#draining.aborted ? 'draining' : 'serving',
    );
    this.#conversation.close(code, '', closer);
  }

  /** Whether an error is the socket's own end, or the request to finish, coming out of the handler. */
  #wasTold(error: unknown): boolean {
    try {
      if (this.#conversation.over.explains(error) || this.#draining.explains(error)) return true;
      const end = this.#conversation.queue.end;
      return end !== undefined && error instanceof Object && 'closeInfo' in error && error.closeInfo === end;
    } catch {
      // Anything can be thrown, also what throws when it is looked at.
      return false;
    }
  }

  #conversationOnEnd(end: CloseInfo): void {
    this.#listener.socketOnEnd(this);
    if (this.#handlerEnd !== undefined) return this.#finish(this.#handlerEnd, end);
    const { clock, closeTimeoutMs } = this.#settings;
    this.#graceTimer = clock.setTimeout(() => this.#abandon(end), closeTimeoutMs);
  }

  /** The handler ignores the end: it is named, and holds nothing open. */
  #abandon(end: CloseInfo): void {
    this.#report(
      new Error(`The handler still runs ${this.#settings.closeTimeoutMs} ms after its socket has closed`),
    );
    this.#handlerEnd = { kind: 'abandoned' };
    this.#finish(this.#handlerEnd, end);
  }

  #finish(handlerEnd: HandlerEnd, end: CloseInfo): void {
    if (this.#graceTimer !== undefined) this.#settings.clock.clearTimeout(this.#graceTimer);
    const outcome: Outcome = { ...handlerEnd, end };
    this.#listener.runOnEnd(this, outcome);
    this.#outcome.resolve(outcome);
  }

  #report(error: unknown): void {
    this.#settings.report(error, { socketId: this.ws.id, phase: 'server' });
  }
}
