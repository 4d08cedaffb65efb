// Conformance to RFC 6455 and RFC 7692, from outside: frames of autobahn go in, in several ways of
// cutting them, and autobahn reads what comes out. Each case says what our side reads, what autobahn
// gets, and how the socket ends. docs/internals/conformance.md says how to run one.

import { beforeAll, describe, expect, it } from 'vitest';
import { isAutobahnHere, judge, makeCases, withoutAutobahn } from './autobahn.ts';
import type { ConformanceCase, Side, Verdict } from './autobahn.ts';
import type { Cut, Play } from './player.ts';

/** What one case has come to, for each way of cutting it. */
type Outcomes = Readonly<Partial<Record<Cut, Outcome>>>;

interface Outcome {
  readonly read: readonly string[];
  readonly end: Play['end'];
  readonly sentBack: readonly string[];
  readonly pongs: readonly string[];
  readonly closeCode: number | undefined;
  readonly faults: readonly string[];
}

function outcomeOf(
  side: Side,
  { read, end, of }: Play,
  { messages, pongs, close, faults }: Verdict,
): Outcome {
  // Behind a broken rule an answer is too late, and a client has no handler whose last words it would
  // wait for: what comes is the first of them.
  const mayMissSome = !of.end.clean || (side === 'server' && of.goodbye === null);
  return {
    read,
    end,
    sentBack: mayMissSome && isBeginning(messages, of.read) ? of.read : messages,
    pongs: of.end.clean ? pongs : [],
    closeCode: close?.[0],
    faults,
  };
}

function isBeginning(some: readonly string[], all: readonly string[]): boolean {
  return some.every((each, index) => each === all[index]);
}

/** Plays cases against our side. */
type PlayAll = (cases: readonly ConformanceCase[]) => Promise<readonly Play[]>;

async function outcomesOf(
  side: Side,
  cases: readonly ConformanceCase[],
  playAll: PlayAll,
): Promise<ReadonlyMap<ConformanceCase, Outcomes>> {
  const plays = await playAll(cases);
  const verdicts = await judge(
    side,
    plays.map(({ of: { offer }, received }) => ({ offer, received })),
  );
  const outcomes = new Map<ConformanceCase, Record<string, Outcome>>();
  for (const [index, play] of plays.entries()) {
    const ofCase = outcomes.get(play.of) ?? {};
    ofCase[play.cut] = outcomeOf(side, play, verdicts[index] as Verdict);
    outcomes.set(play.of, ofCase);
  }
  return outcomes;
}

/** Registers all cases of one side of autobahn. */
export async function conformance(side: Side, playAll: PlayAll): Promise<void> {
  const cases = isAutobahnHere ? await makeCases(side) : [];
  const groups = [...new Set(cases.map(({ group }) => group))];
  let outcomes: ReadonlyMap<ConformanceCase, Outcomes> = new Map();

  describe.runIf(isAutobahnHere)(`conformance, autobahn is the ${side}${withoutAutobahn}:`, () => {
    beforeAll(async () => {
      outcomes = await outcomesOf(side, cases, playAll);
    }, 120_000);

    it('has at least 400 cases in eleven groups, each with a title of its own', () => {
      expect(new Set(cases.map(({ title }) => title)).size).toBe(cases.length);
      expect(cases.length).toBeGreaterThanOrEqual(400);
      expect(groups.toSorted()).toEqual([
        'UTF-8',
        'closing',
        `closing by the ${side === 'client' ? 'server' : 'client'}`,
        'compression',
        'fragmentation',
        'framing',
        'limits',
        'masking',
        'opcodes',
        'pings',
        'reserved bits',
      ]);
    });

    describe.each(groups)('%s:', (name) => {
      const ofGroup = cases.filter(({ group }) => group === name);

      it.each(ofGroup.map((each) => [each.title, each] as const))('%s', (_, each) => {
        const found = outcomes.get(each) ?? {};
        const { read, pongs, end } = each;
        const expected = { read, end, sentBack: read, pongs, closeCode: end.code, faults: [] };
        expect(found).toEqual(Object.fromEntries(Object.keys(found).map((cut) => [cut, expected])));
        expect(Object.keys(found)).toContain('whole');
      });
    });
  });
}
