// The timer by which `ws` drops a link whose peer does not finish the closing handshake. `ws` sets
// it in real time. acceptor.ts and connector.ts move it to a clock that is not the real one: that
// of a test, or of a world. transport.ts leaves the time to the sink.

import type { Duplex } from 'node:stream';
import type { WebSocket } from './library.ts';
import { MAX_TIMER_MS } from '../../core/limits.ts';
import type { Clock } from '../../time/clock.ts';
import { realClock } from '../../time/real-clock.ts';

/** How long `ws` waits: a field of its version 8. */
const CLOSE_TIMEOUT = '_closeTimeout';
/** Its timer: a field of its version 8, set when the wait begins. */
const CLOSE_TIMER = '_closeTimer';

/**
 * Sets the close timer of a WebSocket on a clock. Changes nothing where that is the real clock.
 *
 * @param stream - The one below the WebSocket. It is destroyed when the time is over.
 */
export function keepCloseTimerOn(clock: Clock, ws: WebSocket, stream: Duplex | undefined): void {
  if (clock === realClock || stream === undefined) return;
  let timer: unknown;
  const set = (ofNode: unknown): void => {
    realClock.clearTimeout(ofNode);
    const ms = Number(Reflect.get(ws, CLOSE_TIMEOUT));
    // None for the longest time: the conversation bounds it.
    if (ms < MAX_TIMER_MS) timer = clock.setTimeout(() => void stream.destroy(), ms);
  };
  Object.defineProperty(ws, CLOSE_TIMER, { set });
  stream.once('close', () => clock.clearTimeout(timer));
}

/** The sink bounds the time from now on: a peer that still takes what was sent has longer. */
export function leaveCloseTimeToSink(ws: WebSocket): void {
  Reflect.set(ws, CLOSE_TIMEOUT, MAX_TIMER_MS);
}
