// The promise of a shared socket: each message that was received is consumed by
// onClientMessage, read by one of the handles, or unread; once, and in order.

import { settle } from 'corosock/testing';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { scripted, ScriptedTransport } from '../conversation/scripted-transport.ts';
import { ClientMessages } from '../../src/server/client-messages.ts';
import { MessageSocket } from '../../src/socket/message-socket.ts';
import { TaskQueue } from '../../src/waiting/task-queue.ts';
import { Deadlines } from '../../src/time/deadline.ts';
import { TurnBudget } from '../../src/time/turn-budget.ts';
import { HandClock, turn } from '../time/hand-clock.ts';

type Verdict = 'consumes' | 'queues' | 'hangs' | 'throws';

type Command =
  | { readonly kind: 'arrive'; readonly verdict: Verdict }
  | { readonly kind: 'read'; readonly handle: number; readonly timeoutMs: number }
  | { readonly kind: 'answer'; readonly isConsumed: boolean }
  | { readonly kind: 'tick'; readonly ms: number }
  | { readonly kind: 'abort' | 'turn' | 'close' | 'link is lost' | 'stop' };

const command = fc.oneof<fc.WeightedArbitrary<Command>[]>(
  {
    weight: 10,
    arbitrary: fc.record({
      kind: fc.constant('arrive'),
      verdict: fc.constantFrom('consumes', 'consumes', 'queues', 'queues', 'queues', 'hangs', 'throws'),
    }),
  },
  {
    weight: 8,
    arbitrary: fc.record({
      kind: fc.constant('read'),
      handle: fc.nat({ max: 2 }),
      timeoutMs: fc.constantFrom(0, 5, Infinity),
    }),
  },
  { weight: 3, arbitrary: fc.record({ kind: fc.constant('answer'), isConsumed: fc.boolean() }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('tick'), ms: fc.constantFrom(4, 5, 30_000) }) },
  { weight: 6, arbitrary: fc.constant({ kind: 'turn' }) },
  {
    weight: 1,
    arbitrary: fc.record({ kind: fc.constantFrom('abort', 'close', 'link is lost', 'stop') }),
  },
);

class Play {
  readonly received: string[] = [];
  readonly offered: string[] = [];
  readonly consumed: string[] = [];
  readonly read: string[] = [];
  mostAtOnce = 0;
  timeouts = 0;
  #atOnce = 0;
  readonly #verdicts = new Map<string, Verdict>();
  readonly #hanging: Array<(isConsumed: boolean) => void> = [];
  #controller = new AbortController();
  readonly #all = scripted({ queueMessages: 5 }, new ScriptedTransport(), new HandClock(), 'many');
  readonly #handles = Array.from({ length: 3 }, () => new MessageSocket(this.#all.conversation));
  readonly #clientMessages = new ClientMessages(
    this.#all.conversation,
    (data) => this.#hook(String(data)),
    {
      clock: this.#all.clock,
      deadlines: new Deadlines(this.#all.clock),
      budget: new TurnBudget(this.#all.clock),
      pool: new TaskQueue(1),
    },
    {
      clientMessagesOnError: () => this.#all.conversation.close(1011, '', 'handler'),
      clientMessagesOnStall: () => {},
      clientMessagesOnIdle: () => {},
    },
  );

  /** Received, and neither consumed nor read, as the socket says. */
  get unread(): number {
    return this.#all.ws.closeInfo?.unread ?? -1;
  }

  async do(step: Command): Promise<void> {
    const { link, clock, conversation } = this.#all;
    switch (step.kind) {
      case 'arrive':
        return this.#arrive(step.verdict);
      case 'read':
        return this.#read(step.handle, step.timeoutMs);
      case 'answer':
        this.#hanging.shift()?.(step.isConsumed);
        return;
      case 'tick':
        return clock.tick(step.ms);
      case 'abort':
        this.#controller.abort();
        this.#controller = new AbortController();
        return;
      case 'turn':
        return turn();
      case 'close':
        return conversation.close(1000, '', 'local');
      case 'link is lost':
        return this.#isOver ? undefined : link.end();
      case 'stop':
        // The host stops it after the end only; what the hook has said by then is heard first.
        await turn();
        return this.#isOver ? this.#clientMessages.stop() : undefined;
      default:
        return step satisfies never;
    }
  }

  /** Ends the link, answers what hangs, and lets all come to rest. */
  async finish(): Promise<void> {
    if (!this.#isOver) this.#all.link.end();
    await settle();
    while (this.#hanging.length > 0) {
      this.#hanging.shift()?.(true);
      await settle();
    }
  }

  async readTheRest(): Promise<void> {
    while (this.#all.ws.queued.messages > 0) {
      this.#read(0, Infinity);
      await turn();
    }
  }

  get #isOver(): boolean {
    return this.#all.ws.closeInfo !== undefined;
  }

  #arrive(verdict: Verdict): void {
    if (this.#isOver) return;
    const text = String(this.received.length);
    this.received.push(text);
    this.#verdicts.set(text, verdict);
    this.#all.link.arrive(text);
  }

  #read(handle: number, timeoutMs: number): void {
    const { signal } = this.#controller;
    this.#handles[handle]?.readMessage({ timeoutMs, signal }).then(
      ([data, status]) => {
        if (status === 'ok') this.read.push(String(data));
        if (status === 'timeout' && timeoutMs === Infinity) this.timeouts += 1;
      },
      () => {},
    );
  }

  async #hook(text: string): Promise<boolean> {
    this.offered.push(text);
    this.#atOnce += 1;
    this.mostAtOnce = Math.max(this.mostAtOnce, this.#atOnce);
    const isConsumed = await this.#verdict(text);
    this.#atOnce -= 1;
    // What it says after it was stopped is not heard.
    if (isConsumed && this.#all.conversation.queue.unoffered === text) this.consumed.push(text);
    return isConsumed;
  }

  #verdict(text: string): boolean | Promise<boolean> {
    const verdict = this.#verdicts.get(text);
    if (verdict === 'hangs') return new Promise((resolve) => void this.#hanging.push(resolve));
    if (verdict === 'throws') throw new Error('no');
    return verdict === 'consumes';
  }
}

const inOrder = (texts: readonly string[]): boolean =>
  texts.every((text, index) => index === 0 || Number(texts[index - 1]) < Number(text));

describe(
  'under random messages, results of the hook, reads, time-outs, aborts and ends',
  { timeout: 60_000 },
  () => {
    it('consumed ++ read ++ unread = received, each once and in order', async () => {
      await fc.assert(
        fc.asyncProperty(
          fc.array(command, { minLength: 1, maxLength: 50, size: 'max' }),
          async (commands) => {
            const play = new Play();
            for (const step of commands) await play.do(step);
            await play.finish();
            const { received, offered, consumed, read } = play;
            expect(play.unread).toBe(received.length - consumed.length - read.length);
            await play.readTheRest();
            expect([offered, consumed, read].map(inOrder)).toEqual([true, true, true]);
            const all = [...consumed, ...read];
            expect(new Set(all).size).toBe(all.length);
            expect(play.unread).toBe(received.length - all.length);
            expect([play.mostAtOnce <= 1, play.timeouts]).toEqual([true, 0]);
          },
        ),
        { numRuns: 300 },
      );
    });
  },
);
