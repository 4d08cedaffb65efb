// Whether the peer takes the bytes that wait for it. The conversation makes it when bytes begin to
// wait, and passes on drains and its deadline; peer-liveness.ts and the close ask it. The rule and
// what the kernel hides: docs/internals/decisions/heartbeat.md.

import type { Clock } from '../time/clock.ts';
import { afterPoll } from '../time/scheduling.ts';
import type { Deadline } from '../time/deadline.ts';
import type { Transport } from '../transport/transport.ts';

/** Looks in `writeTimeoutMs`: a peer that takes nothing is found out at most an eighth late. */
const LOOKS = 8;
/** A shorter backlog proves nothing: over TLS each write waits until the end of the turn. */
const SHORTEST_BACKLOG_MS = 100;
/** A backlog that begins so soon after another continues it: the kernel has taken a burst. */
const BETWEEN_BURSTS_MS = 1000;
/** Bytes that the kernels of both ends hold at most, as far as we assume. */
const KERNEL_BYTES = 8_388_608;
/**
 * The longest time to read what the kernels hold, in write time-outs.
 *
 * @limit Time of a silent peer to read what the kernel holds, in `writeTimeoutMs` | it has to
 * give a sign of life
 */
const MAX_PATIENCE = 4;
/** No time. */
const NONE = -1;

/** What the watch is about: the conversation. */
export interface WatchedLink {
  readonly transport: Pick<Transport, 'bufferedBytes' | 'flushedBytes'>;
  /** Whether its end has begun: the time of the close bounds it. */
  readonly isEnding: boolean;
  terminate(closer: 'heartbeat', cause: Error): void;
}

/** The times of a host or client. */
export interface TakenBytesSettings {
  readonly clock: Clock;
  /** Longest time in which nothing is taken while bytes wait. */
  readonly writeTimeoutMs: number;
}

/** Terminates a conversation whose peer takes nothing while bytes wait for it. */
export class TakenBytes {
  readonly #link: WatchedLink;
  readonly #settings: TakenBytesSettings;
  /** Shared with the reader, the writer and the heartbeat: a socket keeps one timer (I7). */
  readonly #deadline: Deadline;
  /** When to look next; {@link NONE} while nothing waits. */
  #lookMs = NONE;
  /** Looks in a row that found nothing taken. */
  #vainLooks = 0;
  /** Bytes flushed at the last look. */
  #flushed = 0;
  /** When bytes that waited were taken last, as far as it was seen. */
  #takenMs = -Infinity;
  /** When the backlog began. */
  #beganMs = 0;
  #flushedAtBegin = 0;
  /** When the last backlog of some length ended, and when the first of its row began. */
  #endedMs = -Infinity;
  #rowBeganMs = 0;
  #flushedAtRow = 0;
  /** Until when the peer may be reading what the kernels hold. */
  #readsUntilMs = -Infinity;

  constructor(link: WatchedLink, settings: TakenBytesSettings, deadline: Deadline) {
    this.#link = link;
    this.#settings = settings;
    this.#deadline = deadline;
  }

  /** Bytes wait for the peer. */
  begin(): void {
    if (this.#isWatching) return;
    const nowMs = this.#settings.clock.now();
    this.#beganMs = nowMs;
    this.#flushed = this.#link.transport.flushedBytes;
    this.#flushedAtBegin = this.#flushed;
    this.#vainLooks = 0;
    this.#lookLater(nowMs);
  }

  /** Some bytes were flushed. */
  drain(): void {
    if (this.#isWatching && this.#link.transport.bufferedBytes === 0) this.#finish();
  }

  /** The conversation is over. */
  stop(): void {
    this.#lookMs = NONE;
  }

  onDeadline(nowMs: number): void {
    if (!this.#isWatching) return;
    if (this.#lookMs > nowMs) return this.#deadline.setAt(this.#lookMs);
    if (this.#link.transport.bufferedBytes === 0) return this.#finish();
    this.#hasTaken(nowMs);
    this.#vainLooks += 1;
    this.#lookLater(nowMs);
    if (this.#vainLooks < LOOKS) return;
    afterPoll(this.#settings.clock, () => {
      if (this.#link.isEnding || this.#hasTaken(nowMs)) return;
      this.#link.terminate('heartbeat', this.#deadError());
    });
  }

  /** Whether bytes that waited were taken since then, or may still lie unread in the kernels. */
  hasTakenSince(sinceMs: number): boolean {
    const nowMs = this.#settings.clock.now();
    if (this.#isWatching) this.#hasTaken(nowMs);
    return this.#takenMs > sinceMs || nowMs < this.#readsUntilMs;
  }

  /** Whether silence proves nothing: the peer reads, and answers a ping when it gets that far. */
  get isReading(): boolean {
    const { clock, writeTimeoutMs } = this.#settings;
    const nowMs = clock.now();
    return this.hasTakenSince(this.#isWatching ? nowMs - writeTimeoutMs : nowMs);
  }

  #deadError(): Error {
    const { writeTimeoutMs } = this.#settings;
    return new Error(`The peer has taken no byte of what waits for it for ${writeTimeoutMs} ms`);
  }

  get #isWatching(): boolean {
    return this.#lookMs !== NONE;
  }

  #lookLater(nowMs: number): void {
    this.#lookMs = Math.ceil(nowMs + this.#settings.writeTimeoutMs / LOOKS);
    this.#deadline.setAt(this.#lookMs);
  }

  /** Looks whether more was taken. */
  #hasTaken(nowMs: number): boolean {
    const { flushedBytes } = this.#link.transport;
    if (flushedBytes === this.#flushed) return false;
    this.#flushed = flushedBytes;
    this.#takenMs = nowMs;
    // The next look counts from its own time on: this call may be shortly before it.
    this.#vainLooks = -1;
    return true;
  }

  /** All that waited was taken. */
  #finish(): void {
    this.#lookMs = NONE;
    const nowMs = this.#settings.clock.now();
    if (nowMs - this.#beganMs < SHORTEST_BACKLOG_MS) return;
    if (this.#beganMs - this.#endedMs > BETWEEN_BURSTS_MS) {
      this.#rowBeganMs = this.#beganMs;
      this.#flushedAtRow = this.#flushedAtBegin;
    }
    this.#takenMs = nowMs;
    this.#endedMs = nowMs;
    this.#readsUntilMs =
      nowMs + Math.min(this.#unreadMs(nowMs), MAX_PATIENCE * this.#settings.writeTimeoutMs);
  }

  /**
   * How long the peer needs for what the kernels hold: what was flushed before bytes had to wait,
   * at the pace at which it has taken the rest.
   */
  #unreadMs(nowMs: number): number {
    const taken = this.#link.transport.flushedBytes - this.#flushedAtRow;
    return ((nowMs - this.#rowBeganMs) * Math.min(this.#flushedAtRow, KERNEL_BYTES)) / taken;
  }
}
