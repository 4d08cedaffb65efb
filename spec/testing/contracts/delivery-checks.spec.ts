// Checks the checks: each transport that breaks a promise about delivery is found, by the number
// of that promise.

import { setImmediate as nextTurn } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { deliveryChecks } from '../../../src/testing/contracts/delivery-checks.ts';
import type {
  FragmentOptions,
  Outlet,
  SendOptions,
  Transport,
  TransportSink,
} from '../../../src/transport/transport.ts';
import type { LinkEnd } from '../../../src/core/close-info.ts';
import type { Data } from '../../../src/core/data.ts';
import { brokenPromises, named, pairsOf, PassingTransport, soundPair } from './broken-transports.ts';

class LosesEarlyMessages extends PassingTransport {
  constructor(below: Transport) {
    super(below);
    below.open(this);
  }
  override open(sink: TransportSink): void {
    this.above = sink;
  }
}

class SwapsMessages extends PassingTransport {
  #held: readonly [data: Data, bytes: number] | undefined;
  override receive(data: Data, bytes: number): void {
    const held = this.#held;
    this.#held = held === undefined && data === 'message 1' ? [data, bytes] : undefined;
    if (this.#held === undefined) super.receive(data, bytes);
    if (held !== undefined) super.receive(...held);
  }
}

class DoublesAMessage extends PassingTransport {
  override receive(data: Data, bytes: number): void {
    super.receive(data, bytes);
    if (data === 'message 1') super.receive(data, bytes);
  }
}

class LetsTheEndOvertake extends PassingTransport {
  override receive(data: Data, bytes: number): void {
    void nextTurn().then(() => super.receive(data, bytes));
  }
}

class GivesBytesForText extends PassingTransport {
  override receive(data: Data, bytes: number): void {
    super.receive(Buffer.from(data), bytes);
  }
}

class GivesAnotherClassForFragments extends PassingTransport {
  #hasBegun = false;
  override begin(): void {
    this.#hasBegun = true;
    super.begin();
  }
  override receive(data: Data, bytes: number): void {
    super.receive(this.#hasBegun && typeof data !== 'string' ? new Uint8Array(data) : data, bytes);
  }
}

class CountsAfterTheEnd extends PassingTransport {
  #isOver = false;
  override get bufferedBytes(): number {
    return this.#isOver ? 1 : super.bufferedBytes;
  }
  override end(end: LinkEnd): void {
    this.#isOver = true;
    super.end(end);
  }
}

class GivesTextForBytes extends PassingTransport {
  override receive(data: Data, bytes: number): void {
    super.receive(Buffer.from(data).toString(), bytes);
  }
}

class CountsUnits extends PassingTransport {
  override receive(data: Data): void {
    super.receive(data, data.length);
  }
}

class DropsEmptyMessages extends PassingTransport {
  override receive(data: Data, bytes: number): void {
    if (data.length > 0) super.receive(data, bytes);
  }
}

class IgnoresBinary extends PassingTransport {
  override send(data: Data, options: SendOptions): boolean {
    return super.send(data, { ...options, binary: false });
  }
}

class KeepsTheMessage extends PassingTransport {
  override send(data: Data, { binary, compress, shared = {} }: SendOptions): boolean {
    shared.frame ??= data;
    return super.send(shared.frame as Data, { binary, compress });
  }
}

class KeepsTheKind extends PassingTransport {
  override send(data: Data, { binary, compress, shared = {} }: SendOptions): boolean {
    if (typeof shared.frame !== 'boolean') shared.frame = binary;
    return super.send(data, { binary: shared.frame as boolean, compress });
  }
}

class SendsToOnePeer extends PassingTransport {
  override send(data: Data, options: SendOptions): boolean {
    if (options.shared?.frame === true) return true;
    if (options.shared !== undefined) options.shared.frame = true;
    return super.send(data, options);
  }
}

class CountsNothing extends PassingTransport {
  override get bufferedBytes(): number {
    return 0;
  }
}

class CountsForEver extends PassingTransport {
  #sent = 0;
  override get bufferedBytes(): number {
    return this.#sent;
  }
  override send(data: Data, options: SendOptions): boolean {
    this.#sent += data.length;
    return super.send(data, options);
  }
}

class NeverDrains extends PassingTransport {
  override drain(): void {}
}

class IgnoresPause extends PassingTransport {
  override pause(): void {}
}

class StaysPaused extends PassingTransport {
  override resume(): void {}
}

class LosesWhilePaused extends PassingTransport {
  #paused = false;
  override pause(): void {
    this.#paused = true;
  }
  override resume(): void {
    this.#paused = false;
  }
  override receive(data: Data, bytes: number): void {
    if (!this.#paused) super.receive(data, bytes);
  }
}

/** Has an outlet that keeps its promise. */
class HasAnOutlet extends PassingTransport {
  readonly outlet: Outlet = { limitBytes: 0, offer: (data, options) => this.offer(data, options) };
  offer(data: Data, options: SendOptions): boolean {
    return this.isShared(options) && this.hasRoom() && this.sendNow(data, options);
  }
  isShared({ shared }: SendOptions): boolean {
    return shared !== undefined;
  }
  hasRoom(): boolean {
    return this.bufferedBytes < this.outlet.limitBytes;
  }
  sendNow(data: Data, options: SendOptions): boolean {
    return this.send(data, options);
  }
}

class OffersBehind extends HasAnOutlet {
  override sendNow(data: Data, options: SendOptions): boolean {
    queueMicrotask(() => void this.send(data, options));
    return true;
  }
}

class IgnoresItsLimit extends HasAnOutlet {
  override hasRoom(): boolean {
    return true;
  }
}

class OffersWhatIsNotShared extends HasAnOutlet {
  override isShared(): boolean {
    return true;
  }
}

class OffersToAClosedLink extends HasAnOutlet {
  override sendNow(data: Data, options: SendOptions): boolean {
    super.sendNow(data, options);
    return true;
  }
}

/** Makes a transport that calls its sink inside one of its methods. */
function callsSinkIn(call: string): typeof PassingTransport {
  return class extends PassingTransport {
    override open(sink: TransportSink): void {
      super.open(sink);
      this.#returnFrom('open');
    }
    override send(data: Data, options: SendOptions): boolean {
      const sent = super.send(data, options);
      this.#returnFrom('send');
      return sent;
    }
    override ping(): boolean {
      const sent = super.ping();
      this.#returnFrom('ping');
      return sent;
    }
    override pong(): boolean {
      const sent = super.pong();
      this.#returnFrom('pong');
      return sent;
    }
    override sendFragment(data: Data, options: FragmentOptions): boolean {
      const sent = super.sendFragment(data, options);
      this.#returnFrom('sendFragment');
      return sent;
    }
    override pause(): void {
      super.pause();
      this.#returnFrom('pause');
    }
    override resume(): void {
      super.resume();
      this.#returnFrom('resume');
    }
    override close(code: number, reason: string): void {
      super.close(code, reason);
      this.#returnFrom('close');
    }
    override terminate(): void {
      super.terminate();
      this.#returnFrom('terminate');
    }
    #returnFrom(returning: string): void {
      if (returning === call) this.drain();
    }
  };
}

describe('the checks of delivery', () => {
  it('find nothing in a transport that keeps the promises', async () => {
    expect(await brokenPromises(deliveryChecks, soundPair)).toEqual([]);
  });

  it('find nothing in an outlet that keeps its promise', async () => {
    expect(await brokenPromises(deliveryChecks, pairsOf(HasAnOutlet))).toEqual([]);
  });

  it.each(
    named([
      [LosesEarlyMessages, [1, 2]],
      [SwapsMessages, [1, 4, 8]],
      [DoublesAMessage, [1, 4, 8]],
      [LetsTheEndOvertake, [1, 4, 24]],
      [GivesBytesForText, [1, 4, 5, 8, 23, 24]],
      [GivesTextForBytes, [5, 23]],
      [GivesAnotherClassForFragments, [5]],
      [CountsAfterTheEnd, [7]],
      [CountsUnits, [5]],
      [DropsEmptyMessages, [5, 23]],
      [IgnoresBinary, [5, 23]],
      [KeepsTheMessage, [23]],
      [KeepsTheKind, [23]],
      [SendsToOnePeer, [23]],
      [CountsNothing, [7]],
      [CountsForEver, [7]],
      [NeverDrains, [7]],
      [IgnoresPause, [7, 8]],
      [StaysPaused, [2, 4, 7, 8]],
      [LosesWhilePaused, [2, 4, 7, 8]],
      [OffersBehind, [24]],
      [IgnoresItsLimit, [24]],
      [OffersWhatIsNotShared, [24]],
      [OffersToAClosedLink, [24]],
    ]),
  )('find one that $name', async ({ Fault, promises }) => {
    expect(await brokenPromises(deliveryChecks, pairsOf(Fault))).toEqual(promises);
  });

  it.each(['open', 'send', 'sendFragment', 'ping', 'pong', 'pause', 'resume', 'close', 'terminate'])(
    'find one that calls its sink inside %s',
    async (call) => {
      expect(await brokenPromises(deliveryChecks, pairsOf(callsSinkIn(call)))).toEqual([2]);
    },
  );
});
