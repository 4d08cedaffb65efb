// The subscribers of a source: which are called, in which order, and until when.

import { describe, expect, it } from 'vitest';
import { Subscribers } from '../../src/waiting/subscribers.ts';

const READY = { isReady: true };

function recorded(): {
  readonly subscribers: Subscribers;
  readonly calls: string[];
  add(name: string): () => void;
} {
  const subscribers = new Subscribers();
  const calls: string[] = [];
  return { subscribers, calls, add: (name) => subscribers.add(() => calls.push(name)) };
}

describe('Subscribers', () => {
  it('are called in the order in which they were added', () => {
    const { subscribers, calls, add } = recorded();
    for (const name of ['a', 'b', 'c']) add(name);
    subscribers.wakeWhile(READY);
    expect(calls).toEqual(['a', 'b', 'c']);
  });

  it('are not called after they were removed, from any position', () => {
    const { subscribers, calls, add } = recorded();
    const removes = ['a', 'b', 'c', 'd'].map((name) => add(name));
    removes[1]?.();
    removes[0]?.();
    removes[3]?.();
    subscribers.wakeWhile(READY);
    removes[2]?.();
    subscribers.wakeWhile(READY);
    expect([calls, subscribers.isEmpty]).toEqual([['c'], true]);
  });

  it('keep the others when one is removed twice', () => {
    const { subscribers, calls, add } = recorded();
    const remove = add('a');
    remove();
    add('b');
    remove();
    subscribers.wakeWhile(READY);
    expect([calls, subscribers.isEmpty]).toEqual([['b'], false]);
  });

  it('are called only while the source is ready', () => {
    const { subscribers, calls, add } = recorded();
    const source = { isReady: true };
    add('a');
    subscribers.add(() => {
      source.isReady = false;
    });
    add('c');
    subscribers.wakeWhile(source);
    expect(calls).toEqual(['a']);
  });

  it('are all called, whatever a call returns', () => {
    const { subscribers, calls, add } = recorded();
    subscribers.add(() => false);
    add('b');
    subscribers.wakeWhile(READY);
    expect(calls).toEqual(['b']);
  });

  it('are passed over without a look once the source is not ready, however many they are', () => {
    const { subscribers, add } = recorded();
    let looks = 0;
    const source = {
      get isReady(): boolean {
        looks += 1;
        return looks === 1;
      },
    };
    for (let i = 0; i < 1000; i += 1) add('one of many');
    subscribers.wakeWhile(source);
    expect(looks).toBe(2);
  });

  it('may be removed while they are called, which changes nothing for the others', () => {
    const { subscribers, calls, add } = recorded();
    const removes: Array<() => void> = [];
    subscribers.add(() => removes.forEach((remove) => remove()));
    removes.push(add('b'), add('c'));
    add('d');
    subscribers.wakeWhile(READY);
    expect(calls).toEqual(['d']);
  });

  it('are not called when they are added during the calls', () => {
    const { subscribers, calls } = recorded();
    const comeBack = (): void => {
      calls.push('a');
      const remove = subscribers.add(comeBack);
      void remove;
    };
    subscribers.add(comeBack);
    subscribers.wakeWhile(READY);
    expect(calls).toEqual(['a']);
  });

  it('are called once for each time that they were added', () => {
    const { subscribers, calls } = recorded();
    const wake = (): void => void calls.push('a');
    subscribers.add(wake)();
    subscribers.add(wake);
    subscribers.add(wake);
    subscribers.wakeWhile(READY);
    expect(calls).toEqual(['a', 'a']);
  });
});
