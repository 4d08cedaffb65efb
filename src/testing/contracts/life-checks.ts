// The promises of the Transport port about signs of life, as checks: who gives one,
// who counts it, and that nobody else hears of it.

import { deepStrictEqual, equal } from 'node:assert/strict';
import type { Check } from './check.ts';
import { settle } from '../settle.ts';
import { check, fill, numbered, sendAll } from './transport-check.ts';
import type { TransportPair } from './transport-check.ts';

/** Waits until a count has changed: no sink is told of it. */
async function untilChanged(count: () => number): Promise<void> {
  const before = count();
  while (Object.is(count(), before)) await settle();
}

/** Promises 14 to 16. */
export const lifeChecks: ReadonlyArray<Check<TransportPair>> = [
  check(
    '14. `ping` and `pong` overtake nothing that was sent, and no sink hears of them',
    async ({ near, far }) => {
      near.open();
      far.open();
      const messages = numbered(4);
      sendAll(near, messages.slice(0, 2));
      near.ping();
      near.pong();
      sendAll(near, messages.slice(2));
      await far.untilMessages(4);
      await settle();
      far.expectMessages(messages);
      deepStrictEqual([near.messages, near.heard.some(({ kind }) => kind === 'end')], [[], false]);
    },
  ),

  check('14. they answer false, and send nothing, where `send` would', async (link) => {
    const { near, far } = link.open();
    const answers = [near.ping(), near.pong()];
    near.close(1000);
    answers.push(near.ping(), near.pong());
    await far.untilEnd();
    await near.untilEnd();
    answers.push(near.ping(), near.pong(), far.ping(), far.pong());
    deepStrictEqual(answers, [true, true, false, false, false, false, false, false]);
  }),

  check('15. `receivedBytes` grows with whatever comes', async (link) => {
    const { near, far } = link.open();
    const before = far.receivedBytes;
    sendAll(near, ['']);
    await far.untilMessages(1);
    equal(far.receivedBytes > before, true, 'receivedBytes has not grown with a message');
  }),

  check('15. a `pong` and the answer to a `ping` too', async (link) => {
    const { near, far } = link.open();
    const grown = untilChanged(() => near.receivedBytes);
    near.ping();
    await grown;
    const grownByPong = untilChanged(() => near.receivedBytes);
    far.pong();
    await grownByPong;
  }),

  check('15. an end that reads answers by itself, one that is paused does not', async (link) => {
    const { near, far } = link.open();
    far.pause();
    const before = near.receivedBytes;
    near.ping();
    await settle();
    equal(near.receivedBytes, before, 'receivedBytes has grown while the other end was paused');
    far.resume();
    await untilChanged(() => near.receivedBytes);
  }),

  check('16. `flushedBytes` changes when more of what was sent has been taken', async (link) => {
    const { near, far } = link.open();
    far.pause();
    const count = await fill(near);
    const before = near.flushedBytes;
    far.resume();
    await far.untilMessages(count);
    await near.until(() => near.bufferedBytes === 0);
    equal(Number.isNaN(before) || near.flushedBytes !== before, true, 'flushedBytes has not changed');
  }),

  check('16. and never while nothing is; NaN where nobody counts', async (link) => {
    const { near, far } = link.open();
    sendAll(near, numbered(3));
    await far.untilMessages(3);
    await near.until(() => near.bufferedBytes === 0);
    await settle();
    const before = near.flushedBytes;
    sendAll(far, numbered(3));
    await near.untilMessages(3);
    equal(near.flushedBytes, before, 'flushedBytes has changed while nothing was sent');
  }),
];
