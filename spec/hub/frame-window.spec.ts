// How many bytes of parts are under way at a time.

import { describe, expect, it } from 'vitest';
import { settle } from 'corosock/testing';
import { FrameWindow, WINDOW_BYTES } from '../../src/hub/frame-window.ts';
import type { WaitingFrame } from '../../src/hub/frame-window.ts';

describe('FrameWindow', () => {
  it('sends in order, and no more than 4 MiB before the broker has answered', async () => {
    const window = new FrameWindow();
    const sent: number[] = [];
    const answers: Array<() => void> = [];
    const frame = (number: number, bytes: number) => ({
      bytes,
      async send() {
        sent.push(number);
        await new Promise<void>((resolve) => void answers.push(resolve));
      },
    });
    for (const number of [1, 2, 3]) window.push([frame(number, WINDOW_BYTES / 2)]);
    window.push([frame(4, 0)]);
    expect(sent).toEqual([1, 2]);
    answers[0]?.();
    await settle();
    expect(sent).toEqual([1, 2, 3]);
    answers[1]?.();
    await settle();
    expect(sent).toEqual([1, 2, 3, 4]);
  });

  it('asks for a part when it is sent, and an iterator may push further ones', async () => {
    const window = new FrameWindow();
    const sent: string[] = [];
    const part = (name: string) => ({ bytes: 1, send: () => Promise.resolve(sent.push(name)) });
    function* making(): IterableIterator<WaitingFrame> {
      window.push([part('pushed')]);
      yield part('first');
      yield part('second');
    }
    window.push([{ bytes: WINDOW_BYTES, send: () => Promise.resolve(sent.push('full')) }]);
    window.push(making());
    expect([sent, window.isOpen]).toEqual([['full'], false]);
    await settle();
    expect([sent.toSorted(), window.isOpen]).toEqual([['first', 'full', 'pushed', 'second'], true]);
  });
});
