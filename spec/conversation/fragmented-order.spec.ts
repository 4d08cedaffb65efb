// Messages in fragments among whole ones, under random time-outs, aborts, faults and slow peers:
// the fragments join to the message, no other message comes between them, and an unfinished message
// is the last that is sent (I9).

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ScriptedBudget } from './scripted-budget.ts';
import { scripted } from './scripted-transport.ts';
import type { ScriptedConversation } from './scripted-transport.ts';
import type { WriteStatus } from '../../src/core/status.ts';
import { turn } from '../time/hand-clock.ts';

const HIGH_WATER_BYTES = 10;

interface WriteCommand {
  readonly kind: 'write';
  readonly text: string;
  /** Where it is cut into parts, also between the halves of a pair; undefined for a whole message. */
  readonly cuts: readonly number[] | undefined;
  /** Whether each part lets the event loop have a turn first. */
  readonly isSlow: boolean;
  /** What becomes of the iterable behind its parts. */
  readonly fate: 'ends' | 'throws' | 'stalls' | 'gives bytes';
  readonly timeoutMs: number;
  readonly hasSignal: boolean;
}

type Command =
  | WriteCommand
  | { readonly kind: 'tick'; readonly ms: number }
  | { readonly kind: 'take'; readonly bytes: number }
  | { readonly kind: 'abort' | 'turn' | 'close' | 'link is lost' };

const cuts = fc.array(fc.nat(12), { maxLength: 4 });

const write = (fate: fc.Arbitrary<WriteCommand['fate']>): fc.Arbitrary<Command> =>
  fc.record({
    kind: fc.constant('write'),
    text: fc.array(fc.constantFrom('a', '\u00e9', '\u{1f600}'), { maxLength: 6 }).map((all) => all.join('')),
    cuts: fc.option(cuts, { nil: undefined, freq: 3 }),
    isSlow: fc.boolean(),
    fate,
    timeoutMs: fc.constantFrom(5, 9, Infinity, Infinity),
    hasSignal: fc.boolean(),
  });

const passing: readonly fc.WeightedArbitrary<Command>[] = [
  { weight: 6, arbitrary: fc.record({ kind: fc.constant('take'), bytes: fc.constantFrom(1, 5, 100) }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('tick'), ms: fc.constantFrom(1, 4, 5) }) },
  { weight: 8, arbitrary: fc.record({ kind: fc.constant('turn') }) },
];

/** Nothing that keeps a message from being finished. */
const smooth = fc.oneof(
  {
    weight: 6,
    arbitrary: write(fc.constant('ends')).map((one) => ({ ...one, timeoutMs: Infinity, hasSignal: false })),
  },
  ...passing,
);
const rough = fc.oneof(
  {
    weight: 16,
    arbitrary: write(fc.constantFrom('ends', 'ends', 'ends', 'throws', 'stalls', 'gives bytes')),
  },
  ...passing,
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('abort') }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constantFrom('close', 'link is lost') }) },
);

interface Play {
  readonly commands: readonly Command[];
  /** What the fairness budget says each time it is asked. */
  readonly turnsOver: readonly boolean[];
}

const playOf = (command: fc.Arbitrary<Command>): fc.Arbitrary<Play> =>
  fc.record({
    commands: fc.array(command, { minLength: 1, maxLength: 40, size: 'max' }),
    turnsOver: fc.array(fc.boolean(), { maxLength: 5 }).map((answers) => [...answers, false]),
  });

interface Write {
  readonly text: string;
  status: WriteStatus | 'pending' | 'rejected';
}

interface Seen {
  /** In the order of the calls. */
  readonly writes: readonly Write[];
  /** Messages that left whole, in the order in which they did. */
  readonly sent: readonly string[];
  /** What left of one that was not finished; undefined where there is none. */
  readonly unfinished: string | undefined;
  readonly parts: readonly string[];
  /** Iterables that were asked, and have neither ended nor been returned. */
  readonly held: number;
  readonly timers: number;
}

class Player {
  readonly #all: ScriptedConversation;
  readonly #writes: Write[] = [];
  #held = 0;
  #controller = new AbortController();

  constructor(turnsOver: readonly boolean[]) {
    this.#all = scripted({ writeBufferBytes: HIGH_WATER_BYTES, budget: new ScriptedBudget(turnsOver) });
  }

  async do(command: Command): Promise<void> {
    const { link, clock, conversation, ws } = this.#all;
    switch (command.kind) {
      case 'write':
        return this.#write(command);
      case 'take':
        return ws.closeInfo === undefined ? link.take(command.bytes) : undefined;
      case 'tick':
        return clock.tick(command.ms);
      case 'abort':
        this.#controller.abort();
        this.#controller = new AbortController();
        return;
      case 'turn':
        return turn();
      case 'close':
        return conversation.close(1000, '', 'local');
      case 'link is lost':
        return ws.closeInfo === undefined ? link.end() : undefined;
      default:
        return command satisfies never;
    }
  }

