// Two streams joined in memory: the order of bytes is kept, chunks are not, a reader that does not
// read holds the writer back, and a reset is an error at both ends.

import { once } from 'node:events';
import { describe, expect, it } from 'vitest';
import { settle } from 'corosock/testing';
import { byteLink } from '../../../../src/testing/simulation/links/byte-link.ts';
import type { ByteLinkOptions, ByteStream } from '../../../../src/testing/simulation/links/byte-link.ts';

const WINDOW = 65_536;

/** Gives the chunks that an end reads from now on. */
function chunksOf(end: ByteStream): string[] {
  const chunks: string[] = [];
  end.on('data', (chunk: Buffer) => chunks.push(String(chunk)));
  return chunks;
}

/** Answers each question with the next number, and then with 0. */
function answers(...numbers: readonly number[]): ByteLinkOptions {
  const left = [...numbers];
  return { cutBy: { below: () => left.shift() ?? 0 } };
}

async function whatArrives(
  options: ByteLinkOptions,
  ...writes: readonly string[]
): Promise<readonly string[]> {
  const [near, far] = byteLink(options);
  const chunks = chunksOf(far);
  for (const text of writes) near.write(text);
  await settle();
  return chunks;
}

describe('A byte link', () => {
  it('keeps chunks as they were written, without cuts', async () => {
    expect(await whatArrives({}, 'one', 'two')).toEqual(['one', 'two']);
  });

  it('cuts a chunk where the choice says, each place once', async () => {
    expect(await whatArrives(answers(3, 1, 1, 3), 'abcdef')).toEqual(['ab', 'cd', 'ef']);
  });

  it('cuts no chunk of one byte', async () => {
    expect(await whatArrives(answers(3, 1, 1, 3), 'a')).toEqual(['a']);
  });

  it('merges a piece with the next one', async () => {
    expect(await whatArrives(answers(2, 1, 3, 1, 0), 'abcdef')).toEqual(['abcd', 'ef']);
  });

  it('never holds the last piece', async () => {
    expect(await whatArrives({ cutBy: { below: (limit) => limit - 1 } }, 'abc')).toEqual(['abc']);
  });

  it('gives all bytes before the end', async () => {
    const [near, far] = byteLink({ cutBy: { below: (limit) => limit - 1 } });
    const chunks = chunksOf(far);
    near.end('last');
    await once(far, 'end');
    expect(chunks.join('')).toBe('last');
  });

  it('brings a chunk when its wire says so', async () => {
    const arrivals: (() => void)[] = [];
    const [near, far] = byteLink({ wires: [undefined, (arrive) => void arrivals.push(arrive)] });
    const chunks = chunksOf(far);
    near.write('late');
    await settle();
    const before = [...chunks];
    for (const arrive of arrivals) arrive();
    await settle();
    expect([before, chunks]).toEqual([[], ['late']]);
  });

  it('holds a writer back whose bytes are not read, and counts what it took', async () => {
    const [near, far] = byteLink();
    const isDone: boolean[] = [];
    near.write(Buffer.alloc(WINDOW), () => isDone.push(true));
    near.write(Buffer.alloc(10), () => isDone.push(true));
    await settle();
    const held = [isDone.length, near.bytesWritten - near.writableLength];
    far.resume();
    await settle();
    expect([held, isDone.length, near.bytesWritten, far.bytesRead]).toEqual([
      [1, WINDOW],
      2,
      WINDOW + 10,
      WINDOW + 10,
    ]);
  });

  it('fails the write that waits when its end is destroyed', async () => {
    const [near] = byteLink();
    near.on('error', () => {});
    const failed = new Promise((resolve) => void near.write(Buffer.alloc(2 * WINDOW), resolve));
    near.destroy();
    await expect(failed).resolves.toMatchObject({ code: 'ECANCELED' });
  });

  it('ends the other end when one is destroyed', async () => {
    const [near, far] = byteLink();
    const chunks = chunksOf(far);
    near.write('last words');
    near.destroy();
    await once(far, 'end');
    expect(chunks).toEqual(['last words']);
  });

  it('resets an end that writes to one that was destroyed', async () => {
    const [near, far] = byteLink();
    far.destroy();
    near.write('lost');
    await expect(once(near, 'close')).rejects.toMatchObject({ code: 'ECONNRESET' });
  });

  it('brings that reset when its wire says so', async () => {
    const arrivals: (() => void)[] = [];
    const [near, far] = byteLink({ wires: [(arrive) => void arrivals.push(arrive), undefined] });
    far.destroy();
    near.write('lost');
    await settle();
    const before = near.destroyed;
    const failed = once(near, 'close');
    for (const arrive of arrivals) arrive();
    await expect(failed).rejects.toMatchObject({ code: 'ECONNRESET' });
    expect(before).toBe(false);
  });

  it('resets both ends at once, and loses what is under way', async () => {
    const [near, far] = byteLink();
    const chunks = chunksOf(far);
    const errors: unknown[] = [];
    for (const end of [near, far]) end.on('error', (error) => errors.push(Reflect.get(error, 'code')));
    near.write('lost');
    far.reset();
    await settle();
    expect([chunks, errors]).toEqual([[], ['ECONNRESET', 'ECONNRESET']]);
  });
});
