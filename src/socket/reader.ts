// The reader: what a handler waits with. It takes from the receive queue, parks
// one read while the queue is empty, and is the one place that turns ends and
// time-outs into statuses. Arguments are checked by the socket above.

import { warnOfCut } from './cut-warning.ts';
import type { ReceiveQueue } from './receive-queue.ts';
import type { ReadRequest, ReadView } from './read-request.ts';
import type { ReadTraces } from './read-traces.ts';
import { WaitingLine } from './waiting-line.ts';
import type { Waiter } from './waiting-line.ts';
import { abortable, rejected, unattended } from '../time/abortable.ts';
import type { Alarm } from '../time/alarm.ts';
import type { Alarms } from '../time/alarms.ts';
import type { Clock } from '../time/clock.ts';
import type { Pace } from '../time/pace.ts';
import { SpinGuard } from '../time/spin-guard.ts';
import { Subscribers } from '../time/subscribers.ts';
import type { TurnBudget } from '../time/turn-budget.ts';
import { UsageError } from '../words/errors.ts';
import { DEFAULT_READ_LENGTH, LAST_CLOSED_READ } from '../words/limits.ts';
import { CLOSED, TIMED_OUT } from '../words/status.ts';
import type { ReadResult } from '../words/status.ts';

/** What a read that cannot be answered at once waits for. */
type Until = 'arrival' | 'next turn';

/** Whether a second read at once is a mistake or waits its turn. */
export type Readers = 'one' | 'many';

/** What the readers of a host share. */
export interface ReaderSettings {
  readonly clock: Clock;
  readonly alarms: Alarms;
  readonly budget: TurnBudget;
  readonly traces: ReadTraces;
}

const CLOSED_READ: Promise<ReadResult> = Promise.resolve(CLOSED);
/** What `select` takes. */
const MESSAGE: Pick<ReadRequest, 'len'> = Object.freeze({ len: Infinity });
const TIMED_OUT_READ: Promise<ReadResult> = Promise.resolve(TIMED_OUT);

/** Reads from one queue, first come, first served (I1, I3, I4, I7). */
export class Reader {
  readonly #queue: ReceiveQueue;
  readonly #settings: ReaderSettings;
  readonly #readers: Readers;
  /** Shared with the writer: a socket keeps one timer (I7). Who made it calls `ring`. */
  readonly #alarm: Alarm;
  readonly #spin = new SpinGuard();

  /** The parked reads. */
  readonly #line = new WaitingLine();
  /** Told of what no parked read takes; undefined where nobody ever was. */
  #subscribers: Subscribers | undefined;

  constructor(queue: ReceiveQueue, alarm: Alarm, readers: Readers, settings: ReaderSettings) {
    this.#queue = queue;
    this.#alarm = alarm;
    this.#readers = readers;
    this.#settings = settings;
  }

  // Called by whoever reads, through a socket.

