// Mistakes of handlers that harm no caller, and so would be silent: a read that still waits when
// its handler has returned, a hook that is never called. Each is reported once for a place.
// handler-run.ts asks. Errors of calls that nothing awaits: waiting/unattended-errors.ts.

import { forgottenRead } from './forgotten-read.ts';
import type { HostWaits, WaitingRun } from './host-waits.ts';
import type { WebSocketServer } from './servable.ts';
import type { ReadTraces } from '../conversation/read-mistakes.ts';
import { UsageError } from '../core/errors.ts';
import type { LazySignal } from '../waiting/lazy-signal.ts';

/** A run, as far as its mistakes are looked for. */
export interface MistakenRun extends WaitingRun {
  readonly isShared: boolean;
  readonly draining: Pick<LazySignal, 'aborted'>;
  report(error: unknown, phase: string): void;
}

/**
 * Places of mistakes that are told for one host.
 *
 * @limit Places at which mistakes of handlers are reported, once each | further ones are not
 */
const MOST_PLACES = 64;

/** Finds the silent mistakes of the handlers of one host. */
export class HandlerMistakes {
  readonly #waits: Pick<HostWaits, 'follow'>;
  readonly #traces: Pick<ReadTraces, 'refresh'>;
  readonly #told = new Set<string>();

  constructor(waits: Pick<HostWaits, 'follow'>, traces: Pick<ReadTraces, 'refresh'>) {
    this.#waits = waits;
    this.#traces = traces;
  }

  /** A run begins. */
  begin(run: MistakenRun, server: WebSocketServer): void {
    this.#traces.refresh(run.sinceMs);
    if (server.onClientMessage === undefined || run.isShared) return;
    this.#tell(run, `onClientMessage of ${run.route}`, () => notShared(run.route));
  }

  /** The handler of a run has returned: a read that it has begun may still wait. */
  returned(run: MistakenRun): void {
    const { conversation, draining, isShared } = run;
    const read = conversation.reader.firstParked;
    // A socket that ends anyway, or lives on, answers the read. Any code may have asked for that.
    if (read === undefined || isShared || draining.aborted || conversation.isEnding) return;
    const error = forgottenRead(run, read, (wait) => this.#waits.follow(run, wait));
    if (error !== undefined) this.#tell(run, error.message, () => error);
  }

  #tell(run: MistakenRun, place: string, makeError: () => UsageError): void {
    if (this.#told.has(place) || this.#told.size >= MOST_PLACES) return;
    this.#told.add(place);
    run.report(makeError(), 'server');
  }
}

function notShared(route: string): UsageError {
  return new UsageError(
    'COROSOCK_NOT_SHARED',
    `onClientMessage: expected a shared socket on ${route}, but onPreServer has not set handshake.sharedConnection, and the hook is never called`,
  );
}
