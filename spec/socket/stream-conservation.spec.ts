// The promise of iterators and streams: each message that comes before the end is given before it,
// in order and once. Checked over random plays of arrivals, pauses and ends.

import { Readable } from 'node:stream';
import fc from 'fast-check';
import { expect, it } from 'vitest';
import type { Data, Socket } from 'corosock';
import { CLOSED_BY_PEER, scripted } from '../conversation/scripted-transport.ts';
import { turn } from '../time/hand-clock.ts';

const RUNS = 1_000;

interface Play {
  readonly steps: ReadonlyArray<'arrive' | 'microtask' | 'turn'>;
  readonly isClean: boolean;
  /** Whether the reader lets a turn pass after each message. */
  readonly pauses: boolean;
}

const plays = (isClean: fc.Arbitrary<boolean>): fc.Arbitrary<Play> =>
  fc.record({
    steps: fc.array(fc.constantFrom('arrive', 'arrive', 'microtask', 'microtask', 'turn'), { maxLength: 10 }),
    isClean,
    pauses: fc.boolean(),
  });

type Way = readonly [what: string, open: (ws: Socket) => AsyncIterable<Data>, plays: fc.Arbitrary<Play>];

const WAYS: readonly Way[] = [
  ['a socket', (ws) => ws, plays(fc.boolean())],
  ['its readable', (ws) => ws.readable, plays(fc.boolean())],
  // Only at a clean end: a Node stream that errors drops messages that it has read ahead.
  [
    'a stream of Node over it, at a clean end',
    (ws) => Readable.fromWeb(ws.readable, { objectMode: true }),
    plays(fc.constant(true)),
  ],
];

/** Reads to the end. @returns The messages, then `clean` or the name of the error. */
async function readAll(messages: AsyncIterable<Data>, pauses: boolean): Promise<readonly Data[]> {
  const all: Data[] = [];
  try {
    for await (const message of messages) {
      all.push(message);
      if (pauses) await turn();
    }
  } catch (error) {
    return [...all, (error as Error).name];
  }
  return [...all, 'clean'];
}

async function perform({ steps, isClean, pauses }: Play, open: Way[1]): Promise<void> {
  const { link, ws } = scripted();
  const reading = readAll(open(ws), pauses);
  const sent: string[] = [];
  for (const [at, step] of steps.entries()) {
    if (step === 'turn') await turn();
    if (step === 'microtask') await Promise.resolve();
    if (step !== 'arrive') continue;
    sent.push(String(at));
    link.arrive(String(at));
  }
  link.end(isClean ? CLOSED_BY_PEER : undefined);
  expect(await reading).toEqual([...sent, isClean ? 'clean' : 'ConnectionLostError']);
}

it.each(WAYS)(
  'gives all messages in order, and then the end: %s',
  { timeout: 60_000 },
  async (_, open, play) => {
    await fc.assert(
      fc.asyncProperty(play, async (given) => perform(given, open)),
      { numRuns: RUNS },
    );
  },
);
