// The promises of requests under any timing: each request settles exactly once, with its own
// reply, and neither end keeps a timer, a listener or a message.

import { getEventListeners } from 'node:events';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { RequestError, requests } from 'corosock';
import type { RequestHandler, Requests } from 'corosock';
import { fakeSocket, settle, virtualClock } from 'corosock/testing';
import type { VirtualClock } from 'corosock/testing';
import { turn } from '../time/hand-clock.ts';
import { failure, result, scriptedRpc } from './scripted-rpc.ts';

/** One request, and all that becomes of it. */
interface Asked {
  readonly signal: AbortSignal;
  readonly ends: unknown[];
}

/** What a peer does, or what happens. `id` may be of no request. */
type Step =
  | { readonly do: 'ask'; readonly timeoutMs: number }
  | { readonly do: 'reply' | 'fail' | 'break' | 'abort'; readonly id: number }
  | { readonly do: 'noise'; readonly text: string }
  | { readonly do: 'tick'; readonly ms: number }
  | { readonly do: 'turn' | 'drain' };

const id = fc.integer({ min: 0, max: 12 });
const NOISE = [
  '{',
  '[]',
  '1',
  '{"jsonrpc":"2.0","result":1,"id":"1"}',
  '[{"jsonrpc":"2.0","result":1,"id":null}]',
];
const step: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 4,
    arbitrary: fc.record({ do: fc.constant('ask' as const), timeoutMs: fc.constantFrom(0, 5, 10, Infinity) }),
  },
  {
    weight: 6,
    arbitrary: fc.record({
      do: fc.constantFrom('reply' as const, 'fail' as const, 'break' as const, 'abort' as const),
      id,
    }),
  },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('noise' as const), text: fc.constantFrom(...NOISE) }) },
  {
    weight: 2,
    arbitrary: fc.record({ do: fc.constant('tick' as const), ms: fc.integer({ min: 1, max: 6 }) }),
  },
  { weight: 3, arbitrary: fc.record({ do: fc.constantFrom('turn' as const, 'drain' as const) }) },
);

/** Plays the steps, ends the link, and gives what came of each request. */
async function play(
  steps: readonly Step[],
): Promise<{ readonly asked: readonly Asked[]; readonly timers: number }> {
  const { rpc, link, clock } = scriptedRpc({}, { writeBufferBytes: 200 });
  const asked: Asked[] = [];
  const aborts: AbortController[] = [];
  const ask = (timeoutMs: number): void => {
    const controller = new AbortController();
    const ends: unknown[] = [];
    asked.push({ signal: controller.signal, ends });
    aborts.push(controller);
    rpc.request('ask', [asked.length], { timeoutMs, signal: controller.signal }).then(
      ([value, status]) => ends.push(status === 'ok' ? value : status),
      (error: Error) => ends.push(error.message),
    );
  };
  for (const given of steps) {
    if (given.do === 'ask') ask(given.timeoutMs);
    else if (given.do === 'reply') link.arrive(JSON.stringify(result(given.id, `reply ${given.id}`)));
    else if (given.do === 'fail') link.arrive(JSON.stringify(failure(given.id, 1, `error ${given.id}`)));
    else if (given.do === 'break') link.arrive(JSON.stringify({ ...result(given.id, 1), jsonrpc: '1.0' }));
    else if (given.do === 'abort') aborts[given.id - 1]?.abort(new Error('aborted'));
    else if (given.do === 'noise') link.arrive(given.text);
    else if (given.do === 'tick') clock.tick(given.ms);
    else if (given.do === 'drain') link.take();
    else await turn();
  }
  link.end();
  await settle();
  await rpc.closed;
  return { asked, timers: clock.timers };
}

describe('requests', () => {
  it(
    'Q1, Q3: settle each request once, with a reply of its own or none, and leave nothing',
    { timeout: 60_000 },
    async () => {
      await fc.assert(
        fc.asyncProperty(fc.array(step, { maxLength: 40 }), async (steps) => {
          const { asked, timers } = await play(steps);
          const allowed = (at: number): readonly unknown[] => [
            `reply ${at + 1}`,
            `error ${at + 1}`,
            'The reply is none of JSON-RPC 2.0',
            'aborted',
            'timeout',
            'closed',
          ];
          for (const [at, { signal, ends }] of asked.entries()) {
            expect(ends).toHaveLength(1);
            expect(allowed(at)).toContain(ends[0]);
            expect(getEventListeners(signal, 'abort')).toEqual([]);
          }
          expect(timers).toBe(0);
        }),
        { numRuns: 300 },
      );
    },
  );
});

/** A question for a handler: how long it waits, what it asks back first, and how it ends. */
interface Question {
  readonly waitMs: number;
  readonly back: readonly Question[];
  readonly ends: 'returns' | 'throws';
}

const { question } = fc.letrec<{ question: Question }>((tie) => ({
  question: fc.record({
    waitMs: fc.integer({ min: 0, max: 5 }),
    back: fc.oneof(
      { depthSize: 'small', maxDepth: 3 },
      fc.constant([]),
      fc.array(tie('question'), { maxLength: 2 }),
    ),
    ends: fc.constantFrom('returns' as const, 'returns' as const, 'throws' as const),
  }),
}));

/** The number of questions in one, which its answer is. */
const sizeOf = ({ back }: Question): number => back.reduce((sum, inner) => sum + sizeOf(inner), 1);

/** Asks one question. @returns Its size, whether the handler returned it or threw it. */
async function ask(rpc: Requests, asked: Question): Promise<number> {
  try {
    const [size, status] = await rpc.request<number>('ask', asked, { timeoutMs: Infinity });
    return status === 'ok' ? size : NaN;
  } catch (error) {
    return (error as { readonly code: number }).code;
  }
}

/** Both ends of one socket, whose handlers ask back. */
function bothEnds(clock: VirtualClock, maxRunning: number): readonly [Requests, Requests] {
  const { ws, client } = fakeSocket({ clock });
  const answering = (self: () => Requests): Record<string, RequestHandler> => ({
    ask: async ({ waitMs, back, ends }: Question): Promise<number> => {
      await new Promise<void>((resolve) => void clock.setTimeout(resolve, waitMs));
      const sizes = await Promise.all(back.map((inner) => ask(self(), inner)));
      const size = sizes.reduce((sum, inner) => sum + inner, 1);
      if (ends === 'throws') throw new RequestError(size, 'thrown');
      return size;
    },
  });
  const server: Requests = requests(ws, { handlers: answering(() => server), maxRunning });
  const other: Requests = requests(client, { handlers: answering(() => other), maxRunning });
  return [server, other];
}

describe('requests of two ends whose handlers ask each other', () => {
  it(
    'Q10: get the answer of their question, however few handlers run at once',
    { timeout: 60_000 },
    async () => {
      const play = fc.record({
        fromServer: fc.array(question, { maxLength: 5 }),
        fromClient: fc.array(question, { maxLength: 5 }),
        maxRunning: fc.integer({ min: 1, max: 3 }),
      });
      await fc.assert(
        fc.asyncProperty(play, async ({ fromServer, fromClient, maxRunning }) => {
          const clock = virtualClock();
          const [server, other] = bothEnds(clock, maxRunning);
          const answers = [
            ...fromServer.map((asked) => ask(server, asked)),
            ...fromClient.map((asked) => ask(other, asked)),
          ];
          const all = Promise.all(answers);
          await clock.advance(1000);
          expect(await all).toEqual([...fromServer, ...fromClient].map(sizeOf));
          expect(clock.timers).toBe(0);
        }),
        { numRuns: 60 },
      );
    },
  );
});
