// The promises of the Transport port about what is carried, as checks: where it
// goes, in which form and order, and how both ends hold each other back.

import { deepStrictEqual, equal, ok } from 'node:assert/strict';
import type { Check } from './check.ts';
import { settle } from '../settle.ts';
import { check, CHUNK, fill, numbered, sendAll, sendFragments } from './transport-check.ts';
import type { TransportPair } from './transport-check.ts';

/** Promises 1, 2, 4, 5, 7 and 8; parts have checks of their own. */
export const deliveryChecks: ReadonlyArray<Check<TransportPair>> = [
  check('1. Until `open`, nothing that arrives is lost', async ({ near, far }) => {
    near.open();
    sendAll(near, numbered(3));
    near.close(1000);
    await settle();
    far.open();
    await far.untilEnd();
    far.expectMessages(numbered(3));
  }),

  check(
    '1. afterwards all goes to that one sink, in the order in which it was sent',
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

  check(
    '2. The sink is never called inside a call of `open`, `send`, `sendFragment`, `ping`, `pong`, `pause`, `resume`, `close` or `terminate`',
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
      sendFragments(near, ['in', ' parts']);
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

  check('4. What was received whole before the end comes before `end`', async (link) => {
    const { near, far } = link.open();
    far.pause();
    sendAll(near, numbered(100));
    near.close(1000);
    await settle();
    far.resume();
    await far.untilEnd();
    far.expectMessages(numbered(100));
  }),

  check('5. Text arrives as a string, binary as bytes', async (link) => {
    const { near, far } = link.open();
    sendAll(near, ['h\u00e9, \u{1f600}', 'lone \ud800', new Uint8Array([0, 128, 255])]);
    ok(near.send('h\u00e9', { binary: true }));
    await far.untilMessages(4);
    deepStrictEqual(
      far.heard.filter(({ kind }) => kind === 'message'),
      [
        { kind: 'message', data: 'h\u00e9, \u{1f600}', bytes: 9 },
        { kind: 'message', data: 'lone \ufffd', bytes: 8 },
        { kind: 'message', data: new Uint8Array([0, 128, 255]), bytes: 3 },
        { kind: 'message', data: new Uint8Array([0x68, 0xc3, 0xa9]), bytes: 3 },
      ],
    );
  }),

  check('5. an empty message is a message', async (link) => {
    const { near, far } = link.open();
    const messages = ['', new Uint8Array(0), 'and one that is not'];
    sendAll(near, messages);
    await far.untilMessages(3);
    far.expectMessages(messages);
  }),

  check('7. `bufferedBytes` counts what was sent and not yet taken', async (link) => {
    const { near, far } = link.open();
    equal(near.bufferedBytes, 0);
    far.pause();
    await fill(near);
    far.terminate();
  }),

  check('7. whenever it has fallen, `drain` follows', async (link) => {
    const { near, far } = link.open();
    far.pause();
    const count = await fill(near);
    far.resume();
    await near.until(() => near.heard.some((heard) => heard.kind === 'drain' && heard.bufferedBytes === 0));
    await far.untilMessages(count);
  }),

  check('8. While paused, no more is delivered than was under way', async (link) => {
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

  check('8. `resume` goes on where it stopped, and nothing is lost', async (link) => {
    const { near, far } = link.open();
    const messages = numbered(500);
    far.onHeard = ({ kind }) => {
      if (kind === 'message') far.pause();
    };
    sendAll(near, messages);
    for (let count = 0; count < messages.length; count = far.messages.length) {
      far.resume();
      await far.untilMessages(count + 1);
    }
    far.expectMessages(messages);
  }),
];
