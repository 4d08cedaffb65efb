// The promise of a view: each message that comes before the end is emitted before it, in order and
// once, whenever listeners come and go, and whenever the view is paused. Over random plays.

import { asWs } from 'corosock';
import type { WsView } from 'corosock';
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { ScriptedTransport } from '../conversation/scripted-transport.ts';
import { MemoryHost } from '../fixtures/memory-host.ts';
import { turn } from '../time/hand-clock.ts';

const STEPS = [
  'arrive',
  'arrive',
  'pause',
  'resume',
  'listen',
  'leave',
  'once',
  'microtask',
  'turn',
] as const;
type Step = (typeof STEPS)[number];

/** A view, all that it has emitted, and a listener that comes and goes. */
class Play {
  readonly link = new ScriptedTransport();
  readonly sent: string[] = [];
  readonly emitted: string[] = [];
  readonly #view: WsView;
  #isListening = false;

  constructor() {
    const views: WsView[] = [];
    new MemoryHost().converse(this.link, (ws) => void views.push(asWs(ws)), 'shared');
    this.#view = views[0] as WsView;
    this.#view.on('close', () => void this.emitted.push('close'));
  }

  readonly #heard = (data: Buffer): void => void this.emitted.push(data.toString());

  async step(step: Step): Promise<void> {
    if (step === 'arrive') this.link.arrive(this.#next());
    if (step === 'pause') this.#view.pause();
    if (step === 'resume') this.#view.resume();
    if (step === 'listen') this.listen();
    if (step === 'leave') this.#leave();
    if (step === 'once' && !this.#isListening && this.#view.listenerCount('message') === 0)
      this.#view.once('message', this.#heard);
    if (step === 'microtask') await Promise.resolve();
    if (step === 'turn') await turn();
  }

  listen(): void {
    this.#leave();
    this.#view.on('message', this.#heard);
    this.#isListening = true;
  }

  #leave(): void {
    this.#view.removeAllListeners('message');
    this.#isListening = false;
  }

  #next(): string {
    const text = `message ${this.sent.length}`;
    this.sent.push(text);
    return text;
  }
}

it('emits each message in order and once, and then the end', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(fc.constantFrom(...STEPS), { maxLength: 30 }), async (steps) => {
      const play = new Play();
      for (const step of steps) await play.step(step);
      play.listen();
      play.link.end();
      for (let turns = 0; turns < 5; turns += 1) await turn();
      expect(play.emitted).toEqual([...play.sent, 'close']);
    }),
    { numRuns: 500 },
  );
});
