// How a check of the transport contract runs, and what most checks do with a link.

import { describe, expect, it } from 'vitest';
import { RecordedLink } from '../../../src/testing/contracts/recorded-link.ts';
import {
  linkCheck,
  fill,
  numbered,
  sendAll,
  sendFragments,
} from '../../../src/testing/contracts/link-check.ts';
import { soundPair } from './broken-transports.ts';

describe('linkCheck', () => {
  it('runs its body over a new pair, and disposes of the pair', async () => {
    const order: string[] = [];
    const makePair = () => {
      order.push('made');
      return { ...soundPair(), [Symbol.asyncDispose]: async () => void order.push('disposed of') };
    };
    const { name, run } = linkCheck('1. something', async (link) => {
      order.push(link instanceof RecordedLink ? 'ran' : 'got no link');
    });
    await run(makePair);
    await run(makePair);
    expect(name).toBe('1. something');
    expect(order).toEqual(['made', 'ran', 'disposed of', 'made', 'ran', 'disposed of']);
  });

  it('rejects with the error of its body, and disposes of the pair then, too', async () => {
    let isDisposedOf = false;
    const makePair = async () => ({
      ...soundPair(),
      [Symbol.asyncDispose]: async () => {
        isDisposedOf = true;
      },
    });
    const { run } = linkCheck('1. something', () => Promise.reject(new Error('broken')));
    await expect(run(makePair)).rejects.toThrow('broken');
    expect(isDisposedOf).toBe(true);
  });
});

describe('numbered', () => {
  it('makes different messages', () => {
    expect(numbered(3)).toEqual(['message 0', 'message 1', 'message 2']);
  });
});

describe('sendAll', () => {
  it('fails when the link does not accept a message', () => {
    const { near } = new RecordedLink(soundPair()).open();
    near.close(1000);
    expect(() => sendAll(near, numbered(1))).toThrow('send returned false');
  });
});

describe('sendFragments', () => {
  it('fails when the link does not accept a fragment', () => {
    const { near } = new RecordedLink(soundPair()).open();
    near.close(1000);
    expect(() => sendFragments(near, numbered(1))).toThrow('sendFragment returned false');
  });
});

describe('fill', () => {
  it('sends until something stays unflushed', async () => {
    const { near, far } = new RecordedLink(soundPair()).open();
    far.pause();
    expect([await fill(near), near.bufferedBytes > 0]).toEqual([1, true]);
  });
});
