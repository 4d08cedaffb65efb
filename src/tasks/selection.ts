// One select that waits. It subscribes to all of its sources; when one wakes it, it takes from the
// first ready source and unsubscribes from all. select.ts makes it when no source can be taken
// from at once; select-sources.ts finds its ports.

import { firstReady, selectsOf } from './select-sources.ts';
import type { SelectSources } from './select-sources.ts';
import { Deadline } from '../time/deadline.ts';
import type { DeadlineOwner } from '../time/deadline.ts';
import type { ParkedSelect, ParkedSelects, Scheduling } from '../time/scheduling.ts';
import { looseWaits } from '../waiting/loose-waits.ts';
import type { LooseSelect, LooseWait } from '../waiting/loose-waits.ts';
import { rejectWhereAwaited } from '../waiting/abortable.ts';
import { isMistakeOfReading } from '../core/errors.ts';
import { UNTIL_LATER_TURN } from '../core/parked-wait.ts';
import type { Resolver } from '../core/parked-wait.ts';
import { inMicrotask } from '../core/microtask.ts';

/** The result of a select. */
export type SelectResult = readonly [key: string, value: unknown];

export const TIMED_OUT: SelectResult = Object.freeze(['timeout', undefined]);

/** What a select waits for before it looks at its sources. */
export type Until = 'arrival' | 'later' | 'next microtask';

/** Takes from one source, or from none (I3, I7). Settles once. */
export class Selection implements DeadlineOwner, ParkedSelect, LooseSelect {
  readonly #sources: SelectSources;
  readonly #scheduling: Scheduling;
  readonly #timeoutMs: number;
  readonly #resolve: (result: SelectResult) => void;
  readonly #reject: (error: unknown) => void;
  readonly resolver: Resolver;
  sinceMs: number = UNTIL_LATER_TURN;
  /** The list of the host of its first socket, while it waits. */
  #selects: ParkedSelects | undefined;
  // Set by that list, or by the loose waits.
  previous: Selection | undefined;
  next: Selection | undefined;
  /** One for each port that is subscribed to; grows while it subscribes. */
  readonly #unsubscribes: Array<() => void> = [];
  /** Made with a time-out. */
  #deadline: Deadline | undefined;
  /** Whether it is over, and takes no more. */
  isDone: boolean = false;
  #isSubscribing = false;

  /**
   * @param scheduling - Measures the time-out.
   * @param resolver - Where `resolve` is not that of the promise.
   */
  constructor(
    sources: SelectSources,
    scheduling: Scheduling,
    timeoutMs: number,
    resolve: (result: SelectResult) => void,
    reject: (error: unknown) => void,
    resolver: Resolver = resolve,
  ) {
    this.#sources = sources;
    this.#scheduling = scheduling;
    this.#timeoutMs = timeoutMs;
    this.#resolve = resolve;
    this.#reject = reject;
    this.resolver = resolver;
  }

  // Called by the select.

  /**
   * Subscribes to the sources at once, or looks at them first in a later turn or microtask.
   *
   * @param payer - Tells when that turn has come.
   */
  begin(until: Until, payer: Scheduling): void {
    if (until === 'arrival') return this.#subscribe();
    const look = (): void => this.#takeOrSubscribe();
    if (until === 'next microtask') return inMicrotask(look);
    // The reaction keeps the AsyncLocalStorage context of the caller, for sources of users.
    void new Promise<void>((goOn) => payer.budget.later(goOn, payer.spender)).then(look);
  }

  /** Ends without a result, and takes nothing. The caller rejects with the reason of its signal. */
  cancel(): void {
    try {
      this.#end();
    } catch {
      // An error of a broken source does not replace that reason.
    }
  }

  // Called by `host.waits`.

  get held(): readonly LooseWait[] {
    return this.isDone ? [] : [['select', this]];
  }

  // Called by the sources and the deadline.

  readonly #wake = (): void => {
    if (this.isDone || this.#isSubscribing) return;
    this.#takeIfReady();
  };

  onDeadline(): void {
    this.#timeOut();
  }

  #takeOrSubscribe(): void {
    if (this.isDone || this.#takeIfReady()) return;
    if (this.#timeoutMs > 0) this.#subscribe();
    else this.#timeOut();
  }

  #subscribe(): void {
    this.#isSubscribing = true;
    try {
      for (const port of this.#sources.ports) this.#unsubscribes.push(port.subscribe(this.#wake));
    } catch (error) {
      return this.#rejectWith(error);
    }
    this.#isSubscribing = false;
    // A port may have become ready inside its `subscribe`.
    if (this.#takeIfReady()) return;
    this.sinceMs = this.#scheduling.deadlines.now();
    this.#selects = selectsOf(this.#sources.ports);
    if (this.#selects === undefined) looseWaits.add(this);
    else this.#selects.append(this);
    if (this.#timeoutMs === Infinity) return;
    this.#deadline = new Deadline(this.#scheduling.deadlines, this);
    this.#deadline.setAt(this.sinceMs + this.#timeoutMs);
  }

  #timeOut(): void {
    try {
      this.#end();
    } catch (error) {
      return this.#reject(error);
    }
    this.#resolve(TIMED_OUT);
  }

  /** Ends before it takes, so that it cannot take twice. @returns Whether it is over. */
  #takeIfReady(): boolean {
    try {
      const at = firstReady(this.#sources.ports);
      // A `ready` may have woken this selection, which has then taken.
      if (at === -1 || this.isDone) return this.isDone;
      this.#end();
      this.#resolve([this.#sources.keys[at] as string, this.#sources.ports[at]?.take()]);
    } catch (error) {
      this.#rejectWith(error);
    }
    return true;
  }

  /** Rejects with the error of a broken source. Takes nothing from the others. */
  #rejectWith(error: unknown): void {
    try {
      this.#end();
    } catch {
      // The first error counts.
    }
    if (isMistakeOfReading(error)) rejectWhereAwaited(error, this.resolver, this.#reject);
    else this.#reject(error);
  }

  /** Unsubscribes from all ports, also when one of them throws; then throws the first error. */
  #end(): void {
    this.isDone = true;
    this.#deadline?.stop();
    if (this.#selects === undefined) looseWaits.remove(this);
    else this.#selects.remove(this);
    let broken: { readonly error: unknown } | undefined;
    for (const unsubscribe of this.#unsubscribes) {
      try {
        unsubscribe();
      } catch (error) {
        broken ??= { error };
      }
    }
    this.#unsubscribes.length = 0;
    if (broken !== undefined) throw broken.error;
  }
}
