import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { Answers, flood, paced } from '../../bench/timed-traffic.ts';
import { FakeSocket, fakeLine } from './fake-line.ts';

describe('Answers', () => {
  beforeEach(() => void vi.useFakeTimers({ toFake: ['performance'] }));
  afterEach(() => void vi.useRealTimers());

  function asking(): readonly [Answers, FakeSocket] {
    const socket = new FakeSocket();
    return [new Answers(socket as never, 1, fakeLine(socket)), socket];
  }

  it('count from when a message was due, not from when it was sent', () => {
    const [answers, socket] = asking();
    vi.advanceTimersByTime(100);
    answers.ask(30);
    vi.advanceTimersByTime(5);
    socket.answer();
    expect(answers.end()).toEqual([75_000]);
  });

  it('belong to the messages in their order', () => {
    const [answers, socket] = asking();
    answers.ask(0);
    vi.advanceTimersByTime(1);
    answers.ask(1);
    vi.advanceTimersByTime(1);
    socket.answer(2);
    expect(answers.end()).toEqual([2000, 1000]);
  });

  it('are all there once nothing is open', async () => {
    const [answers, socket] = asking();
    answers.ask(0);
    const all = answers.all();
    socket.answer();
    await expect(all).resolves.toBeUndefined();
    await expect(answers.all()).resolves.toBeUndefined();
  });

  it('are not more than the messages', () => {
    const [, socket] = asking();
    expect(() => socket.answer()).toThrow('an answer to nothing');
  });
});

describe('paced', () => {
  it('sends what was asked for, on all sockets in turn', async () => {
    const sockets = [new FakeSocket(), new FakeSocket(), new FakeSocket()];
    for (const socket of sockets) socket.onWrite = () => socket.answer();
    const took = await paced(fakeLine(...sockets), { perSecond: 1000, bytes: 1, forMs: 20 });
    expect(took).toHaveLength(20);
    expect(sockets.map(({ sent }) => sent)).toEqual([7, 7, 6]);
  });

  it('does not wait for an answer', async () => {
    const socket = new FakeSocket();
    socket.onWrite = () => {
      if (socket.sent === 20) socket.answer(20);
    };
    const took = await paced(fakeLine(socket), { perSecond: 1000, bytes: 1, forMs: 20 });
    // All of them came with the last one, which was due 19 ms after the first.
    expect(took[0]).toBeGreaterThanOrEqual(19_000);
    expect((took[0] as number) - (took[19] as number)).toBeCloseTo(19_000);
  });
});

describe('a flood', () => {
  it('is sent at once, each socket its part', async () => {
    const sockets = [new FakeSocket(), new FakeSocket()];
    const flooding = flood(fakeLine(...sockets), { messages: 100 });
    expect(sockets.map(({ sent }) => sent)).toEqual([50, 50]);
    for (const socket of sockets) socket.answer(50);
    await expect(flooding).resolves.toBe(100);
  });

  it('is over when the last answer is there', async () => {
    const socket = new FakeSocket();
    const isOver = vi.fn<(count: number) => void>();
    const flooding = flood(fakeLine(socket), { messages: 3 }).then(isOver);
    socket.answer(2);
    await Promise.resolve();
    expect(isOver).not.toHaveBeenCalled();
    socket.answer();
    await flooding;
    expect(isOver).toHaveBeenCalledWith(3);
  });
});
