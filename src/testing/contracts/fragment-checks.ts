// The promises of the Transport port about messages in fragments, as checks: what the peer
// receives, and when. `transport-contract.ts` joins them to the other checks.

import { deepStrictEqual, equal, ok } from 'node:assert/strict';
import type { Check } from './check.ts';
import { settle } from '../settle.ts';
import { linkCheck, fill, numbered, sendAll, sendFragments } from './link-check.ts';
import type { TransportPair } from './link-check.ts';

/** Promises 17, 18 and 21. */
export const fragmentChecks: ReadonlyArray<Check<TransportPair>> = [
  linkCheck("17. The peer receives one message, of the first fragment's kind", async (link) => {
    const { near, far } = link.open();
    sendAll(near, ['before']);
    sendFragments(near, ['h\u00e9', '', '\u{1f600}', '']);
    sendFragments(near, [new Uint8Array([0, 128]), new Uint8Array([255])]);
    near.sendFragment('h\u00e9', { binary: true });
    near.sendFragment('!', { binary: true, last: true });
    sendFragments(near, ['']);
    sendAll(near, ['behind']);
    await far.untilMessages(6);
    deepStrictEqual(
      far.calls.filter(({ kind }) => kind === 'message'),
      [
        { kind: 'message', data: 'before', bytes: 6 },
        { kind: 'message', data: 'h\u00e9\u{1f600}', bytes: 7 },
        { kind: 'message', data: new Uint8Array([0, 128, 255]), bytes: 3 },
        { kind: 'message', data: new Uint8Array([0x68, 0xc3, 0xa9, 0x21]), bytes: 4 },
        { kind: 'message', data: '', bytes: 0 },
        { kind: 'message', data: 'behind', bytes: 6 },
      ],
    );
  }),

  linkCheck('17. when the last fragment has arrived', async (link) => {
    const { near, far } = link.open();
    near.sendFragment('first');
    sendAll(far, ['the other direction']);
    await near.untilMessages(1);
    await settle();
    far.expectMessages([]);
    near.sendFragment(', last', { last: true });
    await far.untilMessages(1);
    far.expectMessages(['first, last']);
  }),

  linkCheck('17. Each counts in `bufferedBytes` at once (7)', async (link) => {
    const { near, far } = link.open();
    far.pause();
    const count = await fill(near);
    const before = near.bufferedBytes;
    sendFragments(near, ['one', 'two']);
    ok(near.bufferedBytes > before, 'bufferedBytes has not grown with a fragment');
    far.resume();
    await near.until(() => near.calls.some((call) => call.kind === 'drain' && call.bufferedBytes === 0));
    await far.untilMessages(count + 1);
    equal(far.messages.at(-1), 'onetwo');
  }),

  linkCheck('18. A message whose last fragment was never sent is never delivered', async (link) => {
    const { near, far } = link.open();
    sendAll(near, numbered(3));
    near.sendFragment('unfinished');
    near.terminate();
    await far.untilEnd();
    equal(far.messages.includes('unfinished'), false);
  }),

  linkCheck('18. `close` and `terminate` may come between fragments', async (link) => {
    const { near, far } = link.open();
    sendAll(near, numbered(3));
    near.sendFragment('unfinished');
    near.close(4001, 'no more');
    await far.expectEnd({ code: 4001, reason: 'no more', clean: true, by: 'peer' });
    await near.expectEnd({ code: 4001, reason: 'no more', clean: true, by: 'local' });
    far.expectMessages(numbered(3));
  }),

  linkCheck('21. a number of its own for each message that has come in part', async (link) => {
    const { near, far } = link.open();
    if (far.unfinished === undefined) return;
    equal(far.unfinished, 0);
    sendAll(near, ['whole']);
    for (const count of [2, 3]) {
      near.sendFragment('first');
      await settle();
      near.sendFragment(', last', { last: true });
      await far.untilMessages(count);
      equal(far.unfinished, 0);
    }
    // A transport may join the fragments that it sends: the peer then sees no part.
    equal(new Set(far.begun).size, far.begun.length);
    equal(far.begun.includes(0), false);
  }),
];
