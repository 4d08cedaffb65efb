// Checks the checks: each transport that breaks a promise about signs of life is found, by the
// number of that promise.

import { describe, expect, it } from 'vitest';
import { lifeChecks } from '../../../src/testing/contracts/life-checks.ts';
import type { SendOptions, TransportSink } from '../../../src/transport/transport.ts';
import type { Data } from '../../../src/core/data.ts';
import { brokenPromises, named, pairsOf, PassingTransport, soundPair } from './broken-transports.ts';

class NeverPings extends PassingTransport {
  override ping(): boolean {
    return true;
  }
}

class NeverPongs extends PassingTransport {
  override pong(): boolean {
    return true;
  }
}

class PingsByMessage extends PassingTransport {
  override ping(): boolean {
    return this.below.send('ping', { binary: false, compress: false });
  }
}

class AlwaysSaysAsked extends PassingTransport {
  override ping(): boolean {
    super.ping();
    return true;
  }
  override pong(): boolean {
    super.pong();
    return true;
  }
}

class CountsNothingReceived extends PassingTransport {
  override get receivedBytes(): number {
    return 0;
  }
}

class CountsMessagesReceived extends PassingTransport {
  #count = 0;
  override get receivedBytes(): number {
    return this.#count;
  }
  override receive(data: Data, bytes: number): void {
    this.#count += 1;
    super.receive(data, bytes);
  }
}

class AnswersWhilePaused extends PassingTransport {
  #answers = 0;
  override get receivedBytes(): number {
    return this.below.receivedBytes + this.#answers;
  }
  override ping(): boolean {
    this.#answers += 1;
    return super.ping();
  }
}

class CountsNothingFlushed extends PassingTransport {
  override get flushedBytes(): number {
    return 0;
  }
}

class CountsLooks extends PassingTransport {
  #looks = 0;
  override get flushedBytes(): number {
    this.#looks += 1;
    return this.#looks;
  }
}

class DoesNotCountFlushed extends PassingTransport {
  override get flushedBytes(): number {
    return NaN;
  }
}

class NeverStalls extends PassingTransport {
  override stall(): void {}
}

class StallsOnce extends PassingTransport {
  #stalls = 0;
  override stall(): void {
    this.#stalls += 1;
    if (this.#stalls === 1) super.stall();
  }
}

class SwapsPings extends PassingTransport {
  #held: readonly [data: Data, options: SendOptions] | undefined;
  override open(sink: TransportSink): void {
    super.open(sink);
  }
  override send(data: Data, options: SendOptions): boolean {
    const held = this.#held;
    this.#held = held === undefined ? [data, options] : undefined;
    if (held === undefined) return true;
    super.send(data, options);
    return super.send(...held);
  }
}

/** Reads on behind a pause, and keeps what comes. */
class Looks extends PassingTransport {
  #kept: (() => void)[] | undefined;
  #isClosed = false;
  override pause(): void {
    this.#kept = [];
    super.pause();
  }
  override resume(): void {
    const kept = this.#kept ?? [];
    this.#kept = undefined;
    for (const deliver of kept) deliver();
    super.resume();
  }
  look(): boolean {
    super.resume();
    return true;
  }
  endLook(): boolean {
    super.pause();
    return this.#isClosed;
  }
  override receive(data: Data, bytes: number): void {
    this.keep(() => super.receive(data, bytes));
  }
  override peerClosed(): void {
    this.#isClosed = true;
    this.keep(() => super.peerClosed());
  }
  protected keep(deliver: () => void): void {
    if (this.#kept === undefined) deliver();
    else this.#kept.push(deliver);
  }
}

class DeliversInLooks extends Looks {
  protected override keep(deliver: () => void): void {
    deliver();
  }
}

class LosesWhatItLooksAt extends Looks {
  override resume(): void {
    this.below.resume();
  }
}

class FindsACloseAlways extends Looks {
  override endLook(): boolean {
    super.endLook();
    return true;
  }
}

class FindsNoClose extends Looks {
  override endLook(): boolean {
    super.endLook();
    return false;
  }
}

describe('the checks of signs of life', () => {
  it('find nothing in a transport that keeps the promises', async () => {
    expect(await brokenPromises(lifeChecks, soundPair)).toEqual([]);
  });

  it('find nothing in one that looks', async () => {
    expect(await brokenPromises(lifeChecks, pairsOf(Looks))).toEqual([]);
  });

  it('find nothing in one that does not count flushed bytes', async () => {
    expect(await brokenPromises(lifeChecks, pairsOf(DoesNotCountFlushed))).toEqual([]);
  });

  it.each(
    named([
      [NeverPings, [14, 15]],
      [NeverPongs, [14, 15]],
      [PingsByMessage, [14, 15]],
      [AlwaysSaysAsked, [14]],
      [CountsNothingReceived, [15]],
      [CountsMessagesReceived, [15]],
      [AnswersWhilePaused, [15]],
      [CountsNothingFlushed, [16]],
      [CountsLooks, [16]],
      [NeverStalls, [20]],
      [StallsOnce, [20]],
      [SwapsPings, [14, 15, 16, 25]],
      [DeliversInLooks, [25]],
      [LosesWhatItLooksAt, [16, 25]],
      [FindsACloseAlways, [25]],
      [FindsNoClose, [25]],
    ]),
  )('find one that $name', async ({ Fault, promises }) => {
    expect(await brokenPromises(lifeChecks, pairsOf(Fault))).toEqual(promises);
  });
});
