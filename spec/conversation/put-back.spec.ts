// A message that was taken and not used: where the receive queue puts it.

import { describe, expect, it } from 'vitest';
import { regulatedQueue } from './regulated-queue.ts';

const END = { code: 1000, reason: '', clean: true, by: 'peer' } as const;

describe('putBack', () => {
  it('makes the message the next', () => {
    const { queue, put } = regulatedQueue({});
    put('one', 'two');
    queue.putBack(queue.take(Infinity));
    expect([queue.bytes, queue.take(Infinity), queue.take(Infinity), queue.messages]).toEqual([
      6,
      'one',
      'two',
      0,
    ]);
    queue.putBack('one');
    expect(queue.take(Infinity)).toBe('one');
  });

  it('puts it behind the rest of a message that was cut meanwhile', () => {
    const { queue, put } = regulatedQueue({});
    put('one', 'two');
    const one = queue.take(Infinity);
    expect(queue.take(1)).toBe('t');
    queue.putBack(one);
    expect([queue.take(Infinity), queue.take(Infinity)]).toEqual(['wo', 'one']);
  });

  it('counts it as unread once further messages are dropped, and after the end', () => {
    const { queue, put } = regulatedQueue({});
    put('one', 'two');
    const [one, two] = [queue.take(Infinity), queue.take(Infinity)];
    queue.discardFurther();
    queue.putBack(one);
    expect([queue.messages, queue.finish(END).unread]).toEqual([0, 1]);
    queue.putBack(two);
    expect([queue.end?.unread, queue.take(Infinity), queue.end?.unread]).toEqual([2, 'two', 1]);
  });
});
