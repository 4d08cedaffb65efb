// Checks the checks: each transport that breaks a promise about fragments is found, by the number
// of that promise.

import { describe, expect, it } from 'vitest';
import { fragmentChecks } from '../../../src/testing/contracts/fragment-checks.ts';
import type { FragmentOptions } from '../../../src/transport/transport.ts';
import type { Data } from '../../../src/core/data.ts';
import { brokenPromises, named, pairsOf, PassingTransport, soundPair } from './broken-transports.ts';

class SendsEachFragmentAsAMessage extends PassingTransport {
  override sendFragment(data: Data, options: FragmentOptions): boolean {
    return this.below.send(data, options);
  }
}

class LosesTheFirstFragment extends PassingTransport {
  #goesOn = false;
  override sendFragment(data: Data, options: FragmentOptions): boolean {
    const isFirst = !this.#goesOn;
    this.#goesOn = !options.last;
    return isFirst && !options.last ? true : super.sendFragment(data, options);
  }
}

class SendsFragmentsAsBytes extends PassingTransport {
  override sendFragment(data: Data, options: FragmentOptions): boolean {
    return super.sendFragment(data, { ...options, binary: true });
  }
}

class CountsFragmentsLate extends PassingTransport {
  #uncounted = 0;
  override get bufferedBytes(): number {
    return super.bufferedBytes - this.#uncounted;
  }
  override sendFragment(data: Data, options: FragmentOptions): boolean {
    const before = super.bufferedBytes;
    const sent = super.sendFragment(data, options);
    this.#uncounted += super.bufferedBytes - before;
    return sent;
  }
  override drain(): void {
    this.#uncounted = 0;
    super.drain();
  }
}

class FinishesAtTheEnd extends PassingTransport {
  #begun = false;
  override sendFragment(data: Data, options: FragmentOptions): boolean {
    this.#begun = !options.last;
    return super.sendFragment(data, options);
  }
  override close(code: number, reason: string): void {
    this.#finish();
    super.close(code, reason);
  }
  override terminate(): void {
    this.#finish();
    super.terminate();
  }
  #finish(): void {
    if (this.#begun) super.sendFragment('', { binary: false, compress: true, last: true });
    this.#begun = false;
  }
}

class NumbersAllAlike extends PassingTransport {
  override get unfinished(): number {
    return super.unfinished === 0 ? 0 : 1;
  }
}

class BeginsTwice extends PassingTransport {
  override begin(): void {
    super.begin();
    super.begin();
  }
}

/** Is none that breaks a promise. */
class SeesWholeMessages extends PassingTransport {
  override get unfinished(): undefined {
    return undefined;
  }
  override begin(): void {}
}

describe('the checks of fragments', () => {
  it('find nothing in a transport that keeps the promises', async () => {
    expect(await brokenPromises(fragmentChecks, soundPair)).toEqual([]);
  });

  it.each(
    named([
      [SendsEachFragmentAsAMessage, [17, 18]],
      [LosesTheFirstFragment, [17]],
      [SendsFragmentsAsBytes, [17]],
      [CountsFragmentsLate, [17]],
      [FinishesAtTheEnd, [18]],
      [NumbersAllAlike, [21]],
      [BeginsTwice, [21]],
      [SeesWholeMessages, []],
    ]),
  )('find one that $name', async ({ Fault, promises }) => {
    expect(await brokenPromises(fragmentChecks, pairsOf(Fault))).toEqual(promises);
  });
});
