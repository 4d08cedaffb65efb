import { settle, virtualClock } from 'corosock/testing';
import type { VirtualClock } from 'corosock/testing';
import { describe, expect, it } from 'vitest';
import type { RetainedAnswer } from '../../src/hub/retained-body.ts';
import { RetainedQuestion } from '../../src/hub/retained-question.ts';

/** An answer with content, or without. */
function answerOf(content: 'some' | 'none', more: Partial<RetainedAnswer> = {}): RetainedAnswer {
  const entry = { data: 'x', version: { time: 1, node: 'a' } };
  const kept = new Map(content === 'some' ? [['key', entry]] : []);
  return { room: 'room', kept, hasMore: false, mayBeOld: false, ...more };
}

/** Asks, and notes when the wait has ended. */
function asked(nodes: ReadonlySet<string> | 'any' = new Set(['a', 'b'])): {
  readonly question: RetainedQuestion;
  readonly clock: VirtualClock;
  readonly ends: string[];
} {
  const clock = virtualClock();
  const question = new RetainedQuestion(clock);
  const ends: string[] = [];
  void question.ask(nodes).then(() => ends.push('end'));
  return { question, clock, ends };
}

describe('RetainedQuestion', () => {
  it('ends with the first answer that has content', async () => {
    const { question, clock, ends } = asked();
    question.answer('a', answerOf('none'));
    await settle();
    expect(ends).toEqual([]);
    question.answer('b', answerOf('some'));
    question.answer('a', answerOf('some'));
    await settle();
    expect([ends, question.isOver, clock.timers]).toEqual([['end'], true, 0]);
  });

  it('ends when all have answered that they retain nothing', async () => {
    const { question, ends } = asked();
    question.answer('a', answerOf('none'));
    question.answer('b', answerOf('none'));
    await settle();
    expect(ends).toEqual(['end']);
  });

  it('ends after half a second', async () => {
    const { question, clock, ends } = asked('any');
    question.answer('a', answerOf('none'));
    await clock.advance(499);
    expect(ends).toEqual([]);
    await clock.advance(1);
    expect(ends).toEqual(['end']);
  });

  it('waits for the last part of an answer', async () => {
    const { question, ends } = asked();
    question.answer('a', answerOf('some', { hasMore: true }));
    await settle();
    expect(ends).toEqual([]);
    question.answer('a', answerOf('none'));
    await settle();
    expect(ends).toEqual(['end']);
  });

  it('waits for a better answer than one that may be old, until all have answered', async () => {
    const { question, ends } = asked();
    question.answer('a', answerOf('some', { mayBeOld: true }));
    await settle();
    expect(ends).toEqual([]);
    question.answer('b', answerOf('none'));
    await settle();
    expect(ends).toEqual(['end']);
  });

  it('is over where it is never asked', () => {
    const question = new RetainedQuestion(virtualClock());
    expect(question.isOver).toBe(false);
    question.end();
    question.end();
    expect(question.isOver).toBe(true);
  });
});
