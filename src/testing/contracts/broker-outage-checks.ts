// The checks of the broker contract while the broker is down, and when it is back: gaps, what
// rejects, what is told. A broker that cannot be taken away passes them.

import { deepStrictEqual, equal, ok, rejects } from 'node:assert/strict';
import type { Check } from './check.ts';
import { outageCheck, text } from './broker-check.ts';
import type { BrokerUnderTest } from './broker-check.ts';
import type { Broker } from '../../hub/broker.ts';
import { noop } from '../../core/noop.ts';
import { realClock } from '../../time/real-clock.ts';
import { quiet, record, recordOrder } from './recorded-node.ts';

/** Clocks of brokers may count whole milliseconds. */
const ROUNDING_MS = 2;

/** Around an outage. */
export const outageChecks: ReadonlyArray<Check<BrokerUnderTest>> = [
  outageCheck(
    '6. After each window in which messages may have been lost, each subscription gets one `onGap`, before its next message',
    async (nodes, until, outages) => {
      const [one, two] = nodes;
      const taken = await Promise.all([record(two, 'a'), record(two, 'a'), record(two, 'b')]);
      for (const round of [1, 2]) {
        await one.publish('a', text(`before ${round}`));
        await until('it has come', () => taken[0]?.events.at(-1) === `before ${round}`);
        await outages.begin();
        await outages.end();
        await one.publish('a', text(`after ${round}`));
        await until('it has come', () => taken[1]?.events.at(-1) === `after ${round}`);
      }
      await quiet();
      const expected = ['before 1', 'gap', 'after 1', 'before 2', 'gap', 'after 2'];
      deepStrictEqual(
        taken.map(({ events }) => events),
        [expected, expected, ['gap', 'gap']],
      );
      ok(taken.every(({ gaps }) => gaps.every((forMs) => forMs >= 0)));
    },
  ),

  outageCheck('6. A lost message was taken within the window', async (nodes, until, outages) => {
    const [one, two] = nodes;
    const came = new Set<string>();
    const beganMs: number[] = [];
    await using _ = await two.subscribe(
      'a',
      (bytes) => came.add(new TextDecoder().decode(bytes)),
      (forMs) => beganMs.push(realClock.now() - forMs),
    );
    const publishing = publishWithoutEnd(one, 'a');
    try {
      await until('messages come', () => came.size > 3);
      await outages.begin();
    } finally {
      publishing.stop();
    }
    const downMs = realClock.now();
    const taken = await publishing.taken;
    await quiet();
    await outages.end();
    await until('the gap is told', () => beganMs.length > 0);
    const begin = Number(beganMs[0]) - ROUNDING_MS;
    ok(begin <= downMs, `the window begins ${begin - downMs} ms after the node was down`);
    const older = [...taken].filter(([words, takenMs]) => !came.has(words) && takenMs < begin);
    deepStrictEqual(older, []);
  }),

  outageCheck(
    '7. A subscription of a node that is down comes into force when the broker is back, with an `onGap` before it resolves',
    async (nodes, until, outages) => {
      const [one, two] = nodes;
      await outages.begin();
      const { order, subscribing } = recordOrder(two, 'a');
      // Awaited below, unless another check fails before.
      subscribing.catch(noop);
      await quiet();
      deepStrictEqual(order, []);
      await outages.end();
      await subscribing;
      await one.publish('a', text('after'));
      await until('it has come', () => order.length >= 3);
      deepStrictEqual(order, ['gap', 'resolved', 'after']);
    },
  ),

  outageCheck(
    '8. `publish` rejects while the node is down (and keeps nothing)',
    async (nodes, until, outages) => {
      const [one, two] = nodes;
      const taken = await record(two, 'a');
      await outages.begin();
      const calls = Array.from({ length: 100 }, () => one.publish('a', text('lost')));
      for (const call of calls) await rejects(call, { code: 'COROSOCK_BROKER' });
      await outages.end();
      await one.publish('a', text('after'));
      await until('it has come', () => taken.events.length >= 2);
      await quiet();
      deepStrictEqual(taken.events, ['gap', 'after']);
    },
  ),

  outageCheck(
    '9. `onChange` calls each listener once a change, with the new value of `isUp`',
    async (nodes, _, outages) => {
      const [one] = nodes;
      const told: boolean[][] = [];
      const remove = one.onChange((isUp) => told.push([isUp, one.isUp]));
      let removedCalls = 0;
      one.onChange(() => (removedCalls += 1))();
      equal(one.isUp, true);
      await outages.begin();
      await outages.end();
      deepStrictEqual(told, [
        [false, false],
        [true, true],
      ]);
      equal(removedCalls, 0);
      remove();
      remove();
    },
  ),

  outageCheck('10. Disposing resolves in any state', async (nodes, until, outages) => {
    const [one, two] = nodes;
    const [ended, kept] = await Promise.all([record(two, 'a'), record(two, 'b')]);
    await outages.begin();
    await ended.subscription[Symbol.asyncDispose]();
    await outages.end();
    await one.publish('a', text('for nobody'));
    await one.publish('b', text('after'));
    await until('it has come', () => kept.events.length === 2);
    await quiet();
    deepStrictEqual(ended.events, []);
  }),
];

/** Publishes number after number, until it is stopped. Gives what was taken, and when. */
function publishWithoutEnd(
  node: Broker,
  address: string,
): { readonly taken: Promise<ReadonlyMap<string, number>>; stop(): void } {
  const over = new AbortController();
  const publish = async (): Promise<ReadonlyMap<string, number>> => {
    const taken = new Map<string, number>();
    for (let number = 0; !over.signal.aborted; number += 1) {
      const note = (): void => void taken.set(`${number}`, realClock.now());
      await node.publish(address, text(`${number}`)).then(note, noop);
      await new Promise<void>((resolve) => realClock.setImmediate(resolve));
    }
    return taken;
  };
  return { taken: publish(), stop: () => over.abort() };
}