  /** Takes what is there, or parks. */
  read(request: ReadRequest, view: ReadView): Promise<ReadResult> {
    const { signal } = request;
    const { first } = this.#line;
    if (signal?.aborted === true) return rejected(signal.reason);
    if (first !== undefined && this.#readers === 'one') return rejected(this.#concurrentRead(first));
    if (this.#queue.readable > 0) {
      if (first !== undefined || this.#settings.budget.spend()) return this.#wait(request, view, 'next turn');
      return Promise.resolve(this.#take(request, view));
    }
    if (this.#queue.isOver) return this.#readClosed(request, view);
    if (request.timeoutMs > 0) return this.#wait(request, view, 'arrival');
    return this.#spin.mustYield() ? this.#wait(request, view, 'next turn') : TIMED_OUT_READ;
  }

  // Called by the port of the socket, for `select`.

  get pace(): Pace {
    const { clock, alarms, budget } = this.#settings;
    return { clock, alarms, budget, spin: this.#spin };
  }

  /** Whether a message, or the end, is there for whoever is not in line. */
  get isReady(): boolean {
    return this.#queue.isOver || (this.#queue.readable > 0 && this.#line.first === undefined);
  }

  /** Takes the oldest message whole, or the end. */
  takeMessage(view: ReadView): ReadResult {
    if (this.#queue.readable > 0) return this.#take(MESSAGE, view);
    if (!this.#queue.isOver) return TIMED_OUT;
    view.closedReads += 1;
    if (view.closedReads >= LAST_CLOSED_READ) throw readAfterClose('select()');
    return CLOSED;
  }

  /** Calls back when something has come that no parked read takes, or the end has. @returns Ends that. */
  subscribe(wake: () => void): () => void {
    this.#subscribers ??= new Subscribers();
    return this.#subscribers.add(wake);
  }

  // Called by the socket.

  get isParked(): boolean {
    return this.#line.first !== undefined;
  }

  /** Whether a message that comes now goes straight to a parked read. */
  get isWaiting(): boolean {
    return this.#line.first !== undefined && this.#queue.messages === 0;
  }

  /** Something has arrived, or the end has come: serves the parked reads. */
  wake(): void {
    for (
      let { first } = this.#line;
      first !== undefined && this.#queue.readable > 0;
      { first } = this.#line
    ) {
      this.#settle(first, this.#take(first.request, first.view));
    }
    if (this.#queue.isOver) {
      this.#alarm.stop();
      for (const waiter of this.#line) this.#settle(waiter, CLOSED);
    }
    this.#tell();
  }

  /** The alarm rings: gives up what is due, and sets it for what is not. */
  ring(nowMs: number): void {
    for (const waiter of this.#line) {
      if (waiter.dueMs <= nowMs) this.#settle(waiter, TIMED_OUT);
      else this.#alarm.setAt(waiter.dueMs);
    }
  }

  /** Ends one parked read early, which takes nothing; others are left alone. */
  giveUp(request: ReadRequest): void {
    for (const waiter of this.#line) {
      if (waiter.request === request) this.#settle(waiter, TIMED_OUT);
    }
    this.#tell();
  }

  #tell(): void {
    this.#subscribers?.wakeWhile(this);
  }

  #take({ len }: Pick<ReadRequest, 'len'>, view: ReadView): ReadResult {
    this.#spin.reset();
    if (view.binaryData) this.#queue.firstToBytes();
    const data = this.#queue.take(len ?? DEFAULT_READ_LENGTH);
    view.atEnd = !this.#queue.firstIsRest;
    if (!view.atEnd && len === undefined) warnOfCut();
    return [data, 'ok'];
  }

  #readClosed(request: ReadRequest, view: ReadView): Promise<ReadResult> {
    view.closedReads += 1;
    const answer = this.#spin.mustYield() ? this.#wait(request, view, 'next turn') : CLOSED_READ;
    return view.closedReads < LAST_CLOSED_READ ? answer : failing(answer, readAfterClose('ws.read()'));
  }

  #wait(request: ReadRequest, view: ReadView, until: Until): Promise<ReadResult> {
    const { signal } = request;
    if (signal === undefined) return new Promise((settle) => void this.#park(request, view, until, settle));
    return abortable(signal, (settle) => {
      const waiter = this.#park(request, view, until, settle);
      return () => {
        this.#line.remove(waiter);
        this.#tell();
      };
    });
  }

  #park(request: ReadRequest, view: ReadView, until: Until, settle: Waiter['settle']): Waiter {
    const yields = until === 'next turn';
    const dueMs =
      yields || request.timeoutMs === Infinity ? Infinity : this.#settings.clock.now() + request.timeoutMs;
    const waiter: Waiter = {
      request,
      view,
      dueMs,
      settle,
      trace: this.#settings.traces.take(request.method),
      next: undefined,
    };
    this.#line.append(waiter);
    if (yields) {
      this.#settings.clock.setImmediate(() => this.#goOn(waiter));
    } else {
      this.#spin.reset();
      this.#alarm.setAt(dueMs);
    }
    return waiter;
  }

  /** A read that had to let the event loop have a turn: takes what is there now. */
  #goOn(waiter: Waiter): void {
    // Served before its turn: the one that waits now has a turn of its own to wait for.
    if (!this.#line.has(waiter)) return;
    this.wake();
    if (!this.#line.has(waiter)) return;
    // With nothing there and no end: it was a read of 0 ms, or those before it have taken all.
    const { timeoutMs } = waiter.request;
    if (timeoutMs === 0) return this.#settle(waiter, TIMED_OUT);
    waiter.dueMs = this.#settings.clock.now() + timeoutMs;
    this.#alarm.setAt(waiter.dueMs);
  }

  /** Removes the waiter before it settles it, so that nothing can reach it twice (I3). */
  #settle(waiter: Waiter, result: ReadResult): void {
    this.#line.remove(waiter);
    waiter.settle(result);
  }

  #concurrentRead({ trace }: Waiter): UsageError {
    this.#settings.traces.refill();
    const where = trace?.stack?.split('\n')[1]?.trim() ?? 'where will be remembered for the next time';
    return new UsageError(
      'COROSOCK_CONCURRENT_READ',
      `ws.read(): expected one read at a time, but another one waits already, ${where}`,
    );
  }
}

/** Fails in the place of an answer, and no sooner: a loop that catches the error starves nobody. */
function failing(answer: Promise<ReadResult>, error: UsageError): Promise<never> {
  return unattended(
    answer.then(() => {
      throw error;
    }),
  );
}

function readAfterClose(call: string): UsageError {
  return new UsageError(
    'COROSOCK_READ_AFTER_CLOSE',
    `${call}: expected the loop to end at 'closed', but this is its read number ${LAST_CLOSED_READ} after the end`,
  );
}
