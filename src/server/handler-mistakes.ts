// Mistakes of handlers that harm no caller, and so would be silent: a read that still waits when
// its handler has returned, a hook that is never called. Each is reported once for a place.
// handler-run.ts asks. Errors of calls that nothing awaits: waiting/unattended-errors.ts.

import { EarlyReturns } from './early-returns.ts';
import type { EarlySettings } from './early-returns.ts';
import { forgottenRead } from './forgotten-read.ts';
import type { AwaitStack } from './await-stacks.ts';
import type { HostWaits, WaitingRun } from './host-waits.ts';
import type { WebSocketServer } from './servable.ts';
import type { ReadTraces } from '../conversation/read-mistakes.ts';
import { UsageError } from '../core/errors.ts';
import type { ParkedWait } from '../core/parked-wait.ts';

/** A run, as far as its mistakes are looked for. */
export interface MistakenRun extends WaitingRun {
  readonly isShared: boolean;
  readonly isDraining: boolean;
  report(error: unknown, phase: string): void;
}

/**
 * Places of mistakes that are told for one host.
 *
 * @limit Places at which mistakes of handlers are reported, once each | further ones are not
 */
const MOST_PLACES = 64;

/** Its reactions cost less than `queueMicrotask` (row: handshakes to a handler). */
const SETTLED = Promise.resolve();

/** What the sockets of a host share. */
export interface MistakeSettings extends EarlySettings {
  readonly traces: Pick<ReadTraces, 'refresh'>;
}

/** Finds the silent mistakes of the handlers of one host. */
export class HandlerMistakes {
  readonly #waits: Pick<HostWaits, 'follow' | 'ofAbandoned'>;
  readonly #settings: MistakeSettings;
  readonly #early: EarlyReturns;
  readonly #told = new Set<string>();

  constructor(waits: Pick<HostWaits, 'follow' | 'ofAbandoned'>, settings: MistakeSettings) {
    this.#waits = waits;
    this.#settings = settings;
    this.#early = new EarlyReturns(settings);
  }

  /** A run begins. */
  begin(run: MistakenRun, server: WebSocketServer): void {
    this.#settings.traces.refresh(run.sinceMs);
    if (server.onClientMessage === undefined || run.isShared) return;
    this.#tell(run, `onClientMessage of ${run.route}`, () => notShared(run.route));
  }

  /** The handler of a run is called, in this step. */
  call(run: MistakenRun, server: WebSocketServer): void {
    this.#early.begin(run, server.server.length);
  }

  /** That step ends with the microtasks that are queued by now. */
  called(): void {
    void SETTLED.then(this.#early.endStep);
  }

  /** The handler of a run has returned: what it has begun may still wait for its socket. */
  returned(run: MistakenRun): void {
    const { conversation, isDraining, isShared, route } = run;
    // A socket that ends anyway, or lives on, answers the read. Any code may have asked for that.
    if (isShared || isDraining || conversation.isEnding) return;
    const read = conversation.reader.firstParked;
    const follow: (wait: ParkedWait) => AwaitStack = (wait) => this.#waits.follow(run, wait);
    const error = read && forgottenRead(run, read, follow);
    if (error !== undefined) return this.#tell(run, error.message, () => error);
    const place = `early return on ${route}`;
    if (this.#told.has(place)) return;
    this.#early.look(run, follow, (early) => this.#tell(run, place, () => early));
  }

  /** Where a handler waits that is late, as text for an error; '' where that is not known. */
  placeOf(run: MistakenRun): string {
    try {
      const at = this.#waits.ofAbandoned([run])[0]?.at;
      return at === undefined ? '' : `, at ${at}`;
    } catch {
      // Not every runtime can follow a promise.
      return '';
    }
  }

  /** The socket of a run is one that `host.sockets` gives: a late write to it is a broadcast. */
  found(run: MistakenRun): void {
    this.#early.forgive(run);
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
