// The checks of the broker contract while the broker is up: delivery, order, bytes, addresses, the
// end of a subscription and of a node.

import { deepStrictEqual, equal, ok, rejects } from 'node:assert/strict';
import { createHash } from 'node:crypto';
import type { Check } from './check.ts';
import { brokerCheck, text } from './broker-check.ts';
import type { BrokerUnderTest } from './broker-check.ts';
import { noop } from '../../core/noop.ts';
import { quiet, record } from './recorded-node.ts';

const ALL_BYTES = Uint8Array.from({ length: 256 }, (_, byte) => byte);
const LARGEST_BYTES = 524_288;
const ADDRESSES: readonly string[] = [
  '__proto__',
  'room:a b',
  'room:a.b',
  'room:A b',
  '*',
  '>',
  'room:*',
  'h\u00e9\u{1f600}',
  'line\r\nbreak\0',
  'x'.repeat(1100),
];

/** Stands for bytes: a difference of half a million of them takes gigabytes to show in Node 26. */
function digest(bytes: Uint8Array): string {
  return `${bytes.byteLength} bytes ${createHash('sha256').update(bytes).digest('hex')}`;
}

/** While the broker is up. */
export const deliveryChecks: ReadonlyArray<Check<BrokerUnderTest>> = [
  brokerCheck(
    '1. `publish` delivers to each subscription of the address on the other nodes, at most once, and to none of its own node',
    async ([one, two, three], until) => {
      const taken = await Promise.all([one, two, two, three].map((node) => record(node, 'a')));
      await one.publish('a', text('of one'));
      await two.publish('a', text('of two'));
      await until('all have come', () => taken[3]?.events.length === 2 && taken[0]?.events.length === 1);
      await quiet();
      deepStrictEqual(
        taken.map(({ events }) => events.toSorted()),
        [['of two'], ['of one'], ['of one'], ['of one', 'of two']],
      );
    },
  ),

  brokerCheck(
    '2. Messages of one node to one address arrive in the order of the calls',
    async ([one, two], until) => {
      const taken = await record(two, 'a');
      const sent = Array.from({ length: 1000 }, (_, index) => `message ${index}`);
      await Promise.all(sent.map((words) => one.publish('a', text(words))));
      await until('all have come', () => taken.events.length >= sent.length);
      await quiet();
      deepStrictEqual(taken.events, sent);
    },
  ),

  brokerCheck('3. Bytes arrive as they were sent, also none, up to 512 KiB', async ([one, two], until) => {
    const got: Uint8Array[] = [];
    await using _ = await two.subscribe(
      'a',
      (bytes) => got.push(bytes),
      () => {},
    );
    const sent = [
      ALL_BYTES,
      new Uint8Array(0),
      ALL_BYTES.subarray(7, 99),
      new Uint8Array(LARGEST_BYTES).fill(255),
    ];
    for (const bytes of sent) await one.publish('a', bytes);
    await until('all have come', () => got.length >= sent.length);
    deepStrictEqual(got.map(digest), sent.map(digest));
    ok(got.every((bytes) => bytes instanceof Uint8Array));
  }),

  brokerCheck(
    '4. `publish` resolves when the engine has taken the message: with the number of other nodes that it was given to, or with undefined',
    async ([one, two, three], until) => {
      const taken = await Promise.all([one, two, three].map((node) => record(node, 'a')));
      const count = await one.publish('a', text('counted'));
      ok(count === undefined || count === 2, `the count is ${count}`);
      const none = await one.publish('nobody is here', text('lost'));
      ok(none === undefined || none === 0, `the count is ${none}`);
      await until('it has come', () => taken.slice(1).every(({ events }) => events.length === 1));
    },
  ),

  brokerCheck(
    '5. `subscribe` resolves when the subscription is in force',
    async ([one, two, three], until) => {
      for (let round = 0; round < 20; round += 1) {
        const [first, second] = await Promise.all([record(two, `a${round}`), record(three, `a${round}`)]);
        await one.publish(`a${round}`, text('in force'));
        await until('it has come', () => first.events.length > 0 && second.events.length > 0);
      }
    },
  ),

  brokerCheck('6. It gets none at another time', async ([one, two], until) => {
    const taken = await record(two, 'a');
    await using _ = await two.subscribe(
      'b',
      () => {},
      () => {},
    );
    await one.publish('a', text('a'));
    await until('it has come', () => taken.events.length > 0);
    await quiet();
    deepStrictEqual(taken.events, ['a']);
  }),

  brokerCheck(
    '10. A disposed subscription gets no further call; the other subscriptions of its address go on',
    async ([one, two], until) => {
      const [ended, kept] = await Promise.all([record(two, 'a'), record(two, 'a')]);
      await ended.subscription[Symbol.asyncDispose]();
      await ended.subscription[Symbol.asyncDispose]();
      await one.publish('a', text('1'));
      await until('it has come', () => kept.events.length === 1);
      const again = await record(two, 'a');
      await one.publish('a', text('2'));
      await until('it has come', () => kept.events.length === 2 && again.events.length === 1);
      await kept.subscription[Symbol.asyncDispose]();
      await again.subscription[Symbol.asyncDispose]();
      const last = await record(two, 'a');
      await one.publish('a', text('3'));
      await until('it has come', () => last.events.length === 1);
      await quiet();
      deepStrictEqual(
        [ended, kept, again, last].map(({ events }) => events),
        [[], ['1', '2'], ['2'], ['3']],
      );
    },
  ),

  brokerCheck(
    '11. An address is any text without lone surrogates, of 1 to 1,100 bytes of UTF-8. Different addresses never affect each other',
    async ([one, two], until) => {
      const taken = await Promise.all(ADDRESSES.map((address) => record(two, address)));
      for (const [index, address] of ADDRESSES.entries()) await one.publish(address, text(`${index}`));
      await until('all have come', () => taken.every(({ events }) => events.length > 0));
      await quiet();
      deepStrictEqual(
        taken.map(({ events }) => events),
        ADDRESSES.map((_, index) => [`${index}`]),
      );
    },
  ),

  brokerCheck('11. `publish` and `subscribe` reject others with a UsageError', async ([one]) => {
    for (const address of ['', 'x'.repeat(1101), 'half \ud83d']) {
      await rejects(one.publish(address, ALL_BYTES), { code: 'COROSOCK_ARGUMENT' });
      await rejects(
        one.subscribe(
          address,
          () => {},
          () => {},
        ),
        { code: 'COROSOCK_ARGUMENT' },
      );
    }
  }),

  brokerCheck(
    '12. No call of the port calls `receive`, `onGap` or a listener before it returns',
    async ([one, two]) => {
      let isInside = false;
      const inside: string[] = [];
      const note = (what: string) => () => void (isInside && inside.push(what));
      one.onChange(note('change'));
      two.onChange(note('change'));
      const within = <T>(call: () => T): T => {
        isInside = true;
        const result = call();
        isInside = false;
        return result;
      };
      await within(() => two.subscribe('a', note('receive'), note('gap')));
      const calls = [1, 2, 3].map(() => within(() => one.publish('a', ALL_BYTES)));
      await within(() => two.subscribe('a', note('receive'), note('gap')));
      await Promise.all(calls);
      await within(() => one.close());
      await quiet();
      deepStrictEqual(inside, []);
    },
  ),

  brokerCheck(
    '13. `close` ends all subscriptions. `isUp` is false after it, and `publish` and `subscribe` reject',
    async ([one, two, three], until) => {
      const [closed, kept] = await Promise.all([record(two, 'a'), record(three, 'a')]);
      const told: boolean[] = [];
      two.onChange((isUp) => told.push(isUp));
      const closing = [two.close(), two.close()];
      equal(two.isUp, false);
      await Promise.all(closing);
      await closed.subscription[Symbol.asyncDispose]();
      await rejects(two.publish('a', ALL_BYTES), { code: 'COROSOCK_BROKER' });
      await rejects(
        two.subscribe(
          'a',
          () => {},
          () => {},
        ),
        { code: 'COROSOCK_BROKER' },
      );
      await one.publish('a', text('after'));
      await until('it has come', () => kept.events.length > 0);
      await quiet();
      deepStrictEqual([closed.events, told], [[], [false]]);
    },
  ),

  brokerCheck(
    '14. The engine may refuse one address, when it is asked for or later; the others stay in force',
    async ([one, two], until, tested) => {
      if (tested.refuse === undefined || tested.allowAll === undefined) return;
      await tested.refuse('a');
      const [refused, accepted] = [record(two, 'a'), record(two, 'b')];
      // Awaited below, unless the check fails before.
      accepted.catch(noop);
      await rejects(refused, { code: 'COROSOCK_BROKER' });
      const other = await accepted;
      await tested.allowAll();
      const taken = await record(two, 'a');
      await one.publish('a', text('in force'));
      await until('it has come', () => taken.events.length > 0);
      await tested.refuse('a');
      await until('it is refused', () => taken.events.at(-1) === 'refused');
      for (const address of ['a', 'b']) await one.publish(address, text('after'));
      await until('the other has come', () => other.events.length > 0);
      await quiet();
      deepStrictEqual([taken.events, other.events], [['in force', 'gap', 'refused'], ['after']]);
      await taken.subscription[Symbol.asyncDispose]();
      equal(two.isUp, true);
    },
  ),
];
