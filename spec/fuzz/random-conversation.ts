// A random conversation: a host in memory, its handler, a client and a link that stalls and breaks,
// on a clock that the script moves. It does one random operation after the other, and brings all to
// an end. The laws over what it has seen: conversations.spec.ts.

import type { HostOptions, ServerSocket } from 'corosock';
import { LONGEST_BYTES, RandomSide } from './random-side.ts';
import type { SeededRandom } from './seeded.ts';
import { ShakyTransport } from './shaky-transport.ts';
import { MemoryHost } from '../fixtures/memory-host.ts';
import type { Sharing } from '../fixtures/memory-host.ts';
import { HandClock, turn } from '../time/hand-clock.ts';
import { settingsOf } from '../../src/server/host-options.ts';
import { ConnectedSocket } from '../../src/socket/client-socket.ts';
import type { ClientSocket } from '../../src/socket/client-socket.ts';
import { Conversation } from '../../src/conversation/conversation.ts';
import { memoryLink } from '../../src/transport/memory-transport.ts';
import { CHUNK_BYTES, MESSAGE_OVERHEAD_BYTES } from '../../src/core/limits.ts';

const CLOSE_TIMEOUT_MS = 100;
/** The overhead of the one message that a limit may be passed by, and of its parts. */
const OVERHEAD_BYTES = 2 * MESSAGE_OVERHEAD_BYTES;

/** What a handler of a script does when it is told to end. */
type HandlerEnd = 'returns' | 'throws';

export class RandomConversation {
  readonly clock: HandClock = new HandClock();
  readonly server: RandomSide;
  readonly client: RandomSide;
  readonly host: MemoryHost;
  /** How often `onPostServer` was called. */
  posts = 0;
  /** Calls of the script that have not settled: closes, child tasks, the shut-down. */
  pending = 0;
  /** The most bytes that were ever held above a limit; 0 for never. */
  excess = 0;
  readonly #random: SeededRandom;
  readonly #limits: { queueMessages: number; queueBytes: number; writeBufferBytes: number };
  readonly #near: ShakyTransport;
  readonly #far: ShakyTransport;
  readonly #ws: ServerSocket;
  readonly #connection: ClientSocket;
  #endHandler: (how: HandlerEnd) => void = () => {};

