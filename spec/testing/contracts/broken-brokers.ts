// Brokers that break one promise each, for the specs of the contract's checks, and what runs the
// checks over them.

import { BrokerError, memoryBroker } from 'corosock';
import type { Broker } from 'corosock';
import type { BrokerUnderTest, Check } from 'corosock/testing';
import type { EngineBroker } from '../../../src/brokers/engine-broker.ts';

type Publish = Broker['publish'];
type Subscribe = Broker['subscribe'];

/** A node that passes all calls on. A node with a fault overrides a method. */
export class Sound implements Broker {
  readonly below: Broker;

  constructor(below: Broker) {
    this.below = below;
  }

  get isUp(): boolean {
    return this.below.isUp;
  }

  publish(...call: Parameters<Publish>): ReturnType<Publish> {
    return this.below.publish(...call);
  }

  subscribe(...call: Parameters<Subscribe>): ReturnType<Subscribe> {
    return this.below.subscribe(...call);
  }

  onChange(listener: (isUp: boolean) => void): () => void {
    return this.below.onChange(listener);
  }

  close(): Promise<void> {
    return this.below.close();
  }
}

export class SendsTwice extends Sound {
  override async publish(...call: Parameters<Publish>): ReturnType<Publish> {
    await this.below.publish(...call);
    return await this.below.publish(...call);
  }
}

