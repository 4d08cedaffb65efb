// What a peer may send that no handler expects, as cuts of torture.ts: at each wait for a message
// it comes in front of the next one.

import { ANY_BUT_FAILED } from './cuts.ts';
import type { Cut, CutPlace } from './cuts.ts';
import type { WaitKind } from './seen-waits.ts';
import { peerCloseCode } from '../../../core/errors.ts';
import { propertyOf } from '../../../core/object-like.ts';

const MESSAGE_WAITS: readonly WaitKind[] = ['read', 'select', 'message'];
/** A flood is so many queues. */
const FLOOD_QUEUES = 4;
/** Each message of a flood costs steps. */
const MOST_FLOOD_MESSAGES = 1000;
/** What a handler of text is not ready for: also no UTF-8. */
const NO_TEXT: Uint8Array = new Uint8Array([0, 0xff, 0xc3]);

/** The hostile inputs. */
export const HOSTILE_CUTS: readonly Cut[] = [
  inFront('empty message', ({ client }) => void client.write('')),
  inFront('huge message', ({ client, limits }) => void client.write('x'.repeat(limits.maxMessageBytes))),
  inFront(
    'message above the limit',
    ({ client, limits }) => void client.write('x'.repeat(limits.maxMessageBytes + 1)),
  ),
  inFront('half a surrogate pair', ({ client }) => void client.write('\ud83d')),
  inFront('binary for text', ({ client }) => void client.write(NO_TEXT)),
  inFront('flood', ({ client, limits }) => {
    const most = Math.min(FLOOD_QUEUES * limits.queueMessages, MOST_FLOOD_MESSAGES);
    for (let sent = 0; sent < most; sent += 1) void client.write('x');
  }),
  {
    name: 'closed right after open',
    conditions: 'asGiven',
    at: 'open',
    make: ({ client }) => void client.close(),
    rightCodes: ANY_BUT_FAILED,
  },
];

function inFront(name: string, make: (place: CutPlace) => void): Cut {
  return {
    name,
    conditions: 'asGiven',
    at: MESSAGE_WAITS,
    make,
    rightCodes: ANY_BUT_FAILED,
    explains: isPeersFault,
  };
}

/** Whether an error says that the message was bad, or that a limit was broken. */
function isPeersFault(error: unknown): boolean {
  const code = propertyOf(error, 'code');
  return code === 'COROSOCK_LIMIT' || code === 'COROSOCK_UNREAD' || peerCloseCode(error) !== undefined;
}
