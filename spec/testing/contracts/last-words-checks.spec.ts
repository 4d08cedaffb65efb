// Checks the checks: each transport that breaks the promise about last words is found.

import { describe, expect, it } from 'vitest';
import { lastWordsChecks } from '../../../src/testing/contracts/last-words-checks.ts';
import type { LinkEnd } from '../../../src/core/close-info.ts';
import type { Data } from '../../../src/core/data.ts';
import type { SendOptions } from '../../../src/transport/transport.ts';
import { brokenPromises, named, pairsOf, PassingTransport, soundPair } from './broken-transports.ts';

class AnswersByItself extends PassingTransport {
  override peerClosed(): void {
    this.below.close(1000, '');
  }
}

class SaysItTwice extends PassingTransport {
  override peerClosed(): void {
    super.peerClosed();
    super.peerClosed();
  }
}

class SaysItBeforeTheMessages extends PassingTransport {
  #held: (() => void)[] | undefined = [];
  override receive(data: Data, bytes: number): void {
    if (this.#held === undefined) super.receive(data, bytes);
    else this.#held.push(() => super.receive(data, bytes));
  }
  override peerClosed(): void {
    super.peerClosed();
    for (const receive of this.#held ?? []) receive();
    this.#held = undefined;
  }
}

class SendsNothingMore extends PassingTransport {
  #isClosed = false;
  override send(data: Data, options: SendOptions): boolean {
    return !this.#isClosed && super.send(data, options);
  }
  override peerClosed(): void {
    this.#isClosed = true;
    super.peerClosed();
  }
}

class IsAlwaysClean extends PassingTransport {
  override end(end: LinkEnd): void {
    super.end({ ...end, clean: true });
  }
}

describe('the checks of last words', () => {
  it.each(named([[AnswersByItself, []]]))('find nothing in one that $name', async ({ Fault }) => {
    expect(await brokenPromises(lastWordsChecks, pairsOf(Fault))).toEqual([]);
  });

  it('find nothing in a transport that keeps the promise', async () => {
    expect(await brokenPromises(lastWordsChecks, soundPair)).toEqual([]);
  });

  it.each(
    named([
      [SaysItTwice, [19]],
      [SaysItBeforeTheMessages, [19]],
      [SendsNothingMore, [19]],
      [IsAlwaysClean, [19]],
    ]),
  )('find one that $name', async ({ Fault, promises }) => {
    expect(await brokenPromises(lastWordsChecks, pairsOf(Fault))).toEqual(promises);
  });
});
