// What the specs of the checks share: `PassingTransport`, which their broken transports extend, over
// a link in memory that keeps all promises; and `brokenPromises`, which runs the checks.

import { settle } from 'corosock/testing';
import type { Check, TransportPair } from 'corosock/testing';
import { memoryLink } from '../../../src/transport/memory-transport.ts';
import type {
  FragmentOptions,
  SendOptions,
  Transport,
  TransportSink,
} from '../../../src/transport/transport.ts';
import type { LinkEnd } from '../../../src/core/close-info.ts';
import type { Data } from '../../../src/core/data.ts';

export const MAX_MESSAGE_BYTES = 70_000;

/** Passes everything on, in both directions. A transport with a fault overrides a method. */
export class PassingTransport implements Transport, TransportSink {
  protected readonly below: Transport;
  protected above: TransportSink | undefined;

  constructor(below: Transport) {
    this.below = below;
  }

  get protocol(): string {
    return this.below.protocol;
  }

  get bufferedBytes(): number {
    return this.below.bufferedBytes;
  }

  get receivedBytes(): number {
    return this.below.receivedBytes;
  }

  get flushedBytes(): number {
    return this.below.flushedBytes;
  }

  get hasLost(): boolean | undefined {
    return this.below.hasLost;
  }

  get unfinished(): number | undefined {
    return this.below.unfinished;
  }

  open(sink: TransportSink): void {
    this.above = sink;
    this.below.open(this);
  }

  send(data: Data, options: SendOptions): boolean {
    return this.below.send(data, options);
  }

  ping(): boolean {
    return this.below.ping();
  }

  pong(): boolean {
    return this.below.pong();
  }

  sendFragment(data: Data, options: FragmentOptions): boolean {
    return this.below.sendFragment(data, options);
  }

  pause(): void {
    this.below.pause();
  }

  resume(): void {
    this.below.resume();
  }

  close(code: number, reason: string): void {
    this.below.close(code, reason);
  }

  terminate(): void {
    this.below.terminate();
  }

  receive(data: Data, bytes: number): void {
    this.above?.receive(data, bytes);
  }

  drain(): void {
    this.above?.drain();
  }

  peerClosed(): void {
    this.above?.peerClosed();
  }

  stall(): void {
    this.above?.stall();
  }

  begin(): void {
    this.above?.begin();
  }

  end(end: LinkEnd): void {
    this.above?.end(end);
  }
}

/** A transport class with a fault. */
export type Faulty = new (below: Transport) => Transport;

/** Makes rows of a table: the name of a class says what is wrong with the transport. */
export function named(
  rows: ReadonlyArray<readonly [Fault: Faulty, promises: readonly number[]]>,
): ReadonlyArray<{ readonly name: string; readonly Fault: Faulty; readonly promises: readonly number[] }> {
  return rows.map(([Fault, promises]) => ({ name: Fault.name, Fault, promises }));
}

/** Makes pairs where both ends have the fault. */
export function pairsOf(Fault: Faulty, limit: number = MAX_MESSAGE_BYTES): () => TransportPair {
  return () => {
    const [near, far] = memoryLink({ maxMessageBytes: [limit, limit] });
    return {
      near: new Fault(near),
      far: new Fault(far),
      farMaxMessageBytes: MAX_MESSAGE_BYTES,
      async [Symbol.asyncDispose]() {
        near.terminate();
      },
    };
  };
}

/** A link in memory that keeps every promise. */
export const soundPair: () => TransportPair = pairsOf(PassingTransport);

/** Runs all checks. @returns The numbers of the promises that are broken. */
export async function brokenPromises(
  checks: ReadonlyArray<Check<TransportPair>>,
  makePair: () => TransportPair,
): Promise<readonly number[]> {
  const numbers = new Set<number>();
  for (const check of checks) {
    if (!(await isKept(check, makePair))) numbers.add(Number.parseInt(check.name, 10));
  }
  return [...numbers].toSorted((a, b) => a - b);
}

/** Runs one check. A check that waits for ever has found its promise broken. */
async function isKept({ run }: Check<TransportPair>, makePair: () => TransportPair): Promise<boolean> {
  const kept = run(makePair).then(
    () => true,
    () => false,
  );
  return await Promise.race([kept, untilIdle()]);
}

async function untilIdle(): Promise<false> {
  for (let round = 0; round < 8; round += 1) await settle();
  return false;
}
