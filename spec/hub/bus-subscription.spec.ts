import { settle, virtualClock } from 'corosock/testing';
import type { VirtualClock } from 'corosock/testing';
import { describe, expect, it } from 'vitest';
import type { Broker } from '../../src/hub/broker.ts';
import { BusSubscription } from '../../src/hub/bus-subscription.ts';
import { DroppedEnvelopes } from '../../src/hub/dropped-envelopes.ts';
import { bodyOf, encodeEnvelope } from '../../src/hub/envelope.ts';
import { HybridTime } from '../../src/hub/hybrid-time.ts';
import { ReceivedSenders } from '../../src/hub/received-senders.ts';
import { RefusedSubscriptions } from '../../src/hub/refused-subscriptions.ts';

/** A broker whose calls a spec answers. */
class ScriptedBroker implements Broker {
  isUp: boolean = true;
  receive: (bytes: Uint8Array) => void = () => {};
  onGap: (forMs: number) => void = () => {};
  open: () => void = () => {};
  refuse: () => void = () => {};
  onRefused: (error: Error) => void = () => {};
  asked: number = 0;
  disposed: number = 0;
  end: () => Promise<void> = () => Promise.reject(new Error('gone'));

  publish(): Promise<undefined> {
    return Promise.resolve(undefined);
  }

  subscribe(
    _address: string,
    receive: (bytes: Uint8Array) => void,
    onGap: (forMs: number) => void,
    onRefused?: (error: Error) => void,
  ): Promise<AsyncDisposable> {
    Object.assign(this, { receive, onGap, onRefused, asked: this.asked + 1 });
    return new Promise((resolve, reject) => {
      this.refuse = () => reject(new Error('no'));
      this.open = () =>
        resolve({
          [Symbol.asyncDispose]: () => {
            this.disposed += 1;
            return this.end();
          },
        });
    });
  }

  onChange(): () => void {
    return () => {};
  }

  close(): Promise<void> {
    return Promise.resolve();
  }
}

const REFUSED = 'The broker refuses this node the room "a": nothing of other nodes arrives there';

interface Subscribed {
  readonly broker: ScriptedBroker;
  readonly clock: VirtualClock;
  readonly subscription: BusSubscription;
  readonly refused: RefusedSubscriptions;
  readonly told: string[];
  readonly dropped: DroppedEnvelopes;
  say(sequence: number, sincePreviousMs?: number): void;
  sayAs(id: string, sequence: number, time?: number, sincePreviousMs?: number): void;
}

function subscribed(isUp = true, mostSenders?: number): Subscribed {
  const broker = new ScriptedBroker();
  broker.isUp = isUp;
  const clock = virtualClock();
  const told: string[] = [];
  const dropped = new DroppedEnvelopes(() => {});
  const refused = new RefusedSubscriptions(({ message, cause }) => {
    told.push(`${message}: ${String(cause)}`);
  });
  const listener = {
    receive: ({ sequence }: { readonly sequence: number }) => told.push(`${sequence}`) > 0,
    gap: (forMs: number) => void told.push(`gap ${forMs}`),
  };
  const subscription = new BusSubscription('room:a', listener, {
    nodeId: 'me',
    broker,
    clock,
    dropped,
    refused,
    senders: new ReceivedSenders(new HybridTime(clock), mostSenders),
    onHeard: ({ node }) => void told.push(`heard ${node.id}`),
  });
  void subscription.opened.then(() => told.push('opened'));
  const sayAs: Subscribed['sayAs'] = (id, sequence, time, sincePreviousMs = 1) => {
    const header = { kind: 16, node: { id, epoch: 1 }, sequence, sincePreviousMs, time };
    broker.receive(encodeEnvelope(header, bodyOf(new Uint8Array())));
  };
  return {
    broker,
    clock,
    subscription,
    refused,
    told,
    dropped,
    say: (sequence, sincePreviousMs) => sayAs('n', sequence, undefined, sincePreviousMs),
    sayAs,
  };
}