  constructor(random: SeededRandom) {
    this.#random = random;
    this.#limits = {
      queueMessages: random.pick([1, 2, 5, 64]),
      queueBytes: random.pick([1, 500, 100_000]),
      writeBufferBytes: random.pick([1, 500, 65_536]),
    };
    const options: HostOptions = {
      ...this.#limits,
      clock: this.clock,
      closeTimeoutMs: CLOSE_TIMEOUT_MS,
      heartbeat: random.isLikely(0.5) ? { intervalMs: 50, timeoutMs: 20 } : false,
    };
    this.host = new MemoryHost(options);
    const [near, far] = memoryLink();
    this.#near = new ShakyTransport(near);
    this.#far = new ShakyTransport(far);
    const clientSettings = {
      ...settingsOf('spec', options),
      heartbeat: undefined,
      inflows: undefined,
    };
    this.#connection = new ConnectedSocket(new Conversation(this.#far, clientSettings), 'ws://localhost/');
    const sharing: Sharing = random.isLikely(0.3) ? 'shared' : 'dedicated';
    this.#ws = this.host.converse(this.#near, this.#servable(), sharing).ws;
    this.server = new RandomSide(this.#ws, random);
    this.client = new RandomSide(this.#connection, random);
  }

  /** Does one random operation. */
  async step(): Promise<void> {
    const chosen = this.#random.next() * TOTAL_WEIGHT;
    let passed = 0;
    const operation = OPERATIONS.find(([weight]) => {
      passed += weight;
      return chosen < passed;
    });
    await operation?.[1](this, this.#random);
    this.#weigh();
  }

  /** Heals the link, ends what has not ended, and waits until nothing is under way. */
  async finish(): Promise<void> {
    this.heal();
    this.#endHandler('returns');
    this.#count(this.host.host.close({ graceMs: 0 }));
    for (let wait = 0; wait < 400 && !this.#isOver; wait += 1) await this.tick(CLOSE_TIMEOUT_MS / 20);
    for (const side of [this.server, this.client]) {
      while (side.socket.queued.messages > 0) {
        side.readNow();
        await turn();
      }
    }
    await turn();
  }

  /** Whether both sides have ended, and each call has settled: from then on no time passes. */
  get #isOver(): boolean {
    const sides = [this.server, this.client];
    return this.pending === 0 && this.posts > 0 && sides.every((side) => side.isSettled);
  }

  get sockets(): number {
    return this.host.host.sockets.size;
  }

  // Operations.

  endHandler(how: HandlerEnd): void {
    this.#endHandler(how);
  }

  closeFrom(side: 'server' | 'client'): void {
    const code = 3000 + this.#random.below(5);
    const closing = side === 'server' ? this.#ws.endServer(code) : this.#connection.close(code);
    this.#count(closing);
  }

  closeHost(): void {
    this.#count(this.host.host.close({ graceMs: this.#random.pick([0, 10, 1000]) }));
  }

  terminate(side: 'server' | 'client'): void {
    (side === 'server' ? this.#ws : this.#connection).terminate();
  }

  discard(): void {
    this.server.discards = true;
    this.#ws.discard();
  }

  spawn(): void {
    const lifeMs = this.#random.pick([1, 30]);
    const task = this.#ws.spawn(
      (signal) =>
        new Promise<void>((resolve) => {
          const timer = this.clock.setTimeout(resolve, lifeMs);
          signal.addEventListener('abort', () => {
            this.clock.clearTimeout(timer);
            resolve();
          });
        }),
    );
    this.#count(task);
  }

  stall(): void {
    this.#random.pick([this.#near, this.#far]).stall();
  }

  heal(): void {
    this.#near.heal();
    this.#far.heal();
  }

  async tick(ms: number): Promise<void> {
    await turn();
    this.clock.tick(ms);
    await turn();
  }

  #servable(): { server: () => Promise<void>; onPostServer: () => void } {
    const ended = new Promise<HandlerEnd>((resolve) => (this.#endHandler = resolve));
    return {
      server: async () => {
        if ((await ended) === 'throws') throw new Error('thrown by the script');
      },
      onPostServer: () => {
        this.posts += 1;
      },
    };
  }

  #count(call: PromiseLike<unknown>): void {
    this.pending += 1;
    const settled = (): void => {
      this.pending -= 1;
    };
    call.then(settled, settled);
  }

  /** Compares what both sides hold with their limits. */
  #weigh(): void {
    const { queueMessages, queueBytes, writeBufferBytes } = this.#limits;
    for (const { socket } of [this.server, this.client]) {
      const { messages, bytes } = socket.queued;
      // Looks for the end of a paused link bring 64 KiB more, further messages included.
      const beyond = Math.max(messages - queueMessages, 0) * MESSAGE_OVERHEAD_BYTES;
      this.#exceed(bytes + beyond - queueBytes - CHUNK_BYTES - LONGEST_BYTES - OVERHEAD_BYTES);
      this.#exceed(socket.bufferedBytes - writeBufferBytes - LONGEST_BYTES - OVERHEAD_BYTES);
    }
  }

  #exceed(amount: number): void {
    this.excess = Math.max(this.excess, amount);
  }
}

type Operation = (play: RandomConversation, random: SeededRandom) => void | Promise<void>;

/** Operations and how often they come. */
const OPERATIONS: ReadonlyArray<readonly [weight: number, operate: Operation]> = [
  [25, (play) => play.client.write()],
  [18, (play) => play.server.read()],
  [15, (play) => play.server.write()],
  [10, (play) => play.client.read()],
  [3, (play) => play.server.abort()],
  [2, (play) => play.client.abort()],
  [8, (play, random) => play.tick(random.pick([1, 5, 20]))],
  [10, () => turn()],
  [4, () => Promise.resolve()],
  [1, (play) => play.stall()],
  [2, (play) => play.heal()],
  [1, (play) => play.spawn()],
  [0.3, (play) => play.closeFrom('client')],
  [0.2, (play) => play.closeFrom('server')],
  [0.1, (play) => play.closeHost()],
  [0.2, (play, random) => play.terminate(random.pick(['server', 'client']))],
  [0.05, (play) => play.discard()],
  [0.2, (play, random) => play.endHandler(random.pick(['returns', 'throws']))],
];

const TOTAL_WEIGHT = OPERATIONS.reduce((sum, [weight]) => sum + weight, 0);
