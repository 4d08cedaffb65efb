// An engine that a spec plays: it notes each call, and the spec settles what it has asked for.

import { EngineBroker } from '../../src/brokers/engine-broker.ts';
import type { Engine } from '../../src/brokers/engine-broker.ts';
import { virtualClock } from 'corosock/testing';
import type { VirtualClock } from 'corosock/testing';

interface Asked {
  readonly addresses: readonly string[];
  resolve(): void;
  reject(error: Error): void;
}

/** An engine whose answers come from the spec. */
export class ScriptedEngine implements Engine {
  readonly clock: VirtualClock = virtualClock();
  readonly broker: EngineBroker = new EngineBroker(this, this.clock);
  /** What the broker has called, in order. */
  readonly calls: string[] = [];
  /** What it has asked for with `subscribe`. */
  readonly asked: Asked[] = [];
  publish: (address: string, bytes: Uint8Array) => Promise<number | undefined> = (address) => {
    this.calls.push(`publish ${address}`);
    return Promise.resolve(undefined);
  };

  subscribe(addresses: readonly string[]): Promise<void> {
    this.calls.push(`subscribe ${addresses.length > 4 ? addresses.length : addresses.join(' ')}`);
    return new Promise((resolve, reject) => this.asked.push({ addresses, resolve, reject }));
  }

  unsubscribe(address: string): void {
    this.calls.push(`unsubscribe ${address}`);
  }

  close(): void {
    this.calls.push('close');
  }

  /** Answers the oldest question. */
  answer(error?: Error): void {
    const oldest = this.asked.shift();
    if (oldest === undefined) throw new Error('nothing is asked');
    if (error === undefined) oldest.resolve();
    else oldest.reject(error);
  }
}

/** Notes what one subscriber gets. */
export function noted(): {
  readonly events: string[];
  readonly receive: (bytes: Uint8Array) => void;
  readonly onGap: (forMs: number) => void;
  readonly onRefused: (error: Error) => void;
} {
  const events: string[] = [];
  return {
    events,
    receive: (bytes) => void events.push(new TextDecoder().decode(bytes)),
    onGap: (forMs) => void events.push(`gap of ${forMs}`),
    onRefused: ({ cause }) => void events.push(`refused: ${String(cause)}`),
  };
}
