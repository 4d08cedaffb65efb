// Checks the checks: each transport that breaks a promise about the end is found, by the number
// of that promise.

import { setImmediate as nextTurn } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { endingChecks } from '../../../src/testing/contracts/ending-checks.ts';
import type { FragmentOptions, SendOptions } from '../../../src/transport/transport.ts';
import type { LinkEnd } from '../../../src/core/close-info.ts';
import type { Data } from '../../../src/core/data.ts';
import {
  brokenPromises,
  named,
  MAX_MESSAGE_BYTES,
  pairsOf,
  PassingTransport,
  soundPair,
} from './broken-transports.ts';

class EndsTwice extends PassingTransport {
  override end(end: LinkEnd): void {
    super.end(end);
    void nextTurn().then(() => super.end(end));
  }
}

class NeverEnds extends PassingTransport {
  override end(): void {}
}

class GoesOnAfterTheEnd extends PassingTransport {
  override end(end: LinkEnd): void {
    super.end(end);
    this.drain();
  }
}

class AlwaysSaysSent extends PassingTransport {
  override send(data: Data, options: SendOptions): boolean {
    super.send(data, options);
    return true;
  }
}

class AlwaysSaysFragmentsAreSent extends PassingTransport {
  override sendFragment(data: Data, options: FragmentOptions): boolean {
    super.sendFragment(data, options);
    return true;
  }
}

class ClosesLater extends PassingTransport {
  override close(code: number, reason: string): void {
    void nextTurn().then(() => super.close(code, reason));
  }
}

class SendsLater extends PassingTransport {
  #closed = false;
  override send(data: Data, options: SendOptions): boolean {
    if (this.#closed) return false;
    void nextTurn().then(() => super.send(data, options));
    return true;
  }
  override close(code: number, reason: string): void {
    this.#closed = true;
    super.close(code, reason);
  }
  override terminate(): void {
    this.#closed = true;
    super.terminate();
  }
  override end(end: LinkEnd): void {
    this.#closed = true;
    super.end(end);
  }
}

/** Makes a transport that changes what its `end` says. */
function says(change: (end: LinkEnd) => Partial<LinkEnd>): typeof PassingTransport {
  return class extends PassingTransport {
    override end(end: LinkEnd): void {
      super.end({ ...end, ...change(end) });
    }
  };
}

class TerminatesByClosing extends PassingTransport {
  override terminate(): void {
    super.close(1000, '');
  }
}

class ForgetsItsCloseWhenTerminated extends PassingTransport {
  #isTerminated = false;
  override terminate(): void {
    this.#isTerminated = true;
    super.terminate();
  }
  override end(end: LinkEnd): void {
    super.end(this.#isTerminated && !end.clean ? { ...end, code: 1006, reason: '' } : end);
  }
}

class ThrowsAtTheSecondClose extends PassingTransport {
  #closed = false;
  override close(code: number, reason: string): void {
    if (this.#closed) throw new Error('closed already');
    this.#closed = true;
    super.close(code, reason);
  }
}

class LetsTheLastCloseCount extends PassingTransport {
  #last: readonly [code: number, reason: string] | undefined;
  override send(data: Data, options: SendOptions): boolean {
    return this.#last === undefined && super.send(data, options);
  }
  override sendFragment(data: Data, options: FragmentOptions): boolean {
    return this.#last === undefined && super.sendFragment(data, options);
  }
  override close(code: number, reason: string): void {
    this.#last = [code, reason];
    queueMicrotask(() => super.close(...(this.#last ?? [code, reason])));
  }
}

describe('the checks of the end', () => {
  it('find nothing in a transport that keeps the promises', async () => {
    expect(await brokenPromises(endingChecks, soundPair)).toEqual([]);
  });

  it.each(
    named([
      [EndsTwice, [3, 12]],
      [NeverEnds, [3, 6, 9, 10, 11, 12, 13, 22]],
      [GoesOnAfterTheEnd, [3, 12]],
      [AlwaysSaysFragmentsAreSent, [6]],
      [AlwaysSaysSent, [6]],
      [ClosesLater, [6, 10, 11]],
      [SendsLater, [6, 9, 22]],
      [TerminatesByClosing, [10, 11, 12, 22]],
      [ForgetsItsCloseWhenTerminated, [11]],
      [ThrowsAtTheSecondClose, [3, 12]],
      [LetsTheLastCloseCount, [11, 12]],
    ]),
  )('find one that $name', async ({ Fault, promises }) => {
    expect(await brokenPromises(endingChecks, pairsOf(Fault))).toEqual(promises);
  });

  it.each([
    ['no reason', says(() => ({ reason: '' })), [9, 10, 11, 12]],
    ['that it is never clean', says(() => ({ clean: false })), [9, 10, 12]],
    ['that it is always clean', says(() => ({ clean: true })), [10, 11, 12, 13]],
    ['that the peer closed', says(() => ({ by: 'peer' })), [10, 11, 12, 13]],
    ['no cause', says(() => ({ cause: undefined })), [11, 13]],
    [
      'a reason with half a surrogate pair',
      says(({ reason }) => ({ reason: reason.replace('\ufffd', '\ud800') })),
      [9],
    ],
    ['that the link was lost', says(() => ({ by: 'link' })), [9, 10, 11, 12, 13]],
    ['another code', says(({ code }) => ({ code: code + 1 })), [9, 10, 11, 12, 13]],
    ['1002 for a limit', says(({ code }) => (code === 1009 ? { code: 1002 } : {})), [13]],
  ] as const)('find one whose end says %s', async (_, Fault, promises) => {
    expect(await brokenPromises(endingChecks, pairsOf(Fault))).toEqual(promises);
  });

  it.each([
    ['none', Infinity, [3, 13]],
    ['one byte less', MAX_MESSAGE_BYTES - 1, [13]],
    ['one byte more', MAX_MESSAGE_BYTES + 1, [3, 13]],
  ])('find a limit other than the one given: %s', async (_, limit, promises) => {
    expect(await brokenPromises(endingChecks, pairsOf(PassingTransport, limit))).toEqual(promises);
  });
});
