// The probe of a link that may have slept with its page. A page cannot ping: the user's function
// sends a message that the server answers, and any message is a sign of life. `reconnection.ts`
// probes when the page wakes.

import { ConnectedSocket } from '../socket/client-socket.ts';
import { afterPoll } from '../time/scheduling.ts';
import type { Clock } from '../time/clock.ts';

/**
 * Time for the answer.
 *
 * @limit Answer to `probe` of `connect.each` | 1006, by 'heartbeat'
 */
const ANSWER_MS = 5000;

/** Probes the sockets of one loop, each once at a time. */
export class LinkProbe {
  readonly #clock: Clock;
  readonly #ask: (ws: ConnectedSocket) => unknown;
  /** The socket whose answer is waited for. */
  #probed: ConnectedSocket | undefined;

  constructor(clock: Clock, ask: (ws: ConnectedSocket) => unknown) {
    this.#clock = clock;
    this.#ask = ask;
  }

  /** Ends the link of a socket unless a message comes in time. */
  look(ws: ConnectedSocket): void {
    if (this.#probed === ws || ws.closeInfo !== undefined) return;
    this.#probed = ws;
    const conversation = ConnectedSocket.conversationOf(ws);
    const { transport } = conversation;
    const received = transport.receivedBytes;
    const fail = (error: unknown): void => conversation.terminate('heartbeat', error as Error);
    const timer = this.#clock.setTimeout(() => {
      this.#probed = undefined;
      // What has come while the page stood still is received first.
      afterPoll(this.#clock, () => {
        if (transport.receivedBytes !== received || conversation.isEnding) return;
        fail(new Error(`The server has not answered the probe in ${ANSWER_MS} ms`));
      });
    }, ANSWER_MS);
    void conversation.closed.then(() => this.#clock.clearTimeout(timer));
    void Promise.resolve(ws).then(this.#ask).catch(fail);
  }
}
