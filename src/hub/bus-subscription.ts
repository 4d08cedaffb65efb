// One subscription of a node: what comes to one address, decoded, without duplicates, with gaps in
// their places. NodeBus makes one for each address; rooms have one each.

import { isRoomAddress, isStateAddress } from './broker-address.ts';
import type { Broker } from './broker.ts';
import { orderedMs } from './call-order.ts';
import { decodeEnvelope, KIND } from './envelope.ts';
import type { Envelope, NodeRef } from './envelope.ts';
import type { HeartbeatAddress } from './heartbeat-body.ts';
import { ReceivedLine } from './received-line.ts';
import type { ReceivedSenders } from './received-senders.ts';
import type { RefusedSubscriptions } from './refused-subscriptions.ts';
import type { DroppedEnvelopes } from './dropped-envelopes.ts';
import type { Clock } from '../time/clock.ts';
import { holdProcess } from '../time/real-clock.ts';
import { noop } from '../core/noop.ts';

/** How long a subscription may take before {@link BusSubscription.opened} resolves all the same. */
const IN_FORCE_WITHIN_MS = 2000;

/** What gets the envelopes of one address. None of its functions may throw. */
export interface BusListener {
  /** @returns Whether the kind of the envelope is known here. */
  receive(envelope: Envelope): boolean;
  /** Envelopes may be missing, for so long. Of a room: messages. */
  gap(forMs: number): void;
  /**
   * Of a room: what is no message may be missing. It has a sequence of its own: of presence that is
   * lost, subscribers of the room are told nothing.
   */
  stateGap?(): void;
}

/** What a subscription needs of its bus. */
export interface SubscriptionParts {
  readonly nodeId: string;
  readonly broker: Broker;
  readonly clock: Clock;
  readonly dropped: DroppedEnvelopes;
  readonly refused: RefusedSubscriptions;
  readonly senders: ReceivedSenders;
  /** An envelope of another node has come, to any address. */
  readonly onHeard: (envelope: Envelope) => void;
}

/** Receives from one address until it is disposed. */
export class BusSubscription {
  readonly address: string;
  /** Whether its address is that of a room. */
  readonly isOfRoom: boolean;
  readonly #line: ReceivedLine;
  /** Of a room: what is no message. Undefined until something of it comes. */
  #stateLine: ReceivedLine | undefined;
  #fromMs = Infinity;
  /**
   * Resolves when the subscription is in force; and also where the broker is down, or takes too
   * long: a gap then follows. Never rejects.
   */
  readonly opened: Promise<void>;
  readonly #parts: SubscriptionParts;
  readonly #listener: BusListener;
  /** Since when it is asked for. */
  #beganMs: number;
  #open: () => void = noop;
  readonly #timer: unknown;
  #handle: AsyncDisposable | undefined;
  #isOver = false;
  /** Whether the listener was told that what comes may begin late. */
  #isLate = false;
  /** Whether its refusal was reported; false again once it is in force. */
  #isReported = false;