  /** The peer takes everything from now on; then the link ends. */
  async finish(): Promise<Seen> {
    const { link, clock, ws } = this.#all;
    // A part may find the turn over five times, and waits for two turns each time.
    for (let round = 0; round < 3000 && ws.closeInfo === undefined && this.#isWaited(); round += 1) {
      link.take();
      await turn();
    }
    if (ws.closeInfo === undefined) link.end();
    await turn();
    await turn();
    return { writes: this.#writes, ...this.#left(), held: this.#held, timers: clock.timers };
  }

  #isWaited(): boolean {
    return this.#writes.some(({ status }) => status === 'pending');
  }

  #left(): Pick<Seen, 'sent' | 'unfinished' | 'parts'> {
    const sent: string[] = [];
    let unfinished: string | undefined;
    for (const { data, options } of this.#all.link.sent) {
      const text = `${unfinished ?? ''}${String(data)}`;
      unfinished = options.last === false ? text : undefined;
      if (unfinished === undefined) sent.push(text);
    }
    return { sent, unfinished, parts: this.#all.link.sent.map(({ data }) => String(data)) };
  }

  #write(command: WriteCommand): void {
    // One letter for its number: no text begins with a part of another.
    const text = `${String.fromCodePoint(65 + this.#writes.length)}:${command.text};`;
    const written: Write = { text, status: 'pending' };
    this.#writes.push(written);
    const { timeoutMs, hasSignal } = command;
    const options = hasSignal ? { timeoutMs, signal: this.#controller.signal } : { timeoutMs };
    const data = command.cuts === undefined ? text : this.#parts(text, command.cuts, command);
    this.#all.ws.write(data, options).then(
      (status) => (written.status = status),
      () => (written.status = 'rejected'),
    );
  }

  async *#parts(text: string, at: readonly number[], { isSlow, fate }: WriteCommand): AsyncGenerator<string> {
    this.#held += 1;
    try {
      const edges = [
        0,
        ...at.map((cut) => Math.min(cut, text.length)).toSorted((a, b) => a - b),
        text.length,
      ];
      for (const [index, edge] of edges.slice(1).entries()) {
        if (isSlow) await turn();
        yield text.slice(edges[index], edge);
      }
      if (fate === 'throws') throw new Error('no more');
      if (fate === 'gives bytes') yield new Uint8Array(1) as unknown as string;
      // For a return() to get through, it has to stall with a part that is never asked for again.
      while (fate === 'stalls') {
        await turn();
        yield '';
      }
    } finally {
      this.#held -= 1;
    }
  }
}

async function expectLaw(play: fc.Arbitrary<Play>, holds: (seen: Seen) => void): Promise<void> {
  const property = fc.asyncProperty(play, async ({ commands, turnsOver }) => {
    const player = new Player(turnsOver);
    for (const command of commands) await player.do(command);
    holds(await player.finish());
  });
  await fc.assert(property, { numRuns: 400 });
}

const textsOf = (writes: readonly Write[], status: Write['status']): readonly string[] =>
  writes.filter((one) => one.status === status).map(({ text }) => text);

describe('messages in fragments among whole ones', { timeout: 60_000 }, () => {
  it('are all sent, each once, in the order of the calls', async () => {
    await expectLaw(playOf(smooth), ({ writes, sent, unfinished }) => {
      expect([sent, unfinished]).toEqual([writes.map(({ text }) => text), undefined]);
      expect(new Set(writes.map(({ status }) => status)).size).toBe(writes.length === 0 ? 0 : 1);
    });
  });

  it('are cut between surrogate pairs only', async () => {
    await expectLaw(playOf(smooth), ({ parts }) => {
      expect(parts.filter((part) => !part.isWellFormed())).toEqual([]);
    });
  });
});

describe('messages in fragments that time out, abort, fail or lose their link', { timeout: 60_000 }, () => {
  it('are sent whole and in the order of the calls where they are ok, and not otherwise', async () => {
    await expectLaw(playOf(rough), ({ writes, sent }) => {
      expect(sent).toEqual(textsOf(writes, 'ok'));
    });
  });

  it('send nothing where they give timeout', async () => {
    await expectLaw(playOf(rough), ({ writes, unfinished = 'nothing' }) => {
      expect(textsOf(writes, 'timeout').filter((text) => text.startsWith(unfinished))).toEqual([]);
    });
  });

  it('end the conversation where they are not finished', async () => {
    await expectLaw(playOf(rough), ({ writes, unfinished }) => {
      if (unfinished === undefined) return;
      const cut = writes.findIndex(({ text }) => text.startsWith(unfinished));
      expect(['closed', 'rejected']).toContain(writes[cut]?.status);
      expect(writes.slice(cut + 1).filter(({ status }) => status === 'ok')).toEqual([]);
    });
  });

  it('all settle, release their iterables, and leave no timer', async () => {
    await expectLaw(playOf(rough), ({ writes, held, timers }) => {
      expect([textsOf(writes, 'pending'), held, timers]).toEqual([[], 0, 0]);
    });
  });
});
