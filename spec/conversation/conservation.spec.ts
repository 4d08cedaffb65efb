// The promise on which everything rests: a read that is not `ok` takes nothing. No message is lost,
// split, joined or reordered by a time-out, an abort, a close, a yield or a late reader. Laws over
// random plays (docs/internals/decisions/testing.md).

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { perform, play } from './random-reading.ts';
import type { Play, Read, Seen } from './random-reading.ts';
import { toBytes } from '../../src/core/data.ts';
import type { Data } from '../../src/core/data.ts';

const RUNS = 600;

async function expectLaw(holds: (seen: Seen, given: Play) => void): Promise<void> {
  await fc.assert(
    fc.asyncProperty(play, async (given) => holds(await perform(given), given)),
    { numRuns: RUNS },
  );
}

type ReadPiece = Read & { readonly data: Data };

/** Reads that took something. */
function piecesOf({ reads }: Seen): readonly ReadPiece[] {
  return reads.flatMap((read) => (read.result[1] === 'ok' ? [{ ...read, data: read.result[0] }] : []));
}

/**
 * Puts the pieces together by the sizes of what was received. A piece that joins two
 * messages, or is out of place, makes the outcome differ.
 */
function reassembled(seen: Seen): {
  readonly messages: readonly string[];
  readonly finished: readonly boolean[];
} {
  const messages: string[] = [];
  const finished: boolean[] = [];
  let open: Buffer[] | undefined;
  for (const { data } of piecesOf(seen)) {
    open ??= [];
    open.push(Buffer.from(toBytes(data)));
    const bytes = Buffer.concat(open);
    const expected = seen.kept[messages.length];
    const isWhole = expected === undefined || bytes.byteLength >= toBytes(expected).byteLength;
    finished.push(isWhole);
    if (!isWhole) continue;
    messages.push(bytes.toString('hex'));
    open = undefined;
  }
  if (open !== undefined) messages.push(`unfinished ${Buffer.concat(open).toString('hex')}`);
  return { messages, finished };
}

describe('under random arrivals, reads, time-outs, aborts, toggles and ends', { timeout: 60_000 }, () => {
  it('delivered ++ still queued ++ reported unread = received, in order', async () => {
    await expectLaw((seen) => {
      const received = seen.kept.map((data) => Buffer.from(toBytes(data)).toString('hex'));
      expect(reassembled(seen).messages).toEqual(received);
      expect(seen.unread).toEqual([seen.queuedAtEnd + seen.dropped, seen.dropped]);
    });
  });

  it('atEnd is true where the last piece was the last of its message, and before the first', async () => {
    await expectLaw((seen) => {
      const { finished } = reassembled(seen);
      for (const { atEnd, pieces } of seen.moments) {
        expect(atEnd).toBe(pieces === 0 || finished[pieces - 1]);
      }
    });
  });

  it('no piece is longer than len, half a pair, or empty for nothing', async () => {
    await expectLaw((seen) => {
      const { finished } = reassembled(seen);
      let message = 0;
      for (const [index, { data, len }] of piecesOf(seen).entries()) {
        const isPair = typeof data === 'string' && data.length === 2 && (data.codePointAt(0) ?? 0) > 0xff_ff;
        expect(data.length <= len || (len === 1 && isPair)).toBe(true);
        expect(data.length > 0 || seen.kept[message]?.length === 0).toBe(true);
        if (typeof data === 'string') expect(data.isWellFormed() && !data.includes('\ufffd')).toBe(true);
        if (finished[index] === true) message += 1;
      }
    });
  });

  it('text stays text and binary stays binary, unless binaryData is set', async () => {
    await expectLaw((seen) => {
      const { finished } = reassembled(seen);
      let message = 0;
      for (const [index, { data }] of piecesOf(seen).entries()) {
        const came = typeof seen.kept[message];
        if (!seen.toggled || came === 'object') expect(typeof data).toBe(came);
        if (finished[index] === true) message += 1;
      }
    });
  });

  it('every read settles, closed comes after all else, and timeout only to a read with a time-out', async () => {
    await expectLaw(({ reads }) => {
      const statuses = reads.map(({ result }) => result[1]);
      expect(statuses).not.toContain('pending');
      const firstClosed = statuses.indexOf('closed');
      if (firstClosed >= 0) expect(statuses.slice(firstClosed)).not.toContain('ok');
      for (const { result, timeoutMs } of reads) {
        if (result[1] === 'timeout') expect(timeoutMs).toBeLessThan(Infinity);
      }
    });
  });

  it('the link is paused exactly while the queue is full', async () => {
    await expectLaw(({ moments }, { queueMessages, queueBytes, overflow }) => {
      for (const { isPaused, isClosing, messages, bytes } of moments) {
        if (isClosing) continue;
        const isFull = messages >= queueMessages || bytes >= queueBytes;
        // Text may take twice its bytes in memory, and counts with that.
        const isAboveHalf = messages * 2 > queueMessages || bytes * 4 > queueBytes;
        if (overflow === 'pause' && isFull) expect(isPaused).toBe(true);
        if (overflow === 'close' || !isAboveHalf) expect(isPaused).toBe(false);
      }
    });
  });
});
