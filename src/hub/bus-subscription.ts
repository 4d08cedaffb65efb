// One subscription of a node: what comes to one address, decoded, without duplicates, with gaps in
// their places. NodeBus makes one for each address; rooms have one each.

import { isRoomAddress } from './broker-address.ts';
import type { Broker } from './broker.ts';
import { decodeEnvelope } from './envelope.ts';
import type { Envelope } from './envelope.ts';
import { ReceivedLine } from './received-line.ts';
import type { DroppedEnvelopes } from './dropped-envelopes.ts';
import type { Clock } from '../time/clock.ts';
import { noop } from '../core/noop.ts';

/** How long a subscription may take before {@link BusSubscription.opened} resolves all the same. */
const OPEN_WITHIN_MS = 2000;

/** What gets the envelopes of one address. None of its functions may throw. */
export interface BusListener {
  /** @returns Whether the kind of the envelope is known here. */
  receive(envelope: Envelope): boolean;
  /** Envelopes may be missing, for so long. */
  gap(forMs: number): void;
}

/** What a subscription needs of its bus. */
export interface SubscriptionParts {
  readonly nodeId: string;
  readonly broker: Broker;
  readonly clock: Clock;
  readonly dropped: DroppedEnvelopes;
  /** The broker has refused a subscription; it is asked for again. */
  readonly onRefused: (error: unknown, address: string) => void;
  /** An envelope of another node has come, to any address. */
  readonly onHeard: (envelope: Envelope) => void;
}

/** Receives from one address until it is disposed. */
export class BusSubscription {
  readonly address: string;
  readonly line: ReceivedLine = new ReceivedLine();
  /**
   * Resolves when the subscription is in force; and also where the broker is down, or takes too
   * long: a gap then follows. Never rejects.
   */
  readonly opened: Promise<void>;
  readonly #parts: SubscriptionParts;
  readonly #listener: BusListener;
  readonly #beganMs: number;
  #open: () => void = noop;
  readonly #timer: unknown;
  #handle: AsyncDisposable | undefined;
  #isOver = false;
  /** Whether the listener was told that what comes may begin late. */
  #isLate = false;
  #isRefused = false;

  constructor(address: string, listener: BusListener, parts: SubscriptionParts) {
    this.address = address;
    this.#listener = listener;
    this.#parts = parts;
    this.#beganMs = parts.clock.now();
    this.opened = new Promise((resolve) => {
      this.#open = resolve;
    });
    this.#timer = parts.clock.setTimeout(() => this.#giveUp(), parts.broker.isUp ? OPEN_WITHIN_MS : 0);
    void this.#subscribe();
  }

  /** Whether its address is that of a room. */
  get isOfRoom(): boolean {
    return isRoomAddress(this.address);
  }

  /** The broker has gone down: resolves `opened`, if that still waits. */
  brokerIsDown(): void {
    if (this.#handle === undefined) this.#giveUp();
  }

  /**
   * Looks for envelopes that heartbeats have told of and that have not come, and asks again for a
   * subscription that the broker has refused. Called each second.
   */
  sweep(nowMs: number): void {
    if (this.#isRefused && this.#parts.broker.isUp) void this.#subscribe();
    if (!this.line.isAwaiting) return;
    const forMs = this.line.overdue(nowMs);
    if (forMs !== undefined) this.#listener.gap(forMs);
  }

  /** Counts anew, and tells of a gap. */
  tellGap(forMs: number): void {
    if (this.#isOver) return;
    this.line.restart(this.#parts.clock.now());
    this.#listener.gap(forMs);
  }

  /** Ends it. Resolves when the broker has ended it, too; never rejects. */
  async dispose(): Promise<void> {
    this.#isOver = true;
    this.#giveUp();
    try {
      await this.#handle?.[Symbol.asyncDispose]();
    } catch {
      // The broker has ended it, or is down: nothing more is passed on from here.
    }
  }

  async #subscribe(): Promise<void> {
    const { broker, clock } = this.#parts;
    this.#isRefused = false;
    try {
      const handle = await broker.subscribe(
        this.address,
        (bytes) => this.#receive(bytes),
        (forMs) => this.#onGap(forMs),
      );
      this.#handle = handle;
      if (this.#isOver) return await handle[Symbol.asyncDispose]();
      if (this.line.sinceMs === Infinity) this.line.restart(clock.now());
      this.#tellLate(0);
    } catch (error) {
      this.#isRefused = !this.#isOver;
      if (this.#isRefused) this.#parts.onRefused(error, this.address);
    }
    return this.#giveUp();
  }

  #giveUp(): void {
    if (this.#handle === undefined && !this.#isOver) this.#isLate = true;
    this.#parts.clock.clearTimeout(this.#timer);
    this.#open();
  }

  #onGap(forMs: number): void {
    if (this.#isLate) this.#tellLate(forMs);
    // Before it is in force, and while its opener waits, there is nothing to miss.
    else if (this.#handle !== undefined) this.tellGap(forMs);
  }

  /** The one gap of a subscription that begins late has all of its time. */
  #tellLate(forMs: number): void {
    if (!this.#isLate) return;
    this.#isLate = false;
    this.tellGap(Math.max(forMs, this.#parts.clock.now() - this.#beganMs));
  }

  #receive(bytes: Uint8Array): void {
    if (this.#isOver) return;
    const { clock, dropped, nodeId, onHeard } = this.#parts;
    const nowMs = clock.now();
    const envelope = decodeEnvelope(bytes);
    if (typeof envelope === 'string') return dropped.count(envelope, this.address, nowMs);
    if (envelope.node.id === nodeId) return dropped.count('own', this.address, nowMs);
    onHeard(envelope);
    this.#tellLate(0);
    const arrival = this.line.accept(envelope, nowMs);
    if (arrival.kind === 'duplicate' || arrival.kind === 'stale') {
      return dropped.count(arrival.kind, this.address, nowMs);
    }
    if (arrival.kind === 'gap') this.#listener.gap(arrival.forMs);
    if (!this.#listener.receive(envelope)) dropped.count('kind', this.address, nowMs);
  }
}
