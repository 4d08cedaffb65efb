// The promises of the Transport port about the end, as checks: each way in which a link can end,
// and the `end` that both sinks get. `transport-contract.ts` joins them to the other checks.

import { deepStrictEqual, equal, ok } from 'node:assert/strict';
import type { Check } from './check.ts';
import type { RecordedEnd, RecordedLink } from './recorded-link.ts';
import { settle } from '../settle.ts';
import { linkCheck, CHUNK, fill, numbered, sendAll, sendFragments } from './link-check.ts';
import type { TransportPair } from './link-check.ts';

/** Calls methods of an end whose link is over. */
function disturb(end: RecordedEnd): void {
  end.send('too late');
  end.pause();
  end.resume();
  end.close(4999, 'too late');
  end.terminate();
}

/** Each way in which a link can end. */
const ENDINGS: Readonly<Record<string, (link: RecordedLink, pair: TransportPair) => void>> = {
  'near closes': ({ near }) => near.close(1000),
  'far closes': ({ far }) => far.close(1000),
  'both close': ({ near, far }) => {
    near.close(4001);
    far.close(4002);
  },
  'near terminates': ({ near }) => near.terminate(),
  'far terminates': ({ far }) => far.terminate(),
  'near closes and terminates': ({ near }) => {
    near.close(4001);
    near.terminate();
  },
  'a message is too big': ({ near }, { farMaxMessageBytes }) => {
    near.send(new Uint8Array(farMaxMessageBytes + 1));
  },
};

const endsOnce = Object.entries(ENDINGS).map(([ending, finish]) =>
  linkCheck(
    `3. \`end\` is called exactly once, whatever happens, and is the last call that the sink gets (${ending})`,
    async (link, pair) => {
      const { near, far } = link.open();
      sendAll(near, numbered(3));
      sendAll(far, numbered(3));
      finish(link, pair);
      await near.untilEnd();
      await far.untilEnd();
      disturb(near);
      disturb(far);
      await settle();
      near.expectOneEnd();
      far.expectOneEnd();
    },
  ),
);

