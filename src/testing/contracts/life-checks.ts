// The promises of the Transport port about signs of life, as checks: `ping`, `pong`, and the two
// counts that a heartbeat compares. `transport-contract.ts` joins them to the other checks.

import { deepStrictEqual, equal, ok } from 'node:assert/strict';
import type { Check } from './check.ts';
import type { RecordedEnd } from './recorded-link.ts';
import { settle } from '../settle.ts';
import { linkCheck, fill, numbered, sendAll } from './link-check.ts';
import type { TransportPair } from './link-check.ts';

/** Waits until a count has changed. It is polled, because no call of the sink tells. */
async function untilChanged(count: () => number): Promise<void> {
  const before = count();
  while (Object.is(count(), before)) await settle();
}

/** Promises 14 to 16, 20 and 25. */
export const lifeChecks: ReadonlyArray<Check<TransportPair>> = [
  linkCheck(
    '14. `ping` and `pong` overtake nothing that was sent, and call no sink',
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
      deepStrictEqual([near.messages, near.calls.some(({ kind }) => kind === 'end')], [[], false]);
    },
  ),

  linkCheck('14. They return false and send nothing where `send` would', async (link) => {
    const { near, far } = link.open();
    const answers = [near.ping(), near.pong()];
    near.close(1000);
    answers.push(near.ping(), near.pong());
    await far.untilEnd();
    await near.untilEnd();
    answers.push(near.ping(), near.pong(), far.ping(), far.pong());
    deepStrictEqual(answers, [true, true, false, false, false, false, false, false]);
  }),

  linkCheck('15. `receivedBytes` grows with everything that arrives', async (link) => {
    const { near, far } = link.open();
    const before = far.receivedBytes;
    sendAll(near, ['']);
    await far.untilMessages(1);
    equal(far.receivedBytes > before, true, 'receivedBytes has not grown with a message');
  }),

  linkCheck('15. also with a `pong` and with the answer to a `ping`', async (link) => {
    const { near, far } = link.open();
    const grown = untilChanged(() => near.receivedBytes);
    near.ping();
    await grown;
    const grownByPong = untilChanged(() => near.receivedBytes);
    far.pong();
    await grownByPong;
  }),

  linkCheck('15. An end that reads answers pings by itself; a paused end does not', async (link) => {
    const { near, far } = link.open();
    far.pause();
    const before = near.receivedBytes;
    near.ping();
    await settle();
    equal(near.receivedBytes, before, 'receivedBytes has grown while the other end was paused');
    far.resume();
    await untilChanged(() => near.receivedBytes);
  }),

  linkCheck('16. `flushedBytes` changes when more of what was sent is flushed', async (link) => {
    const { near, far } = link.open();
    far.pause();
    const count = await fill(near);
    const before = near.flushedBytes;
    far.resume();
    await far.untilMessages(count);
    await near.until(() => near.bufferedBytes === 0);
    equal(Number.isNaN(before) || near.flushedBytes !== before, true, 'flushedBytes has not changed');
  }),

  linkCheck('16. never at another time. It is NaN if the transport cannot count', async (link) => {
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

  linkCheck('20. `stall` is called when bytes that were sent have to wait for the peer', async (link) => {
    const { near, far } = link.open();
    far.pause();
    await fill(near);
    await near.until(() => near.stalls > 0);
  }),

  linkCheck('20. and again when bytes have to after `bufferedBytes` was 0', async (link) => {
    const { near, far } = link.open();
    far.pause();
    await fill(near);
    far.resume();
    await near.until(() => near.bufferedBytes === 0);
    const before = near.stalls;
    far.pause();
    await fill(near);
    await near.until(() => near.stalls > before);
  }),

  linkCheck('25. a paused end that looks reads on, and delivers nothing before `resume`', async (link) => {
    const { near, far } = link.open();
    if (!(await pausesAndLooks(near, far))) return;
    ok(near.send('two'));
    await untilChanged(() => far.receivedBytes);
    equal(far.endLook(), false, 'endLook has found a close that was not sent');
    far.expectMessages(['one']);
    far.resume();
    await far.untilMessages(2);
    far.expectMessages(['one', 'two']);
  }),

  linkCheck("25. `endLook` returns true if the peer's close is among what came", async (link) => {
    const { near, far } = link.open();
    if (!(await pausesAndLooks(near, far))) return;
    near.close(1000);
    while (!far.endLook()) {
      far.look();
      await settle();
    }
    far.expectMessages(['one']);
    far.resume();
    await far.untilEnd();
  }),
];

/** Has an end pause behind a message, and look. @returns Whether it does. */
async function pausesAndLooks(near: RecordedEnd, far: RecordedEnd): Promise<boolean> {
  ok(near.send('one'));
  await far.untilMessages(1);
  far.pause();
  return far.look();
}
