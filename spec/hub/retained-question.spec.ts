import { settle, virtualClock } from 'corosock/testing';
import type { VirtualClock } from 'corosock/testing';
import { describe, expect, it } from 'vitest';
import type { RetainedAnswer } from '../../src/hub/room-body.ts';
import { MAX_RETAINED_BYTES } from '../../src/rooms/retained-messages.ts';
import { RetainedQuestion } from '../../src/hub/retained-question.ts';

function answerOf(
  kept: Readonly<Record<string, string>>,
  more: Partial<RetainedAnswer> = {},
): RetainedAnswer {
  return { room: 'room', kept: new Map(Object.entries(kept)), hasMore: false, mayBeOld: false, ...more };
}

/** Asks, and notes what comes of it. */
function asked(nodes: ReadonlySet<string> | 'any' = new Set(['a', 'b'])): {
  readonly question: RetainedQuestion;
  readonly clock: VirtualClock;
  readonly results: object[];
} {
  const clock = virtualClock();
  const question = new RetainedQuestion(clock, { bytes: 0 });
  const results: object[] = [];
  void question
    .ask(nodes)
    .then((kept) => results.push(Object.fromEntries([...kept].map(([key, data]) => [String(key), data]))));
  return { question, clock, results };
}

describe('RetainedQuestion', () => {
  it('ends with the first answer that has content', async () => {
    const { question, clock, results } = asked();
    question.answer('a', answerOf({}));
    await settle();
    expect(results).toEqual([]);
    question.answer('b', answerOf({ key: 'b' }));
    question.answer('a', answerOf({ key: 'a' }));
    question.touch('key');
    await settle();
    expect([results, question.isOver, clock.timers]).toEqual([[{ key: 'b' }], true, 0]);
  });

  it('ends when all have answered that they retain nothing', async () => {
    const { question, results } = asked();
    question.answer('a', answerOf({}));
    question.answer('b', answerOf({}));
    await settle();
    expect(results).toEqual([{}]);
  });

  it('ends after half a second', async () => {
    const { question, clock, results } = asked('any');
    question.answer('a', answerOf({}));
    await clock.advance(499);
    expect(results).toEqual([]);
    await clock.advance(1);
    expect(results).toEqual([{}]);
  });

  it('joins the parts of one node', async () => {
    const { question, results } = asked();
    question.answer('a', answerOf({ one: '1' }, { hasMore: true }));
    question.answer('b', answerOf({ one: '9' }, { hasMore: true }));
    question.answer('a', answerOf({ two: '2' }));
    await settle();
    expect(results).toEqual([{ one: '1', two: '2' }]);
  });

  it('takes what may be old only where there is nothing better', async () => {
    const first = asked();
    first.question.answer('a', answerOf({ key: 'old' }, { mayBeOld: true }));
    first.question.answer('b', answerOf({ key: 'new' }));
    const second = asked();
    second.question.answer('a', answerOf({ key: 'old' }, { mayBeOld: true }));
    await second.clock.advance(500);
    await settle();
    expect([first.results, second.results]).toEqual([[{ key: 'new' }], [{ key: 'old' }]]);
  });

  it('leaves out what was published meanwhile', async () => {
    const { question, results } = asked();
    question.touch('key');
    question.answer('a', answerOf({ key: 'older', other: 'kept' }));
    await settle();
    expect(results).toEqual([{ other: 'kept' }]);
  });

  it('is over where it is never asked', () => {
    const question = new RetainedQuestion(virtualClock(), { bytes: 0 });
    expect(question.isOver).toBe(false);
    question.end();
    question.end();
    expect(question.isOver).toBe(true);
  });

  it('takes as much as a host keeps, for all open questions of a node, and counts what is left', () => {
    const collected = { bytes: 0 };
    const [one, two] = [0, 1].map(() => new RetainedQuestion(virtualClock(), collected));
    const half = { key: 'x'.repeat(MAX_RETAINED_BYTES / 2) };
    expect([one?.answer('a', answerOf(half, { hasMore: true })), two?.answer('a', answerOf(half))]).toEqual([
      true,
      false,
    ]);
    one?.end();
    expect([collected.bytes, two?.answer('b', answerOf(half)), one?.answer('b', answerOf(half))]).toEqual([
      0,
      true,
      true,
    ]);
    expect([collected.bytes, two?.isOver]).toEqual([0, true]);
  });
});
