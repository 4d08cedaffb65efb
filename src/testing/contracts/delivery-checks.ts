// The promises of the Transport port about delivery, as checks: order, form of the data,
// buffered bytes, pause and resume. `transport-contract.ts` joins them to the other checks.

import { deepStrictEqual, equal, ok } from 'node:assert/strict';
import type { Check } from './check.ts';
import type { Data } from '../../core/data.ts';
import { settle } from '../settle.ts';
import { linkCheck, CHUNK, fill, numbered, sendAll, sendFragments } from './link-check.ts';
import type { TransportPair } from './link-check.ts';

/** Text and bytes; empty, short and long. */
const ONE_OF_EACH: readonly Data[] = ['', 'h\u00e9', 'long '.repeat(2000), new Uint8Array([0, 128]), CHUNK];

/** Promises 1, 2, 4, 5, 7, 8, 23 and 24. Fragments are in `fragment-checks.ts`. */
export const deliveryChecks: ReadonlyArray<Check<TransportPair>> = [
  linkCheck('1. Nothing that arrives before `open` is lost', async ({ near, far }) => {
    near.open();
    sendAll(near, numbered(3));
    near.close(1000);
    await settle();
    far.open();
    await far.untilEnd();
    far.expectMessages(numbered(3));
  }),

  linkCheck(
    '1. Everything goes to the one sink, in the order in which the peer sent it',
    async ({ near, far }) => {
      const messages = numbered(300);
      near.open();
      sendAll(near, messages.slice(0, 100));
      await settle();
      far.open();
      sendAll(near, messages.slice(100, 200));
      await far.untilMessages(100);
      sendAll(near, messages.slice(200));
      await far.untilMessages(300);
      far.expectMessages(messages);
    },
  ),

  linkCheck(
    '2. No call of `open`, `send`, `sendFragment`, `ping`, `pong`, `pause`, `resume`, `close` or `terminate` calls the sink before it returns',
    async (link) => {
      const { near, far } = link;
      near.open();
      sendAll(near, ['early']);
      await settle();
      far.open();
      far.pause();
      near.ping();
      near.pong();
      sendAll(near, ['late', CHUNK]);
      sendFragments(near, ['in', ' fragments']);
      await settle();
      far.resume();
      await far.untilMessages(4);
      near.close(1000);
      far.terminate();
      await near.untilEnd();
      await far.untilEnd();
      deepStrictEqual([...link.breaches], []);
    },
  ),

  linkCheck(
    '4. Messages that were received whole before the end are delivered before `end`',
    async (link) => {
      const { near, far } = link.open();
      far.pause();
      sendAll(near, numbered(100));
      near.close(1000);
      await settle();
      far.resume();
      await far.untilEnd();
      far.expectMessages(numbered(100));
    },
  ),

  linkCheck('5. Text arrives as a string, binary as bytes', async (link) => {
    const { near, far } = link.open();
    sendAll(near, ['h\u00e9, \u{1f600}', 'lone \ud800', new Uint8Array([0, 128, 255])]);
    ok(near.send('h\u00e9', { binary: true }));
    await far.untilMessages(4);
    deepStrictEqual(
      far.calls.filter(({ kind }) => kind === 'message'),
      [
        { kind: 'message', data: 'h\u00e9, \u{1f600}', bytes: 9 },
        { kind: 'message', data: 'lone \ufffd', bytes: 8 },
        { kind: 'message', data: new Uint8Array([0, 128, 255]), bytes: 3 },
        { kind: 'message', data: new Uint8Array([0x68, 0xc3, 0xa9]), bytes: 3 },
      ],
    );
  }),

  linkCheck('5. of one class whether they came whole or in fragments', async (link) => {
    const { near, far } = link.open();
    sendAll(near, [new Uint8Array([0, 128])]);
    sendFragments(near, [new Uint8Array([0]), new Uint8Array([128])]);
    await far.untilMessages(2);
    const [whole, inFragments] = far.classes;
    equal(inFragments, whole);
  }),

  linkCheck('5. An empty message is a message', async (link) => {
    const { near, far } = link.open();
    const messages = ['', new Uint8Array(0), 'and one that is not'];
    sendAll(near, messages);
    await far.untilMessages(3);
    far.expectMessages(messages);
  }),

  linkCheck('7. `bufferedBytes` counts what was sent and not yet flushed', async (link) => {
    const { near, far } = link.open();
    equal(near.bufferedBytes, 0);
    far.pause();
    await fill(near);
    far.terminate();
  }),

  linkCheck('7. Each time it falls, `drain` follows', async (link) => {
    const { near, far } = link.open();
    far.pause();
    const count = await fill(near);
    far.resume();
    await near.until(() => near.calls.some((call) => call.kind === 'drain' && call.bufferedBytes === 0));
    await far.untilMessages(count);
  }),

  linkCheck('7. After the end it is 0', async (link) => {
    const { near, far } = link.open();
    far.pause();
    await fill(near);
    near.terminate();
    await near.untilEnd();
    await settle();
    equal(near.bufferedBytes, 0);
  }),

  linkCheck('8. A paused end delivers no more than was already under way', async (link) => {
    const { near, far } = link.open();
    far.pause();
    sendAll(near, numbered(3));
    sendAll(far, ['the other direction']);
    await near.untilMessages(1);
    await settle();
    far.expectMessages([]);
    far.resume();
    await far.untilMessages(3);
  }),

  linkCheck('8. `resume` continues where the end stopped, and nothing is lost', async (link) => {
    const { near, far } = link.open();
    const messages = numbered(500);
    far.onCall = ({ kind }) => {
      if (kind === 'message') far.pause();
    };
    sendAll(near, messages);
    for (let count = 0; count < messages.length; count = far.messages.length) {
      far.resume();
      await far.untilMessages(count + 1);
    }
    far.expectMessages(messages);
  }),

  linkCheck('23. Sends of one message to several peers may have the same `shared`', async (link) => {
    const { near, far } = link.open();
    for (const data of ONE_OF_EACH) {
      const shared = {};
      for (const end of [near, far, far]) ok(end.send(data, { shared }));
    }
    await near.untilMessages(2 * ONE_OF_EACH.length);
    await far.untilMessages(ONE_OF_EACH.length);
    far.expectMessages(ONE_OF_EACH);
    near.expectMessages(ONE_OF_EACH.flatMap((data) => [data, data]));
  }),

  linkCheck(
    '23. also where the transports are of different kinds, and where `binary` and `compress` differ',
    async (link) => {
      const { near, far } = link.open();
      const shared = { frame: 'of another kind of transport' };
      for (const binary of [false, true, false]) ok(near.send('h\u00e9', { binary, shared }));
      ok(near.send('h\u00e9', { compress: false, shared }));
      await far.untilMessages(4);
      const bytes = new Uint8Array([0x68, 0xc3, 0xa9]);
      far.expectMessages(['h\u00e9', bytes, 'h\u00e9', 'h\u00e9']);
    },
  ),

  linkCheck('23. Each peer receives what it would receive without it', async (link) => {
    const { near, far } = link.open();
    const shared = {};
    ok(near.send('alone'));
    ok(near.send('shared', { shared }));
    sendFragments(near, ['in', ' fragments']);
    ok(near.send('shared', { shared }));
    ok(near.send(CHUNK, { shared: {} }));
    ok(near.send('alone'));
    await far.untilMessages(6);
    far.expectMessages(['alone', 'shared', 'in fragments', 'shared', CHUNK, 'alone']);
  }),

  linkCheck('24. `offer` does what `send` does, in one order with the other sends', async (link) => {
    const { near, far } = link.open();
    ok(near.send('one'));
    const isOffered = near.offer('two', Infinity) ?? near.send('two');
    ok(isOffered, '`offer` returned false on an open link');
    ok(near.send('three'));
    await far.untilMessages(3);
    far.expectMessages(['one', 'two', 'three']);
  }),

  linkCheck(
    '24. It does nothing where `bufferedBytes` is at least its `limitBytes`, where `send` would return false, and without `shared`',
    async (link) => {
      const { near, far } = link.open();
      ok(near.send('one'));
      const isNothing = [near.offer('a', 0), near.offer('b', near.bufferedBytes)];
      isNothing.push(near.offer('c', Infinity, {}));
      near.close(1000);
      isNothing.push(near.offer('d', Infinity));
      await far.untilEnd();
      ok(!isNothing.includes(true), '`offer` returned true');
      far.expectMessages(['one']);
    },
  ),
];
