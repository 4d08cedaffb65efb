// Closes by either end, by both at one time, and without a word: each end hears of it soon, once, with
// the right code, and everything that belongs to the socket ends with it.

import type { CloseInfo, ServerSocket } from 'corosock';
import type { ClientSocket, WorldClient } from 'corosock/testing';
import { claim } from './scene.ts';
import type { Scenario, Scene } from './scene.ts';

type AnySocket = ClientSocket | ServerSocket;

/** Far more than two delays, far less than a client waits for the answer to its close. */
const SOON_MS = 1000;
/** Of the host. */
const CLOSE_TIMEOUT_MS = 2500;
const [OF_HOST, OF_CLIENT] = [4001, 4002];
const LINES = 20;
const LONG = 'x'.repeat(100);

/** Who ends the conversation, and what each end is told. */
const WAYS = [
  'the host',
  'the client',
  'both',
  'both at once',
  'the host without a word',
  'the client without a word',
  'the host, unheard',
  'the client, whose host goes on',
  'the client, whose host has a lot to say',
] as const;
type Way = (typeof WAYS)[number];

/** One conversation, and when each end has heard of its end. */
class Ending {
  readonly #scene: Scene;
  readonly #way: Way;
  /** When the first end has begun to end it. */
  #sinceMs = Infinity;
  readonly #heard: CloseInfo[] = [];

  constructor(scene: Scene, way: Way) {
    this.#scene = scene;
    this.#way = way;
  }

  get isOver(): boolean {
    return this.#heard.length === 2;
  }

  /** Ends it from the side of the host, where that is its turn. Returns at its end. */
  async asHost(ws: ServerSocket): Promise<void> {
    const signal = this.#scene.dice.isLikely(0.5) ? ws.signal : undefined;
    await ws.read();
    // A handler that asks for `closed` has nothing more to answer.
    if (this.#way === 'the client, whose host goes on') return this.#goOn(ws);
    if (this.#way === 'the client, whose host has a lot to say') return this.#answer(ws);
    const watching = this.#watch(ws, signal);
    // The close frame waits behind these.
    if (this.#way === 'the host, unheard') for (let at = 0; at < LINES; at += 1) void ws.write(LONG);
    if (this.#way === 'both at once') await this.#scene.sleep(SOON_MS);
    if (this.#way === 'the host without a word') {
      this.#begin();
      ws.terminate();
    }
    if (this.#way.startsWith('both') || this.#way === 'the host' || this.#way === 'the host, unheard') {
      this.#begin();
      void ws.endServer(OF_HOST, 'first');
      void ws.endServer(OF_CLIENT, 'second');
    }
    await watching;
  }

  async asClient(ws: WorldClient): Promise<void> {
    const watching = this.#watch(ws, ws.signal);
    if (this.#way === 'the host, unheard') ws.link.stall('in');
    await ws.write('begin');
    if (this.#way === 'both at once') await this.#scene.sleep(SOON_MS);
    else await this.#scene.pause(300);
    if (this.#way === 'the client without a word') {
      this.#begin();
      ws.terminate();
    }
    if (this.#way.startsWith('both') || this.#way.startsWith('the client')) {
      this.#begin();
      void ws.close(OF_CLIENT);
    }
    if (this.#way === 'the host, unheard') this.#scene.after(2 * CLOSE_TIMEOUT_MS, () => ws.link.heal());
    await watching;
  }

  /** A handler that has read a message may answer it, for a time. */
  async #goOn(ws: ServerSocket): Promise<void> {
    await this.#scene.sleep(10 * CLOSE_TIMEOUT_MS);
    claim(ws.closeInfo !== undefined, 'the close was not answered');
    this.#heard.push(ws.closeInfo as CloseInfo);
  }

  /** Answers the message that came before the close, with more than its buffer takes at once. */
  async #answer(ws: ServerSocket): Promise<void> {
    await this.#scene.sleep(SOON_MS);
    const writes = Array.from({ length: LINES }, () => ws.write(LONG));
    const [, status] = await ws.read();
    claim(status === 'closed', 'another message', status);
    const statuses = await Promise.all(writes);
    claim(
      statuses.every((each) => each === 'ok'),
      'the close was answered before the last word',
      statuses,
    );
    this.#heard.push(await ws.closed);
  }

  #begin(): void {
    this.#sinceMs = Math.min(this.#sinceMs, this.#scene.w.clock.now());
  }

  async #watch(ws: AnySocket, signal: AbortSignal | undefined): Promise<void> {
    const info = await ws.closed;
    const tookMs = this.#scene.w.clock.now() - this.#sinceMs;
    this.#heard.push(info);
    claim(signal?.aborted !== false && ws.signal.aborted, 'a signal has not aborted');
    claim((await ws.closed) === info && ws.closeInfo === info, 'it has two ends');
    claim((await ws.write('late')) === 'closed', 'it is written to');
    while (ws.queued.messages > 0) await ws.readMessage();
    claim((await ws.read(8))[1] === 'closed', 'it goes on');
    this.#claimEnd(info, tookMs, 'endServer' in ws);
  }

  #claimEnd(info: CloseInfo, tookMs: number, isHost: boolean): void {
    const facts = [this.#way, isHost, info, tookMs];
    if (this.#way === 'the host, unheard') {
      claim(info.code === OF_HOST, 'another code', ...facts);
      return claim(!isHost || tookMs === CLOSE_TIMEOUT_MS, 'not in time', ...facts);
    }
    if (this.#way === 'the client, whose host goes on') {
      claim(info.code === OF_CLIENT, 'another end', ...facts);
      return claim(
        tookMs >= CLOSE_TIMEOUT_MS && tookMs < CLOSE_TIMEOUT_MS + SOON_MS,
        'not in time',
        ...facts,
      );
    }
    const isAnswer = this.#way === 'the client, whose host has a lot to say';
    claim(tookMs < (isAnswer ? 2 * SOON_MS : SOON_MS), 'was not heard of soon', ...facts);
    if (this.#way.endsWith('without a word'))
      return claim(info.code === 1006 && !info.clean, 'a clean end', ...facts);
    claim(info.clean, 'an unclean end', ...facts);
    if (this.#way === 'the host')
      claim(info.code === OF_HOST && info.reason === 'first', 'another code', ...facts);
    if (this.#way === 'the client') claim(info.code === OF_CLIENT, 'another code', ...facts);
  }
}

async function close(scene: Scene): Promise<void> {
  const { w } = scene;
  const endings = WAYS.map((way) => new Ending(scene, way));
  const errors: unknown[] = [];
  const host = w.serve((ws) => endings[Number(ws.request.url.pathname.slice(1))]?.asHost(ws), {
    closeTimeoutMs: CLOSE_TIMEOUT_MS,
    writeBufferBytes: 500,
    report: (error) => void errors.push(error),
  });
  await scene.each(WAYS.length, 'client', async (at) => {
    const ending = endings[at] as Ending;
    const ws = await scene.connect(host, { url: `ws://localhost/${at}` });
    await ending.asClient(ws);
    await w.eventually(`${WAYS[at]} has ended it`, () => ending.isOver, 60_000);
  });
  await host.close();
  // The handler that goes on is told of, and nothing else.
  claim(errors.length === 1 && String(errors[0]).includes('still runs'), 'other errors', errors.map(String));
  await scene.claimNoTimers();
}

export const CLOSES: readonly Scenario[] = [
  { name: 'each end hears of a close soon, and once', play: close },
];