/** Promises 3, 6, 9 to 13 and 22. */
export const endingChecks: ReadonlyArray<Check<TransportPair>> = [
  ...endsOnce,

  linkCheck('6. `send` and `sendFragment` return false and send nothing', async (link) => {
    const { near, far } = link.open();
    const answers: boolean[] = [];
    far.onCall = ({ kind }) => {
      if (kind === 'end') answers.push(far.send('after the end'), far.sendFragment('after the end'));
    };
    sendAll(near, ['in time']);
    near.close(1000);
    answers.push(near.send('too late'), near.sendFragment('too late', { last: true }));
    await far.untilEnd();
    await near.untilEnd();
    answers.push(near.send('after the end'), near.sendFragment('after the end', { last: true }));
    const received = [far.messages, near.messages];
    deepStrictEqual([answers, received], [Array.from(answers, () => false), [['in time'], []]]);
  }),

  linkCheck('9. `close` lets everything that was sent before it go first', async (link) => {
    const { near, far } = link.open();
    const messages = [...numbered(100), CHUNK, ...numbered(100)];
    sendAll(near, messages);
    near.close(1000);
    await far.untilEnd();
    far.expectMessages(messages);
  }),

  linkCheck("9. The peer gets the code and the reason, `by: 'peer'` and `clean: true`", async (link) => {
    const { near, far } = link.open();
    const reason = '\u00e9'.repeat(61);
    near.close(4999, reason);
    await far.expectEnd({ code: 4999, reason, clean: true, by: 'peer' });
  }),

  linkCheck('9. A lone surrogate in the reason arrives as U+FFFD', async (link) => {
    const { near, far } = link.open();
    near.close(4001, 'a\ud800b');
    await far.expectEnd({ code: 4001, reason: 'a\ufffdb', clean: true, by: 'peer' });
  }),

  linkCheck(
    "10. An end that closes gets its own code and `by: 'local'`, even if both ends close at once",
    async (link) => {
      const { near, far } = link.open();
      near.close(4001, 'near');
      far.close(4002, 'far');
      await near.expectEnd({ code: 4001, reason: 'near', clean: true, by: 'local' });
      await far.expectEnd({ code: 4002, reason: 'far', clean: true, by: 'local' });
    },
  ),

  linkCheck('10. Its end is clean if the peer has answered, and only then', async (link) => {
    const { near, far } = link.open();
    near.close(4001);
    far.terminate();
    await near.expectEnd({ code: 4001, reason: '', clean: false, by: 'local' });
  }),

  linkCheck("11. `terminate` ends the link at once: 1006 and `by: 'local'`", async (link) => {
    const { near, far } = link.open();
    far.pause();
    near.terminate();
    await near.expectEnd({ code: 1006, reason: '', clean: false, by: 'local' });
  }),

  linkCheck('11. the code of a `close` that is under way', async (link) => {
    const { near, far } = link.open();
    far.pause();
    near.close(4001, 'near');
    near.terminate();
    await near.expectEnd({ code: 4001, reason: 'near', clean: false, by: 'local' });
  }),

  linkCheck("11. The peer gets 1006 and `by: 'link'`", async (link) => {
    const { near, far } = link.open();
    near.terminate();
    await far.expectEnd({ code: 1006, reason: '', clean: false, by: 'link' });
  }),

  linkCheck('11. with a cause', async (link) => {
    const { near, far } = link.open();
    near.terminate();
    const { cause } = await far.untilEnd();
    ok(cause instanceof Error, 'the end of a lost link has no cause');
  }),

  linkCheck(
    '12. `close` and `terminate` may be called in any state and any number of times',
    async ({ near, far }) => {
      near.terminate();
      near.close(4001);
      near.terminate();
      near.open();
      far.open();
      await near.expectEnd({ code: 1006, reason: '', clean: false, by: 'local' });
      await far.untilEnd();
      disturb(near);
      disturb(near);
      await settle();
      near.expectOneEnd();
    },
  ),

  linkCheck('12. Only the first `close` counts', async ({ near, far }) => {
    near.close(4001, 'first');
    near.close(4002, 'second');
    near.open();
    far.open();
    near.close(4003, 'third');
    await far.expectEnd({ code: 4001, reason: 'first', clean: true, by: 'peer' });
    await near.expectEnd({ code: 4001, reason: 'first', clean: true, by: 'local' });
  }),

  linkCheck("13. A message above the limit ends the link with 1009 and `by: 'limit'`", async (link, pair) => {
    const { near, far } = link.open();
    const largest = new Uint8Array(pair.farMaxMessageBytes).fill(0x62);
    sendAll(near, ['before', largest, new Uint8Array(largest.length + 1), 'behind']);
    await far.expectEnd({ code: 1009, reason: '', clean: false, by: 'limit' });
    far.expectMessages(['before', largest]);
    const { code, by } = await near.untilEnd();
    deepStrictEqual([code, by], [1009, 'peer']);
  }),

  linkCheck(
    "13. A message above the limit ends the link with 1009 and `by: 'limit'` (in fragments)",
    async (link, pair) => {
      const { near, far } = link.open();
      const half = new Uint8Array(Math.ceil(pair.farMaxMessageBytes / 2)).fill(0x62);
      sendFragments(near, [half, half, new Uint8Array(1)]);
      await far.expectEnd({ code: 1009, reason: '', clean: false, by: 'limit' });
      far.expectMessages([]);
      const { code, by } = await near.untilEnd();
      deepStrictEqual([code, by], [1009, 'peer']);
    },
  ),

  linkCheck('13. The cause of 1009 has the code `WS_ERR_UNSUPPORTED_MESSAGE_LENGTH`', async (link, pair) => {
    const { near, far } = link.open();
    sendAll(near, [new Uint8Array(pair.farMaxMessageBytes + 1)]);
    const { cause } = await far.untilEnd();
    ok(cause instanceof Error && 'code' in cause, 'the cause has no code');
    equal(cause.code, 'WS_ERR_UNSUPPORTED_MESSAGE_LENGTH');
    ok('option' in cause, 'the cause has no option');
    equal(cause.option, 'maxMessageBytes');
  }),

  linkCheck('22. it is true after the end, if bytes that were sent were not flushed', async (link) => {
    const { near, far } = link.open();
    far.pause();
    await fill(near);
    near.terminate();
    await near.untilEnd();
    ok(near.hasLost !== false, 'hasLost is false, and bytes were lost');
  }),

  linkCheck('22. and else false', async (link) => {
    const { near, far } = link.open();
    sendAll(near, numbered(3));
    near.close(1000);
    await far.untilEnd();
    await near.untilEnd();
    await settle();
    ok(near.hasLost !== true, 'hasLost is true, and nothing was lost');
  }),
];