  constructor(address: string, listener: BusListener, parts: SubscriptionParts) {
    this.address = address;
    this.isOfRoom = isRoomAddress(address);
    this.#listener = listener;
    this.#parts = parts;
    this.#line = new ReceivedLine(parts.senders);
    this.#beganMs = parts.clock.now();
    this.opened = new Promise((resolve) => {
      this.#open = resolve;
    });
    this.#timer = parts.clock.setTimeout(() => this.#giveUp(), parts.broker.isUp ? IN_FORCE_WITHIN_MS : 0);
    // A process without a port would end while its hub opens.
    holdProcess(this.#timer);
    void this.#subscribe();
  }

  /** What is sent after this time has to come. Infinity while the subscription is not in force. */
  get sinceMs(): number {
    return this.#line.sinceMs;
  }

  /**
   * NodeBus calls this when the broker goes down. Resolves {@link opened} where the subscription is
   * not in force yet.
   */
  brokerIsDown(): void {
    if (this.#handle === undefined) this.#giveUp();
  }

  /** The broker has refused it: asks anew. */
  askAgain(): void {
    if (!this.#isOver) void this.#subscribe();
  }

  /** Looks for envelopes that heartbeats have told of and that have not come, each second. */
  sweep(nowMs: number): void {
    const forMs = this.#line.isAwaiting ? this.#line.overdue(nowMs) : undefined;
    if (forMs !== undefined) this.#listener.gap(forMs);
    if (this.#stateLine?.isAwaiting !== true) return;
    if (this.#stateLine.overdue(nowMs) !== undefined) this.#listener.stateGap?.();
  }

  /** A node says what it has sent last of one sequence. */
  told(node: NodeRef, { address, sequence, agoMs }: HeartbeatAddress, nowMs: number): void {
    this.#lineOf(isStateAddress(address)).told(node, sequence, agoMs, nowMs);
  }

  /** Counts anew, and tells of a gap. */
  tellGap(forMs: number): void {
    if (this.#isOver) return;
    this.#restart();
    this.#listener.gap(forMs);
    this.#listener.stateGap?.();
  }

  /** Ends it. Resolves when the broker has ended it, too; never rejects. */
  async dispose(): Promise<void> {
    this.#isOver = true;
    this.#line.close();
    this.#stateLine?.close();
    this.#giveUp();
    try {
      await this.#handle?.[Symbol.asyncDispose]();
    } catch {
      // The broker has ended it, or is down: nothing more is passed on from here.
    }
  }

  async #subscribe(): Promise<void> {
    const { broker } = this.#parts;
    try {
      const handle = await broker.subscribe(
        this.address,
        (bytes) => this.#receive(bytes),
        (forMs) => this.#onGap(forMs),
        (error) => this.#end(error),
      );
      this.#handle = handle;
      if (this.#isOver) return await handle[Symbol.asyncDispose]();
      this.#isReported = false;
      if (this.sinceMs === Infinity) this.#restart();
      this.#tellLate(0);
    } catch (error) {
      this.#refuse(error);
    }
    return this.#giveUp();
  }

  /** It was in force. Its next gap has all of the time until it is so again. */
  #end(error: unknown): void {
    this.#handle = undefined;
    this.#beganMs = this.#parts.clock.now();
    this.#restart(Infinity, Infinity);
    this.#giveUp();
    this.#refuse(error);
  }

  #refuse(error: unknown): void {
    if (this.#isOver) return;
    const { refused, clock } = this.#parts;
    refused.add(this);
    if (!this.#isReported) refused.report(this, error, clock.now());
    this.#isReported = true;
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
    const isState = this.isOfRoom && envelope.kind !== KIND.room;
    const arrival = this.#lineOf(isState).accept(envelope, nowMs);
    if (arrival.kind === 'duplicate' || arrival.kind === 'stale') {
      return dropped.count(arrival.kind, this.address, nowMs);
    }
    if (arrival.kind !== 'next' && isState) this.#listener.stateGap?.();
    else if (arrival.kind !== 'next') this.#listener.gap(arrival.forMs);
    if (arrival.kind === 'doubtful') return dropped.count('duplicate', this.address, nowMs);
    if (!this.#listener.receive(envelope)) dropped.count('kind', this.address, nowMs);
  }

  #restart(nowMs: number = this.#parts.clock.now(), fromMs: number = orderedMs(this.#parts.clock)): void {
    this.#fromMs = fromMs;
    this.#line.restart(nowMs, fromMs);
    this.#stateLine?.restart(nowMs, fromMs);
  }

  #lineOf(isState: boolean): ReceivedLine {
    if (!isState) return this.#line;
    if (this.#stateLine !== undefined) return this.#stateLine;
    this.#stateLine = new ReceivedLine(this.#parts.senders);
    this.#stateLine.restart(this.sinceMs, this.#fromMs);
    return this.#stateLine;
  }
}
