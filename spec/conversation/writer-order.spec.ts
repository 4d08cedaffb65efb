// The writer under random writes, time-outs, aborts, slow peers and ends: accepted messages are sent
// once and in the order of the calls, other messages never (I9).

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ScriptedBudget } from './scripted-budget.ts';
import { scripted } from './scripted-transport.ts';
import type { ScriptedConversation } from './scripted-transport.ts';
import type { WriteStatus } from '../../src/core/status.ts';
import { turn } from '../time/hand-clock.ts';

const HIGH_WATER_BYTES = 10;

type Command =
  | {
      readonly kind: 'write';
      readonly bytes: number;
      readonly timeoutMs: number;
      readonly hasSignal: boolean;
    }
  | { readonly kind: 'tick'; readonly ms: number }
  | { readonly kind: 'take'; readonly bytes: number }
  | { readonly kind: 'abort' | 'turn' | 'close' | 'link is lost' };

const ordinary = fc.oneof<fc.WeightedArbitrary<Command>[]>(
  {
    weight: 8,
    arbitrary: fc.record({
      kind: fc.constant('write'),
      bytes: fc.constantFrom(0, 1, 4, 12),
      timeoutMs: fc.constantFrom(0, 5, 9, Infinity),
      hasSignal: fc.boolean(),
    }),
  },
  { weight: 4, arbitrary: fc.record({ kind: fc.constant('take'), bytes: fc.constantFrom(1, 5, 100) }) },
  { weight: 3, arbitrary: fc.record({ kind: fc.constant('tick'), ms: fc.constantFrom(1, 4, 5) }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constantFrom('abort', 'turn') }) },
);
const ending = fc.record({ kind: fc.constantFrom('close', 'link is lost') });

interface Play {
  readonly commands: readonly Command[];
  /** What the fairness budget says of each write that it is asked of. */
  readonly turnsOver: readonly boolean[];
}

const playOf = (command: fc.Arbitrary<Command>): fc.Arbitrary<Play> =>
  fc.record({
    commands: fc.array(command, { minLength: 1, maxLength: 60, size: 'max' }),
    // Not for ever: a new turn has a budget of its own.
    turnsOver: fc.array(fc.boolean(), { maxLength: 5 }).map((answers) => [...answers, false]),
  });

interface Write {
  readonly number: number;
  status: WriteStatus | 'pending' | 'rejected';
}

interface Seen {
  /** In the order of the calls. */
  readonly writes: readonly Write[];
  /** Numbers of the messages that left, in the order in which they did. */
  readonly sent: readonly number[];
  /** What was buffered when a message left. */
  readonly bufferedBefore: readonly number[];
  readonly timers: number;
}

class Player {
  readonly #all: ScriptedConversation;
  readonly #writes: Write[] = [];
  readonly #bufferedBefore: number[] = [];
  #controller = new AbortController();

  constructor(turnsOver: readonly boolean[]) {
    this.#all = scripted({ writeBufferBytes: HIGH_WATER_BYTES, budget: new ScriptedBudget(turnsOver) });
    const { link } = this.#all;
    const send = link.send.bind(link);
    link.send = (data, options) => {
      const before = link.bufferedBytes;
      const isAccepted = send(data, options);
      if (isAccepted) this.#bufferedBefore.push(before);
      return isAccepted;
    };
  }

  async do(command: Command): Promise<void> {
    const { link, clock, conversation, ws } = this.#all;
    switch (command.kind) {
      case 'write':
        return this.#write(command.bytes, command.timeoutMs, command.hasSignal);
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
    // Enough for each write to wait for room, and some times for two turns.
    for (let round = 0; round < 1000 && ws.closeInfo === undefined && this.#isWaited(); round += 1) {
      link.take();
      await turn();
    }
    if (ws.closeInfo === undefined) link.end();
    await turn();
    await turn();
    const sent = link.sentData.map((data) => (data as Uint8Array).byteOffset);
    return { writes: this.#writes, sent, bufferedBefore: this.#bufferedBefore, timers: clock.timers };
  }

  #isWaited(): boolean {
    return this.#writes.some(({ status }) => status === 'pending');
  }

  /** Its number is where the view begins, so that empty messages have one too. */
  #write(bytes: number, timeoutMs: number, hasSignal: boolean): void {
    const write: Write = { number: this.#writes.length, status: 'pending' };
    this.#writes.push(write);
    const data = new Uint8Array(new ArrayBuffer(1000), write.number, bytes);
    const options = hasSignal ? { timeoutMs, signal: this.#controller.signal } : { timeoutMs };
    this.#all.ws.write(data, options).then(
      (status) => (write.status = status),
      () => (write.status = 'rejected'),
    );
  }
}

async function expectLaw(play: fc.Arbitrary<Play>, holds: (seen: Seen) => void): Promise<void> {
  const property = fc.asyncProperty(play, async ({ commands, turnsOver }) => {
    const player = new Player(turnsOver);
    for (const command of commands) await player.do(command);
    holds(await player.finish());
  });
  await fc.assert(property, { numRuns: 600 });
}

const numbersOf = (writes: readonly Write[], status: Write['status']): readonly number[] =>
  writes.filter((write) => write.status === status).map(({ number }) => number);

describe('under random writes, time-outs, aborts and slow peers', { timeout: 60_000 }, () => {
  it('every accepted write is sent exactly once, in the order of the calls', async () => {
    await expectLaw(playOf(ordinary), ({ writes, sent }) => {
      expect(sent).toEqual(numbersOf(writes, 'ok'));
    });
  });

  it('every write that is neither timed out nor aborted is accepted while the link stays', async () => {
    await expectLaw(playOf(ordinary), ({ writes }) => {
      expect(writes.map(({ status }) => status)).not.toContain('closed');
      expect(writes.map(({ status }) => status)).not.toContain('pending');
    });
  });

  it('no message is sent at or above the high-water mark', async () => {
    await expectLaw(playOf(ordinary), ({ bufferedBefore }) => {
      expect(Math.max(0, ...bufferedBefore)).toBeLessThan(HIGH_WATER_BYTES);
    });
  });
});

describe('when the conversation ends at a random moment', { timeout: 60_000 }, () => {
  const withEnds = playOf(fc.oneof({ weight: 20, arbitrary: ordinary }, { weight: 1, arbitrary: ending }));

  it('the writes that are ok were sent in the order of the calls, and no others', async () => {
    await expectLaw(withEnds, ({ writes, sent }) => {
      expect(sent).toEqual(numbersOf(writes, 'ok'));
    });
  });

  it('every write settles, and no timer is left', async () => {
    await expectLaw(withEnds, ({ writes, timers }) => {
      expect([numbersOf(writes, 'pending'), timers]).toEqual([[], 0]);
    });
  });
});