export class HearsItself extends Sound {
  readonly #own = new Map<string, (bytes: Uint8Array) => void>();
  override publish(...call: Parameters<Publish>): ReturnType<Publish> {
    queueMicrotask(() => this.#own.get(call[0])?.(call[1]));
    return super.publish(...call);
  }
  override subscribe(...call: Parameters<Subscribe>): ReturnType<Subscribe> {
    this.#own.set(call[0], call[1]);
    return super.subscribe(...call);
  }
}

export class TurnsOrderRound extends Sound {
  #held: Parameters<Publish> | undefined;
  override async publish(...call: Parameters<Publish>): ReturnType<Publish> {
    const held = this.#held;
    this.#held =
      held === undefined && new TextDecoder().decode(call[1]).startsWith('message') ? call : undefined;
    if (this.#held !== undefined) return undefined;
    const count = await super.publish(...call);
    if (held !== undefined) await super.publish(...held);
    return count;
  }
}

export class DropsEmpty extends Sound {
  override async publish(...call: Parameters<Publish>): ReturnType<Publish> {
    return call[1].length === 0 ? 0 : await super.publish(...call);
  }
}

export class CountsItself extends Sound {
  override async publish(...call: Parameters<Publish>): ReturnType<Publish> {
    return ((await super.publish(...call)) ?? 0) + 1;
  }
}

export class ResolvesEarly extends Sound {
  override async subscribe(...call: Parameters<Subscribe>): ReturnType<Subscribe> {
    const subscribing = new Promise((resolve) => setImmediate(resolve)).then(() => super.subscribe(...call));
    subscribing.catch(() => {});
    return { [Symbol.asyncDispose]: async () => {} };
  }
}

export class TellsNoGap extends Sound {
  override subscribe(...call: Parameters<Subscribe>): ReturnType<Subscribe> {
    return super.subscribe(call[0], call[1], () => {}, call[3]);
  }
}

export class TellsGapTwice extends Sound {
  override subscribe(...[address, receive, onGap]: Parameters<Subscribe>): ReturnType<Subscribe> {
    return super.subscribe(address, receive, (forMs) => {
      onGap(forMs);
      onGap(forMs);
    });
  }
}

export class TellsShortGap extends Sound {
  override subscribe(...[address, receive, onGap]: Parameters<Subscribe>): ReturnType<Subscribe> {
    return super.subscribe(address, receive, () => onGap(0));
  }
}

/** What it loses has waited longer than the gap that it tells. */
export class LosesOlderMessages extends Sound {
  override subscribe(...[address, receive, onGap]: Parameters<Subscribe>): ReturnType<Subscribe> {
    const waiting: Uint8Array[] = [];
    return super.subscribe(
      address,
      (bytes) => {
        waiting.push(bytes);
        if (waiting.length > 100) receive(waiting.shift()!);
      },
      (forMs) => {
        waiting.length = 0;
        onGap(forMs);
      },
    );
  }
}

export class TellsGapAlways extends Sound {
  override subscribe(...[address, receive, onGap]: Parameters<Subscribe>): ReturnType<Subscribe> {
    return super.subscribe(
      address,
      (bytes) => {
        onGap(0);
        receive(bytes);
      },
      onGap,
    );
  }
}

export class KeepsForLater extends Sound {
  override async publish(...call: Parameters<Publish>): ReturnType<Publish> {
    if (this.isUp) return await super.publish(...call);
    const remove = this.below.onChange(() => {
      remove();
      void super.publish(...call);
    });
    return undefined;
  }
}

export class IsAlwaysUp extends Sound {
  override get isUp(): boolean {
    return true;
  }
}

export class TellsChangesTwice extends Sound {
  override onChange(listener: (isUp: boolean) => void): () => void {
    const removals = [super.onChange(listener), super.onChange((isUp) => listener(isUp))];
    return () => removals.forEach((remove) => remove());
  }
}

export class NeverEnds extends Sound {
  override async subscribe(...call: Parameters<Subscribe>): ReturnType<Subscribe> {
    await super.subscribe(...call);
    return { async [Symbol.asyncDispose]() {} };
  }
}

export class CannotEndTwice extends Sound {
  override async subscribe(...call: Parameters<Subscribe>): ReturnType<Subscribe> {
    const subscription = await super.subscribe(...call);
    let isOver = false;
    return {
      async [Symbol.asyncDispose]() {
        if (isOver) throw new Error('it has ended');
        isOver = true;
        await subscription[Symbol.asyncDispose]();
      },
    };
  }
}

export class CannotEndWhileDown extends Sound {
  override async subscribe(...call: Parameters<Subscribe>): ReturnType<Subscribe> {
    const subscription = await super.subscribe(...call);
    return {
      [Symbol.asyncDispose]: async () => {
        if (!this.isUp) throw new Error('the link is lost');
        await subscription[Symbol.asyncDispose]();
      },
    };
  }
}

export class IgnoresCase extends Sound {
  override publish(...call: Parameters<Publish>): ReturnType<Publish> {
    return super.publish(call[0].toLowerCase(), call[1]);
  }
  override subscribe(...call: Parameters<Subscribe>): ReturnType<Subscribe> {
    return super.subscribe(call[0].toLowerCase(), call[1], call[2]);
  }
}

export class TakesAnyAddress extends Sound {
  override publish(...call: Parameters<Publish>): ReturnType<Publish> {
    return super.publish(`a ${call[0].toWellFormed().slice(0, 99)}`, call[1]);
  }
  override subscribe(...call: Parameters<Subscribe>): ReturnType<Subscribe> {
    return super.subscribe(`a ${call[0].toWellFormed().slice(0, 99)}`, call[1], call[2]);
  }
}

export class CallsInside extends Sound {
  override subscribe(...call: Parameters<Subscribe>): ReturnType<Subscribe> {
    call[1](new Uint8Array(0));
    return super.subscribe(...call);
  }
}

export class EndsInSilence extends Sound {
  override subscribe(...[address, receive, onGap]: Parameters<Subscribe>): ReturnType<Subscribe> {
    return super.subscribe(address, receive, onGap);
  }
}

export class RefusesWholeTurns extends Sound {
  #turn: Array<ReturnType<Subscribe>> = [];
  override async subscribe(...call: Parameters<Subscribe>): ReturnType<Subscribe> {
    const turn = this.#turn;
    turn.push(super.subscribe(...call));
    const subscribing = turn.at(-1)!;
    await Promise.resolve();
    this.#turn = [];
    await Promise.all(turn);
    return await subscribing;
  }
}

export class CloseDoesNothing extends Sound {
  override async close(): Promise<void> {}
}

export function nodesOf(Fault: new (below: Broker) => Broker, patienceMs = 250): BrokerUnderTest {
  const broker = memoryBroker();
  const below = [broker.node(), broker.node(), broker.node()] as const;
  const [one, two, three] = below;
  const refused = new Set<string>();
  for (const node of below) {
    const subscribe = node.subscribe.bind(node);
    node.subscribe = async (...call) => {
      if (refused.has(call[0])) throw new BrokerError('refused');
      return await subscribe(...call);
    };
  }
  return {
    nodes: [new Fault(one), new Fault(two), new Fault(three)],
    patienceMs,
    async takeAway() {
      for (const node of below) node.cut();
    },
    async bringBack() {
      for (const node of below) node.mend();
    },
    async refuse(address) {
      refused.add(address);
      const nowMs = performance.now();
      for (const node of below) (node as unknown as EngineBroker).refused(address, 'no', nowMs);
    },
    async allowAll() {
      refused.clear();
    },
    async [Symbol.asyncDispose]() {
      for (const node of below) await node.close();
    },
  };
}

/** How long a check of a broker waits that keeps what it is asked for: also on a busy machine. */
export const PATIENT_MS = 10_000;

/** Runs all checks side by side, and lists the numbers of the promises that are found broken. */
export async function brokenPromises(
  checks: ReadonlyArray<Check<BrokerUnderTest>>,
  Fault: new (below: Broker) => Broker,
  patienceMs?: number,
): Promise<readonly number[]> {
  const found = await Promise.all(
    checks.map(({ name, run }) =>
      run(() => nodesOf(Fault, patienceMs)).then(
        () => 0,
        () => Number.parseInt(name, 10),
      ),
    ),
  );
  return [...new Set(found.filter((number) => number > 0))];
}
