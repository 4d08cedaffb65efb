// Random operations on handler, client and link under a clock that stands still: 5,000 seeds with
// 200 operations each, and the laws that hold after all of them.

import { describe, expect, it } from 'vitest';
import { RandomConversation } from './random-conversation.ts';
import type { RandomSide, Write } from './random-side.ts';
import { underSeeds } from './seeded.ts';

const SEEDS = 5000;
const OPERATIONS = 200;

/**
 * Puts together what a side has read, and finds each message among those that the other side wrote.
 *
 * @returns The places of the messages among the writes, and whether a message was left in the
 *   middle.
 * @throws Error for a piece that is not the next of a message that was written after the last.
 */
function received(side: RandomSide, writes: readonly Write[]): readonly number[] {
  const places: number[] = [];
  let open = '';
  for (const { text } of side.reads) {
    open += text;
    if (open === '') continue;
    const place = writes.findIndex((write, index) => index > (places.at(-1) ?? -1) && write.text === open);
    if (place >= 0) {
      places.push(place);
      open = '';
      continue;
    }
    const isPart = writes.some(
      (write, index) => index > (places.at(-1) ?? -1) && write.text.startsWith(open),
    );
    if (!isPart) throw new Error(`read ${JSON.stringify(open)}, which nobody wrote after ${places.at(-1)}`);
  }
  if (open !== '' && !side.discards) throw new Error(`${JSON.stringify(open)} was never read to its end`);
  return places;
}

/** Conservation and order: what was read is what was written, without a gap. */
function expectDelivery(reader: RandomSide, { writes }: RandomSide): void {
  const places = new Set(received(reader, writes));
  const last = Math.max(-1, ...places);
  for (const [place, { status, text }] of writes.entries()) {
    if (places.has(place))
      expect(['ok', 'closed'], `the status of ${text}, which was read`).toContain(status);
    else if (place < last) expect(status, `the status of ${text}, which was lost`).not.toBe('ok');
  }
}

/** After a close of the peer nothing that it wrote is missing: each message was read or is unread. */
function expectNothingMissing(reader: RandomSide, { writes }: RandomSide): void {
  const { end } = reader;
  if (end?.by !== 'peer' || !end.clean) return;
  const read = received(reader, writes).length;
  const accepted = writes.filter(({ status }) => status === 'ok').length;
  expect(read + end.unread).toBeGreaterThanOrEqual(accepted);
}

/** Single settlement: each call has settled, and what follows `closed` is `closed`. */
function expectSettled(side: RandomSide): void {
  expect(side.end).toBeDefined();
  expect(side.writes.map(({ status }) => status)).not.toContain('pending');
  expect(side.settled).toHaveLength(side.reads.length);
  const firstClosed = side.settled.indexOf('closed');
  if (firstClosed >= 0) expect(side.settled.slice(firstClosed)).not.toContain('ok');
}

function expectLaws(play: RandomConversation): void {
  const { server, client } = play;
  expectSettled(server);
  expectSettled(client);
  expectDelivery(server, client);
  expectDelivery(client, server);
  expectNothingMissing(server, client);
  expectNothingMissing(client, server);
  expect({
    pending: play.pending,
    posts: play.posts,
    excess: play.excess,
    sockets: play.sockets,
    timers: play.clock.timers,
  }).toEqual({ pending: 0, posts: 1, excess: 0, sockets: 0, timers: 0 });
}

describe('5,000 random conversations of 200 operations', () => {
  it(
    'lose, split, join and reorder nothing, settle each call once, stay within their limits, and leave no timer',
    { timeout: 300_000 },
    async () => {
      const seeds = await underSeeds('spec/fuzz/conversations.spec.ts', SEEDS, async (random) => {
        const play = new RandomConversation(random);
        for (let operation = 0; operation < OPERATIONS; operation += 1) await play.step();
        await play.finish();
        expectLaws(play);
      });
      expect(seeds).toBeGreaterThanOrEqual(1);
    },
  );
});
