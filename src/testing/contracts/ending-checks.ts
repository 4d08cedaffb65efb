// The promises of the Transport port about the end, as checks: how each side may
// bring it about, and what both hear of it.

import { deepStrictEqual } from 'node:assert/strict';
import type { Check } from './check.ts';
import type { ContractEnd, ContractLink } from './contract-link.ts';
import { settle } from '../settle.ts';
import { check, CHUNK, numbered, sendAll, sendFragments } from './transport-check.ts';
import type { TransportPair } from './transport-check.ts';

/** All that can be done to an end that is over. */
function disturb(end: ContractEnd): void {
  end.send('too late');
  end.pause();
  end.resume();
  end.close(4999, 'too late');
  end.terminate();
}

/** Every way for a link to end. */
const ENDINGS: Readonly<Record<string, (link: ContractLink, pair: TransportPair) => void>> = {
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
  check(
    `3. \`end\` is the last thing that a sink hears, and it hears it exactly once, whatever happens (${ending})`,
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

/** Promises 3, 6 and 9 to 13. */
export const endingChecks: ReadonlyArray<Check<TransportPair>> = [
  ...endsOnce,

  check('6. `send` and `sendFragment` answer false, and send nothing', async (link) => {
    const { near, far } = link.open();
    const answers: boolean[] = [];
    far.onHeard = ({ kind }) => {
      if (kind === 'end') answers.push(far.send('after the end'), far.sendFragment('after the end'));
    };
    sendAll(near, ['in time']);
    near.close(1000);
    answers.push(near.send('too late'), near.sendFragment('too late', { last: true }));
    await far.untilEnd();
    await near.untilEnd();
    answers.push(near.send('after the end'), near.sendFragment('after the end', { last: true }));
    const heard = [far.messages, near.messages];
    deepStrictEqual([answers, heard], [Array.from(answers, () => false), [['in time'], []]]);
  }),

  check('9. `close` lets what was sent go first', async (link) => {
    const { near, far } = link.open();
    const messages = [...numbered(100), CHUNK, ...numbered(100)];
    sendAll(near, messages);
    near.close(1000);
    await far.untilEnd();
    far.expectMessages(messages);
  }),

  check("9. The peer hears the code and the reason, `by: 'peer'`, `clean: true`", async (link) => {
    const { near, far } = link.open();
    const reason = '\u00e9'.repeat(61);
    near.close(4999, reason);
    await far.expectEnd({ code: 4999, reason, clean: true, by: 'peer' });
  }),

  check("10. The one that closes ends with its own code, `by: 'local'`", async (link) => {
    const { near, far } = link.open();
    near.close(4001, 'near');
    far.close(4002, 'far');
    await near.expectEnd({ code: 4001, reason: 'near', clean: true, by: 'local' });
    await far.expectEnd({ code: 4002, reason: 'far', clean: true, by: 'local' });
  }),

  check('10. it is clean when the peer has answered, and only then', async (link) => {
    const { near, far } = link.open();
    near.close(4001);
    far.terminate();
    await near.expectEnd({ code: 4001, reason: '', clean: false, by: 'local' });
  }),

  check("11. `terminate` ends at once: 1006, `by: 'local'`", async (link) => {
    const { near, far } = link.open();
    far.pause();
    near.terminate();
    await near.expectEnd({ code: 1006, reason: '', clean: false, by: 'local' });
  }),

  check('11. with the code of a `close` that is under way', async (link) => {
    const { near, far } = link.open();
    far.pause();
    near.close(4001, 'near');
    near.terminate();
    await near.expectEnd({ code: 4001, reason: 'near', clean: false, by: 'local' });
  }),

  check("11. the peer `by: 'link'`, 1006", async (link) => {
    const { near, far } = link.open();
    near.terminate();
    await far.expectEnd({ code: 1006, reason: '', clean: false, by: 'link' });
  }),

  check('12. may be called in any state and any number of times', async ({ near, far }) => {
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
  }),

  check('12. only the first `close` counts', async ({ near, far }) => {
    near.close(4001, 'first');
    near.close(4002, 'second');
    near.open();
    far.open();
    near.close(4003, 'third');
    await far.expectEnd({ code: 4001, reason: 'first', clean: true, by: 'peer' });
    await near.expectEnd({ code: 4001, reason: 'first', clean: true, by: 'local' });
  }),

  check("13. A message above the limit ends it with 1009, `by: 'limit'`", async (link, pair) => {
    const { near, far } = link.open();
    const largest = new Uint8Array(pair.farMaxMessageBytes).fill(0x62);
    sendAll(near, ['before', largest, new Uint8Array(largest.length + 1), 'behind']);
    await far.expectEnd({ code: 1009, reason: '', clean: false, by: 'limit' });
    far.expectMessages(['before', largest]);
    const { code, by } = await near.untilEnd();
    deepStrictEqual([code, by], [1009, 'peer']);
  }),

  check("13. A message above the limit ends it with 1009, `by: 'limit'` (in parts)", async (link, pair) => {
    const { near, far } = link.open();
    const half = new Uint8Array(Math.ceil(pair.farMaxMessageBytes / 2)).fill(0x62);
    sendFragments(near, [half, half, new Uint8Array(1)]);
    await far.expectEnd({ code: 1009, reason: '', clean: false, by: 'limit' });
    far.expectMessages([]);
    const { code, by } = await near.untilEnd();
    deepStrictEqual([code, by], [1009, 'peer']);
  }),
];
