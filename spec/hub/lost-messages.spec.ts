// The law of rooms between nodes, under random losses, delays, duplicates and cut links: each node
// gets the messages of another one in order, none twice, and has a gap wherever one is missing.

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { deployment } from './bus-fixtures.ts';
import type { TestNode } from './bus-fixtures.ts';

const NODES = 3;

type Step =
  | { readonly kind: 'say'; readonly node: number; readonly afterMs: number }
  | { readonly kind: 'enter'; readonly node: number; readonly afterMs: number }
  | { readonly kind: 'cut' | 'mend'; readonly node: number; readonly afterMs: number };

/** What one node has published: its messages are `0`, `1` … */
interface Published {
  readonly atMs: number;
}

const node = fc.nat(NODES - 1);
const afterMs = fc.oneof(fc.integer({ min: 1, max: 50 }), fc.integer({ min: 1, max: 8000 }));
const steps = fc.array(
  fc.oneof(
    { weight: 6, arbitrary: fc.record({ kind: fc.constant('say' as const), node, afterMs }) },
    { weight: 1, arbitrary: fc.record({ kind: fc.constant('enter' as const), node, afterMs }) },
    {
      weight: 1,
      arbitrary: fc.record({ kind: fc.constantFrom('cut' as const, 'mend' as const), node, afterMs }),
    },
  ),
  { maxLength: 40 },
);

/** What happens to deliveries, one after the other, over and over; the last 15 s are without faults. */
const fates = fc.array(
  fc.oneof(
    { weight: 6, arbitrary: fc.constant({ copies: 1, delayMs: 0 }) },
    { weight: 2, arbitrary: fc.record({ copies: fc.nat(2), delayMs: fc.nat(300) }) },
  ),
  { minLength: 1, maxLength: 60 },
);

interface Outcome {
  readonly published: readonly (readonly Published[])[];
  /** When each node has entered the room; Infinity for never. */
  readonly enteredMs: readonly number[];
  readonly told: readonly (readonly string[])[];
}

async function play(
  script: readonly Step[],
  fates: readonly { copies: number; delayMs: number }[],
): Promise<Outcome> {
  let delivery = 0;
  let isCalm = false;
  const { clock, node } = deployment({
    delivery() {
      delivery += 1;
      return isCalm ? undefined : fates[delivery % fates.length];
    },
  });
  const nodes: TestNode[] = [];
  for (let index = 0; index < NODES; index += 1) nodes.push(await node(`n${index}`));
  const published: Published[][] = nodes.map(() => []);
  const enteredMs = nodes.map(() => Infinity);
  const say = (index: number): void => {
    const own = published[index] as Published[];
    void nodes[index]?.say('room', String(own.length));
    own.push({ atMs: clock.now() });
  };
  const enter = (index: number): void => {
    if (enteredMs[index] !== Infinity) return;
    enteredMs[index] = clock.now();
    void nodes[index]?.enter('room');
  };
  for (const { kind, node: index, afterMs } of script) {
    await clock.advance(afterMs);
    if (kind === 'say') say(index);
    else if (kind === 'enter') enter(index);
    else nodes[index]?.link[kind]();
  }
  isCalm = true;
  for (const { link } of nodes) link.mend();
  await clock.advance(15_000);
  return { published, enteredMs, told: nodes.map(({ told }) => told) };
}

/** Says which messages a receiver has missed without a gap. */
function faultsOf(outcome: Outcome): readonly string[] {
  const pairs = outcome.told.flatMap((_, receiver) =>
    outcome.told.map((_, sender) => [receiver, sender] as const),
  );
  return pairs
    .filter(([receiver, sender]) => receiver !== sender)
    .flatMap((pair) => silentLosses(outcome, ...pair));
}

function silentLosses(
  { published, enteredMs, told }: Outcome,
  receiver: number,
  sender: number,
): readonly string[] {
  const messages = published[sender] ?? [];
  // What is sent in the millisecond of the entry may be from before it.
  let next = messages.findIndex(({ atMs }) => atMs > (enteredMs[receiver] ?? Infinity) + 1);
  if (next < 0) return [];
  const faults: string[] = [];
  let hasGap = false;
  // A message that nobody has sent, behind the last one.
  for (const line of [...(told[receiver] ?? []), `n${sender}: ${messages.length}`]) {
    hasGap ||= line.startsWith('gap');
    const [number = -1] = numbersOf([line], sender);
    if (number < next) continue;
    if (number > next && !hasGap) faults.push(`n${receiver} has missed n${sender}: ${next} in silence`);
    next = number + 1;
    hasGap = false;
  }
  return faults;
}

function numbersOf(lines: readonly string[], sender: number): readonly number[] {
  return lines.filter((line) => line.startsWith(`n${sender}: `)).map((line) => Number(line.split(' ')[1]));
}

describe('messages of a room between nodes', () => {
  it('come in order, none twice, with a gap wherever one is missing', async () => {
    await fc.assert(
      fc.asyncProperty(steps, fates, async (script, fates) => {
        const outcome = await play(script, fates);
        expect(faultsOf(outcome)).toEqual([]);
        for (const lines of outcome.told) {
          for (let sender = 0; sender < NODES; sender += 1) {
            const numbers = numbersOf(lines, sender);
            expect(numbers).toEqual([...new Set(numbers)].toSorted((a, b) => a - b));
          }
        }
      }),
      { numRuns: 40 },
    );
  });

  it('come whole and without gaps where nothing is lost', async () => {
    const calm = steps.map((script) => script.filter(({ kind }) => kind === 'say'));
    await fc.assert(
      fc.asyncProperty(calm, async (script) => {
        const entries = [0, 1, 2].map((node) => ({ kind: 'enter' as const, node, afterMs: 1 }));
        const { published, told } = await play([...entries, ...script], [{ copies: 1, delayMs: 0 }]);
        for (const [receiver, lines] of told.entries()) {
          expect(lines.filter((line) => line.startsWith('gap'))).toEqual([]);
          const others = published.map((messages, sender) =>
            sender === receiver ? [] : [...messages.keys()],
          );
          expect(published.map((_, sender) => numbersOf(lines, sender))).toEqual(others);
        }
      }),
      { numRuns: 20 },
    );
  });
});
