// What the two files behind `#platform` share: the same names and results. node.spec.ts and
// browser.spec.ts run it.

import { expect, it } from 'vitest';
import { recordCrashes } from '../fixtures/process-events.ts';
import * as browser from '../../src/platform/browser.ts';
import * as node from '../../src/platform/node.ts';

export function platformContract(platform: typeof node | typeof browser): void {
  it('has the same names as the other file', () => {
    expect(Object.keys(platform)).toEqual(Object.keys(node));
    expect(Object.keys(platform)).toEqual(Object.keys(browser));
  });

  it.each(['', 'abc', 'aü€😀', '\0', 'a\ud800b', '\udc00\ud800', 'x'.repeat(70_000)])(
    'counts and encodes text in UTF-8, a lone surrogate as U+FFFD: %#',
    (text) => {
      const bytes = new TextEncoder().encode(text);
      expect(Buffer.compare(platform.encodeText(text), bytes)).toBe(0);
      expect(platform.textBytes(text)).toBe(bytes.length);
    },
  );

  it.each([
    ['bytes', new Uint8Array(65_536).fill(7).subarray(10, 14)],
    ['a Buffer', Buffer.alloc(65_536, 7).subarray(10, 14)],
  ])('copies %s into memory of their own', (_, view) => {
    const copy = platform.copyBytes(view);
    view[0] = 0;
    expect([[...copy], copy.buffer.byteLength]).toEqual([[7, 7, 7, 7], 4]);
  });

  it('runs microtasks behind what is queued, in the order of the calls', async () => {
    const order: string[] = [];
    void Promise.resolve().then(() => order.push('queued before'));
    platform.inMicrotask(() => order.push('first'));
    platform.inMicrotask(() => order.push('second'));
    order.push('call');
    await Promise.resolve();
    expect(order).toEqual(['call', 'queued before', 'first', 'second']);
  });

  it('runs each in a turn of its own, in the order of the calls', async () => {
    const order: string[] = [];
    await new Promise<void>((resolve) => {
      for (const name of ['first', 'second']) {
        platform.nextTurn(() => {
          order.push(name);
          void Promise.resolve().then(() => order.push(`after the ${name}`));
        });
      }
      platform.nextTurn(resolve);
      order.push('call');
    });
    expect(order).toEqual(['call', 'first', 'after the first', 'second', 'after the second']);
  });

  it('runs the others when one of them throws', async () => {
    using crashes = recordCrashes();
    await new Promise<void>((resolve) => {
      platform.nextTurn(() => {
        throw new Error('mine');
      });
      platform.nextTurn(resolve);
    });
    expect(crashes.errors).toEqual([new Error('mine')]);
  });

  it('gives turns again after a time in which no function waited', async () => {
    const next = (): Promise<void> => new Promise((resolve) => void platform.nextTurn(resolve));
    await next();
    await new Promise((resolve) => setImmediate(resolve));
    await expect(next()).resolves.toBe(undefined);
  });

  it('runs a timer when it is due, and never a cleared one', async () => {
    const order: string[] = [];
    clearTimeout(platform.startTimer(() => order.push('cleared'), 0) as NodeJS.Timeout);
    await new Promise<void>((resolve) => {
      platform.startTimer(() => {
        order.push('kept');
        resolve();
      }, 0);
    });
    expect(order).toEqual(['kept']);
  });
}