describe('BusSubscription', () => {
  it('is opened when the broker says that it is in force', async () => {
    const { broker, clock, told } = subscribed();
    await clock.advance(1999);
    expect(told).toEqual([]);
    broker.open();
    await clock.advance(1000);
    expect([told, clock.timers]).toEqual([['opened'], 0]);
  });

  it.each([
    ['after two seconds', true, 2000],
    ['at once where the broker is down', false, 0],
  ])('is opened %s all the same, and a gap follows', async (_, isUp, ms) => {
    const { broker, clock, told } = subscribed(isUp);
    await clock.advance(ms);
    expect(told).toEqual(['opened']);
    await clock.advance(3000);
    broker.open();
    await settle();
    expect(told).toEqual(['opened', `gap ${ms + 3000}`]);
  });

  it('is opened when the broker goes down', async () => {
    const { subscription, told } = subscribed();
    subscription.brokerIsDown();
    await settle();
    expect(told).toEqual(['opened']);
  });

  it('tells the one gap of a late beginning before the first envelope', async () => {
    const { broker, clock, told, say } = subscribed(false);
    await clock.advance(100);
    say(1);
    broker.open();
    await settle();
    expect(told).toEqual(['opened', 'heard n', 'gap 100', '1']);
  });

  it('tells it where the broker does', async () => {
    const { broker, clock, told } = subscribed(false);
    await clock.advance(100);
    broker.onGap(700);
    broker.open();
    await settle();
    expect(told).toEqual(['opened', 'gap 700']);
  });

  it('tells no gap while its opener waits, and each one from then on', async () => {
    const { broker, subscription, told } = subscribed();
    broker.onGap(5);
    broker.open();
    await settle();
    subscription.brokerIsDown();
    broker.onGap(6);
    expect(told).toEqual(['opened', 'gap 6']);
  });

  it('counts what is missing from when it is in force', async () => {
    const { broker, clock, told, say } = subscribed();
    say(1);
    say(3);
    await clock.advance(10);
    broker.open();
    await settle();
    await clock.advance(10);
    say(5, 15);
    say(7, 1);
    expect(told.filter((line) => line !== 'heard n')).toEqual(['1', '3', 'opened', '5', 'gap 0', '7']);
  });

  it('reports that it was refused, once, and tells one gap when it is in force', async () => {
    const { broker, clock, refused, told } = subscribed();
    for (let tries = 0; tries < 3; tries += 1) {
      broker.refuse();
      await clock.advance(70_000);
      refused.sweep(clock.now());
      refused.askAgain();
    }
    expect([broker.asked, told]).toEqual([4, [`${REFUSED}: Error: no`, 'opened']]);
    broker.open();
    await settle();
    refused.askAgain();
    expect([broker.asked, told.slice(2)]).toEqual([4, ['gap 210000']]);
  });

  it('K14: is asked for again where it was in force and is refused, with a gap of that time', async () => {
    const { broker, clock, refused, told, say } = subscribed();
    broker.open();
    await clock.advance(10);
    say(1);
    broker.onGap(5);
    broker.onRefused(new Error('later'));
    expect(told.splice(0)).toEqual(['opened', 'heard n', '1', 'gap 5', `${REFUSED}: Error: later`]);
    await clock.advance(300);
    refused.askAgain();
    broker.open();
    await settle();
    say(5);
    expect([broker.asked, told]).toEqual([2, ['gap 300', 'heard n', '5']]);
  });

  it('K14: misses nothing that others say they have sent, while it is refused', async () => {
    const { broker, clock, subscription, told } = subscribed();
    broker.open();
    await settle();
    broker.onRefused(new Error('later'));
    told.length = 0;
    subscription.told({ id: 'n', epoch: 1 }, { address: 'room:a', sequence: 7, agoMs: 0 }, clock.now());
    await clock.advance(5000);
    subscription.sweep(clock.now());
    expect([told, subscription.sinceMs]).toEqual([[], Infinity]);
  });

  it('K15: drops behind a gap what a sender that is not remembered may have sent before', async () => {
    const { broker, clock, dropped, told, sayAs } = subscribed(true, 1);
    broker.open();
    await clock.advance(10);
    sayAs('n', 1, 100);
    sayAs('other', 1, 200);
    told.length = 0;
    sayAs('n', 1, 100);
    expect([told, [...dropped.counts]]).toEqual([['heard n', 'gap 10'], [['duplicate', 1]]]);
  });

  it('reports a later refusal, once it was in force again', async () => {
    const { broker, clock, refused, told } = subscribed();
    broker.refuse();
    await settle();
    refused.askAgain();
    broker.open();
    await clock.advance(60_000);
    broker.onRefused(new Error('later'));
    expect(told.filter((line) => line.startsWith(REFUSED))).toEqual([
      `${REFUSED}: Error: no`,
      `${REFUSED}: Error: later`,
    ]);
  });

  it('does not ask again once it is disposed', async () => {
    const { broker, refused, subscription } = subscribed();
    broker.refuse();
    await settle();
    await subscription.dispose();
    refused.askAgain();
    expect(broker.asked).toBe(1);
  });

  it('gets nothing more once it is disposed', async () => {
    const { broker, subscription, told, say } = subscribed();
    broker.open();
    await settle();
    await subscription.dispose();
    say(1);
    broker.onGap(1);
    subscription.sweep(1000);
    expect([told, broker.disposed]).toEqual([['opened'], 1]);
  });

  it('ends, too, where the broker throws at that', async () => {
    const { broker, subscription } = subscribed();
    broker.open();
    await settle();
    broker.end = () => {
      throw new Error('no');
    };
    await expect(subscription.dispose()).resolves.toBeUndefined();
  });

  it('is ended in the broker, too, where it was disposed before it was in force', async () => {
    const { broker, subscription, told } = subscribed();
    await subscription.dispose();
    broker.open();
    await settle();
    expect([told, broker.disposed]).toEqual([['opened'], 1]);
  });

  it('reports no refusal once it is disposed', async () => {
    const { broker, subscription, told } = subscribed();
    await subscription.dispose();
    broker.refuse();
    await settle();
    expect(told).toEqual(['opened']);
  });
});
