// Clients that `connect.each` brings back after each loss: over a world, which opens their sockets in
// place of a port. Each wait is as long as it may be, and whatever ends the loop leaves nothing.

import { getEventListeners } from 'node:events';
import type { Host } from 'corosock';
import { ConnectError } from 'corosock/testing';
import type { ClientSocket } from 'corosock/testing';
import { EACH_OPTIONS } from '../../src/client/each-options.ts';
import type { EachSettings } from '../../src/client/each-options.ts';
import type { ClientPlatform, ClientSettings } from '../../src/client/connect-options.ts';
import { Reconnection } from '../../src/client/reconnection.ts';
import { defaultsOf } from '../../src/core/options.ts';
import type { ConnectedSocket } from '../../src/socket/client-socket.ts';
import { ABANDONED, claim } from './scene.ts';
import type { Scenario, Scene } from './scene.ts';

const MIN_MS = 100;
const MAX_MS = 100_000;
const STEADY_MS = 5000;
/** Far more than any delay of a link. */
const SOON_MS = 1000;
const ROUNDS = 8;

/** How a loop ends. */
type End = 'break' | 'abort in a round' | 'abort in a wait';

/** One client, which is brought back again and again. */
class Returning {
  readonly #scene: Scene;
  readonly #host: Host;
  readonly #controller = new AbortController();
  /** The waits that were announced, since a connection was steady. */
  readonly #delays: number[] = [];
  /** All waits whose ceiling has grown. */
  readonly grown: number[] = [];
  /** When the last round, or attempt, has ended. */
  #endedMs = 0;
  #isFirst = true;
  #isSteady = false;

  constructor(scene: Scene, host: Host) {
    this.#scene = scene;
    this.#host = host;
  }

  async play(end: End): Promise<void> {
    const { signal } = this.#controller;
    const outcome = await this.#loop(end).catch((error: unknown) => error);
    claim(
      outcome === (end === 'break' ? undefined : ABANDONED),
      'another end of the loop',
      end,
      String(outcome),
    );
    claim(getEventListeners(signal, 'abort').length === 0, 'a listener is left', end);
  }

  async #loop(end: End): Promise<void> {
    let rounds = 0;
    for await (const ws of this.#sockets()) {
      rounds += 1;
      this.#isFirst = false;
      this.#isSteady = false;
      await this.#round(ws);
      this.#endedMs = this.#scene.w.clock.now();
      if (rounds === ROUNDS && end === 'break') break;
      if (rounds === ROUNDS && end === 'abort in a round') await this.#abort(ws);
      if (rounds === ROUNDS && end === 'abort in a wait')
        this.#scene.after(this.#scene.dice.below(MIN_MS), () => this.#controller.abort(ABANDONED));
    }
  }

  /** The socket closes though its round goes on. */
  async #abort(ws: ClientSocket): Promise<void> {
    this.#controller.abort(ABANDONED);
    await this.#scene.w.eventually('the socket is closed', () => ws.closeInfo !== undefined, SOON_MS);
  }

  /** Ends at some time, by either end or by neither: the loop then closes the socket. */
  async #round(ws: ClientSocket): Promise<void> {
    const { dice } = this.#scene;
    const lifeMs = dice.pick([10, 100, STEADY_MS + SOON_MS]);
    await this.#scene.sleep(lifeMs);
    this.#isSteady = lifeMs > STEADY_MS && ws.closeInfo === undefined;
    const how = dice.next();
    if (how < 0.3) (ws as unknown as { readonly link: { reset(): void } }).link.reset();
    else if (how < 0.6) void ws.close(4000);
  }

  #sockets(): Reconnection {
    const { clock } = this.#scene.w;
    const each: EachSettings = {
      ...defaultsOf(EACH_OPTIONS),
      minDelayMs: MIN_MS,
      maxDelayMs: MAX_MS,
      steadyAfterMs: STEADY_MS,
      onRetry: (_, delayMs) => this.#onRetry(delayMs),
    };
    // Of the settings of a client, the loop takes these.
    const settings = { clock, signal: this.#controller.signal, trace: {} } as unknown as ClientSettings;
    return new Reconnection((signal) => this.#open(signal), settings, each, {} as unknown as ClientPlatform);
  }

  #onRetry(delayMs: number): void {
    if (this.#isSteady) this.#delays.length = 0;
    this.#isSteady = false;
    this.#delays.push(delayMs);
    if (this.#delays.length > 2) this.grown.push(delayMs);
    const mostMs = Math.min(MAX_MS, MIN_MS * 2 ** this.#delays.length);
    claim(delayMs >= MIN_MS && delayMs <= mostMs, 'another wait', delayMs, mostMs);
  }

  async #open(signal: AbortSignal): Promise<ConnectedSocket> {
    const { w } = this.#scene;
    const waitedMs = w.clock.now() - this.#endedMs;
    claim(this.#isFirst || waitedMs >= MIN_MS, 'came back at once', waitedMs);
    try {
      const ws = await w.connect(this.#host);
      if (signal.aborted) await ws.close();
      return ws as unknown as ConnectedSocket;
    } catch (error) {
      claim(error instanceof ConnectError && error.status === 503, 'another refusal', String(error));
      this.#endedMs = w.clock.now();
      throw error;
    }
  }
}

async function comeBack(scene: Scene): Promise<void> {
  const { w, dice } = scene;
  const host = w.serve(async (ws) => void (await ws.closed), {
    // A host that is full again and again.
    onPreServer: () => (dice.isLikely(0.4) ? new Response(null, { status: 503 }) : undefined),
  });
  const clients = (['break', 'abort in a round', 'abort in a wait'] as const).map(
    (end) => [end, new Returning(scene, host)] as const,
  );
  const { random } = Math;
  // The waits of the loop are random by this alone.
  Math.random = dice.next;
  try {
    await scene.each(clients.length, 'client', async (at) => {
      const [end, client] = clients[at] as (typeof clients)[number];
      await client.play(end);
    });
  } finally {
    Math.random = random;
  }
  await w.eventually('all sockets are closed', () => host.sockets.size === 0, SOON_MS);
  const grown = clients.flatMap(([, client]) => client.grown);
  // Each is as short as the first one may be in one of seven cases at most.
  claim(grown.length < 10 || Math.max(...grown) > 2 * MIN_MS, 'the waits do not grow', grown);
  await host.close();
  await scene.claimNoTimers();
}

export const CLIENTS: readonly Scenario[] = [
  { name: 'a client that comes back waits as long as it should', play: comeBack },
];
