// A select that cannot answer at once: subscribed to all of its sources, it takes
// from the first ready one as soon as one of them wakes it. Which sources these
// are, and what can be answered at once, is select.ts's.

import { firstReady } from './select-sources.ts';
import type { SelectSources } from './select-sources.ts';
import { Deadline } from '../time/deadline.ts';
import type { DeadlineOwner } from '../time/deadline.ts';
import type { Scheduling } from '../time/scheduling.ts';

/** What a select gives. */
export type Answer = readonly [key: string, value: unknown];

export const TIMED_OUT: Answer = Object.freeze(['timeout', undefined]);

/** What a select waits for. */
export type Until = 'arrival' | 'next turn' | 'next microtask';

/** Takes from one source, or from none (I3, I7). */
export class Selection implements DeadlineOwner {
  readonly #map: SelectSources;
  /** Whose time it keeps. */
  readonly #scheduling: Scheduling;
  readonly #timeoutMs: number;
  readonly #settle: (answer: Answer) => void;
  readonly #fail: (error: unknown) => void;
  /** What to call when it is over; grows while it subscribes. */
  readonly #unsubscribes: Array<() => void> = [];
  /** Made where there is a time-out. */
  #deadline: Deadline | undefined;
  #isOver = false;
  #isSubscribing = false;

  constructor(
    map: SelectSources,
    scheduling: Scheduling,
    timeoutMs: number,
    settle: (answer: Answer) => void,
    fail: (error: unknown) => void,
  ) {
    this.#map = map;
    this.#scheduling = scheduling;
    this.#timeoutMs = timeoutMs;
    this.#settle = settle;
    this.#fail = fail;
  }

  // Called by the select.

  /** Waits for a source, or lets others go on before it looks again. */
  begin(until: Until): void {
    if (until === 'arrival') return this.#subscribe();
    const goOn = (): void => this.#goOn();
    if (until === 'next turn') this.#scheduling.clock.setImmediate(goOn);
    else queueMicrotask(goOn);
  }

  /** Gives up, and takes nothing: whoever aborts is told so, whatever a broken source says. */
  cancel(): void {
    try {
      this.#end();
    } catch {
      // The select rejects with the reason of its signal.
    }
  }

  // Called by the sources and the clock.

  readonly #wake = (): void => {
    if (this.#isOver || this.#isSubscribing) return;
    this.#takeIfReady();
  };

  onDeadline(): void {
    this.#timeUp();
  }

  #goOn(): void {
    if (this.#isOver || this.#takeIfReady()) return;
    if (this.#timeoutMs > 0) this.#subscribe();
    else this.#timeUp();
  }

  #subscribe(): void {
    this.#isSubscribing = true;
    try {
      for (const port of this.#map.ports) this.#unsubscribes.push(port.subscribe(this.#wake));
    } catch (error) {
      return this.#break(error);
    }
    this.#isSubscribing = false;
    // To be subscribed to may have made one of them ready.
    if (this.#takeIfReady() || this.#timeoutMs === Infinity) return;
    this.#deadline = new Deadline(this.#scheduling.deadlines, this);
    this.#deadline.setAt(this.#scheduling.deadlines.now() + this.#timeoutMs);
  }

  #timeUp(): void {
    try {
      this.#end();
    } catch (error) {
      return this.#fail(error);
    }
    this.#settle(TIMED_OUT);
  }

  /** Ends before it takes, so that nothing can reach it twice. @returns Whether it is over. */
  #takeIfReady(): boolean {
    try {
      const at = firstReady(this.#map.ports);
      // To be looked at may have made one of them wake it.
      if (at === -1 || this.#isOver) return this.#isOver;
      this.#end();
      this.#settle([this.#map.keys[at] as string, this.#map.ports[at]?.take()]);
    } catch (error) {
      this.#break(error);
    }
    return true;
  }

  /** A source is broken: nothing is taken from the others. */
  #break(error: unknown): void {
    try {
      this.#end();
    } catch {
      // One error is enough: it is the first.
    }
    this.#fail(error);
  }

  /** Unsubscribes from all, whatever one of them throws. */
  #end(): void {
    this.#isOver = true;
    this.#deadline?.stop();
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
