// The opening handshake of one client of a world, in whole messages: the request and the answer
// take the link, whose faults may strike before there is a conversation. world-hosts.ts calls it.

import type { WorldClient, WorldLink } from './world-link.ts';
import type { MemoryServer, Opened } from '../../memory-server.ts';
import { begin, clientOf } from '../../opening.ts';
import type { HandshakeDeadline } from '../../../handshake/handshake-deadline.ts';
import type { Clock } from '../../../time/clock.ts';
import type { Wire } from '../../../transport/memory-transport.ts';
import { ConnectError } from '../../../core/errors.ts';
import { noop } from '../../../core/noop.ts';

/** Longest wait for an answer: that of `connect`. */
export const HANDSHAKE_TIMEOUT_MS = 10_000;

/** One handshake, from the request to its answer. */
export class WorldHandshake {
  readonly #server: MemoryServer;
  readonly #link: WorldLink;
  readonly #clock: Clock;
  #fail: (error: ConnectError) => void = noop;
  /** Of the host, while it decides in later turns. */
  #deadline: HandshakeDeadline | undefined;
  #opened: Opened | undefined;
  #hasGivenUp = false;

  constructor(server: MemoryServer, link: WorldLink, clock: Clock) {
    this.#server = server;
    this.#link = link;
    this.#clock = clock;
  }

  /**
   * Takes the steps of the handshake.
   *
   * @param canBeSilent - Whether a fault may leave it without an answer, so that it has a time-out.
   * @throws ConnectError with the `status` of a refusal; without one where the link was reset, or
   *   no answer has come within 10 s.
   */
  async open(request: MemoryServer['first'], canBeSilent: boolean): Promise<WorldClient> {
    const timer = canBeSilent && this.#clock.setTimeout(() => this.#giveUp(), HANDSHAKE_TIMEOUT_MS);
    const lost = new Promise<never>((_, reject) => (this.#fail = reject));
    try {
      return await this.#link.opening(
        () => this.#lose(),
        () => Promise.race([this.#exchange(request), lost]),
      );
    } finally {
      this.#clock.clearTimeout(timer);
    }
  }

  async #exchange(request: MemoryServer['first']): Promise<WorldClient> {
    const [toHost, toClient] = this.#link.wires;
    await arrivalOver(toHost);
    let answered = Promise.resolve();
    const started = await begin(this.#server, request, {
      wires: this.#link.wires,
      onWait: (deadline) => (this.#deadline = deadline),
      onAnswer: () => void (answered = arrivalOver(toClient)),
    });
    this.#deadline = undefined;
    if ('run' in started) this.#join(started);
    await answered;
    if ('response' in started) this.#link.close();
    return this.#link.withLink(clientOf(started));
  }

  #join(opened: Opened): void {
    const { client, run, ends } = opened;
    this.#opened = opened;
    this.#link.join({ client, ws: run.ws, reset: () => ends.forEach((end) => end.lose()) });
    if (this.#hasGivenUp) client.terminate();
  }

  /** The link was reset: the host hears of it at once, as on a port. */
  #lose(): void {
    this.#deadline?.end('gone');
    const cause = Object.assign(new Error('socket hang up'), { code: 'ECONNRESET' });
    this.#fail(new ConnectError(undefined, { problem: cause.message, cause }));
  }

  /** The client drops the connection. The host hears of it when that comes over the link. */
  #giveUp(): void {
    this.#hasGivenUp = true;
    this.#opened?.client.terminate();
    this.#link.wires[0](() => this.#deadline?.end('gone'));
    this.#fail(noAnswer());
  }
}

/** The error of a client to which no answer has come in time. */
export function noAnswer(): ConnectError {
  return new ConnectError(undefined, { problem: `no answer within ${HANDSHAKE_TIMEOUT_MS} ms` });
}

/** Resolves when all that a wire was given before has arrived. */
function arrivalOver(wire: Wire): Promise<void> {
  return new Promise((resolve) => {
    wire(resolve);
  });
}
