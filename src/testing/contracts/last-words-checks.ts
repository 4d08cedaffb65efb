// The promise of the Transport port about the last words of an end whose peer has closed, as
// checks. A transport that answers a close frame by itself keeps it, too. `transport-contract.ts`
// joins them to the other checks.

import { deepStrictEqual } from 'node:assert/strict';
import type { Check } from './check.ts';
import { linkCheck, numbered, sendAll } from './link-check.ts';
import type { TransportPair } from './link-check.ts';

/** Promise 19. */
export const lastWordsChecks: ReadonlyArray<Check<TransportPair>> = [
  linkCheck(
    "19. `peerClosed` is called once the peer's close frame has come, behind all messages that came before it, unless this end has begun to close",
    async (link) => {
      const { near, far } = link.open();
      const asked: string[] = [];
      for (const [name, end] of Object.entries({ near, far })) {
        end.onPeerClosed = () => {
          asked.push(`${name}, ${end.messages.length} messages`);
          end.close(1000);
        };
      }
      sendAll(near, numbered(3));
      near.close(4001);
      await far.untilEnd();
      await near.untilEnd();
      // A transport that answers by itself does not ask.
      deepStrictEqual(asked, asked.length === 0 ? [] : ['far, 3 messages']);
    },
  ),

  linkCheck(
    '19. `send` is accepted until `close`, which answers with the code and the reason of the peer',
    async (link) => {
      const { near, far } = link.open();
      const answers: boolean[] = [];
      far.onPeerClosed = () => {
        answers.push(far.send('last words'));
        far.close(1011, 'ours');
        answers.push(far.send('too late'));
      };
      near.close(4001, 'bye');
      await far.expectEnd({ code: 4001, reason: 'bye', clean: true, by: 'peer' });
      await near.expectEnd({ code: 4001, reason: 'bye', clean: true, by: 'local' });
      // A transport that answers by itself does not ask.
      const isAsked = answers.length > 0;
      deepStrictEqual(answers, isAsked ? [true, false] : []);
      near.expectMessages(isAsked ? ['last words'] : []);
    },
  ),

  linkCheck(
    '19. Before it `terminate` may end it: the end is that of the peer, and not clean',
    async (link) => {
      const { near, far } = link.open();
      let isAsked = false;
      far.onPeerClosed = () => {
        isAsked = true;
        far.terminate();
      };
      near.close(4001, 'bye');
      await far.untilEnd();
      await far.expectEnd({ code: 4001, reason: 'bye', clean: !isAsked, by: 'peer' });
    },
  ),
];
