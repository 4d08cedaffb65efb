// Before the 101: the session, the hook's turn, the body of its Response, and what
// comes of them. The stream that waits is early-data.ts's; how it is answered is
// the upgrade's.

import type { HandshakeAnswer, HandshakeParts } from '../handshake/handshake.ts';
import { OpenHandshake } from '../handshake/handshake.ts';
import { responseFrom } from '../handshake/hook-response.ts';
import type { WebSocketServer } from './servable.ts';
import type { SocketId } from './socket-id.ts';
import type { SessionHandle } from '../session/session-handle.ts';
import { unattended } from '../waiting/abortable.ts';
import type { LazySignal } from '../waiting/lazy-signal.ts';
import type { TaskQueue } from '../waiting/task-queue.ts';

/** A conversation that may come to be. */
export interface PendingHandshake extends HandshakeParts {
  readonly socketId: SocketId;
  readonly server: WebSocketServer;
  /** Opens the session of the request; undefined where there are none. */
  readonly openSession: (() => SessionHandle | Promise<SessionHandle>) | undefined;
}

/** A conversation that comes to be. */
export interface AcceptedHandshake {
  readonly kind: 'accepted';
  readonly context: unknown;
  readonly answer: HandshakeAnswer;
  /** To be joined; see {@link Unserved} where that fails. */
  readonly opened: SessionHandle | undefined;
}

/** What has become of the session where there is no conversation. */
interface Unserved {
  /** To be refused by who answers, or released where nobody is left. */
  readonly opened: SessionHandle | undefined;
}

/** A conversation that the hook does not want. */
export interface Refused extends Unserved {
  readonly kind: 'refused';
  readonly response: Response;
  /** That of the response, whole. */
  readonly body: Uint8Array;
}

/**
 * What has come of a handshake. `failed`: the hook has thrown, or its Response is none.
 * `unavailable`: the sessions are not to be had, or were not when it was over. `over`:
 * there was nobody left to answer, or no time.
 */
export type HandshakeResult =
  | AcceptedHandshake
  | Refused
  | (Unserved & { readonly kind: 'failed' | 'unavailable'; readonly error: unknown })
  | (Unserved & { readonly kind: 'over' });

/** Whether there is nothing to wait for: neither a session nor a hook. */
export function isPlain({ server, openSession }: PendingHandshake): boolean {
  return server.onPreServer === undefined && openSession === undefined;
}

/** The verdict where there is nothing to wait for. */
export function acceptedAtOnce(protocol: string): AcceptedHandshake {
  const answer = { sharedConnection: false, protocol, responseHeaders: undefined };
  return { kind: 'accepted', context: undefined, answer, opened: undefined };
}

/**
 * Opens the session, runs the hook when its turn comes, and has the session stored
 * that it wants. Never rejects.
 *
 * @param over - Ends the wait for the store, in the queue, in the hook or for the end
 *   of its Response; what the hook does afterwards has no effect.
 */
export async function prepare(
  arrival: PendingHandshake,
  admission: TaskQueue,
  over: LazySignal,
): Promise<HandshakeResult> {
  const { server, openSession } = arrival;
  let opened: SessionHandle | undefined;
  let accepted: AcceptedHandshake;
  try {
    const opening = openSession?.();
    opened = opening instanceof Promise ? await over.until(opening, (late) => late.release()) : opening;
  } catch (error) {
    return { kind: 'unavailable', error, opened: undefined };
  }
  try {
    const handshake = new OpenHandshake(arrival, opened, over);
    const hook = (): unknown => server.onPreServer?.(handshake) as unknown;
    const context = server.onPreServer && (await admission.run<unknown>(hook, over));
    if (over.aborted) return { kind: 'over', opened };
    const response = responseFrom(context);
    if (response !== undefined) {
      const body = await bodyOf(response, over);
      return { kind: 'refused', response, body, opened };
    }
    accepted = { kind: 'accepted', context, answer: handshake.answer(), opened };
  } catch (error) {
    return over.aborted ? { kind: 'over', opened } : { kind: 'failed', error, opened };
  }
  try {
    if (opened !== undefined) await over.until(opened.commit());
    return accepted;
  } catch (error) {
    return { kind: 'unavailable', error, opened };
  }
}

/**
 * Reads a copy of a hook's Response to its end: it is sent with its length. What the
 * hook reads it from is cancelled when the signal aborts, and not waited for.
 */
async function bodyOf(response: Response, over: LazySignal): Promise<Uint8Array> {
  if (response.status < 200) throw new RangeError(`A response of status ${response.status} is no answer`);
  const chunks: Uint8Array[] = [];
  const sink = new WritableStream<Uint8Array>({ write: (chunk) => void chunks.push(chunk) });
  const { body } = response.clone();
  try {
    if (body !== null) await over.until(body.pipeTo(sink, { signal: over.signal }));
  } catch (error) {
    // The source goes on for as long as one of the two is not cancelled.
    if (response.body !== null) void unattended(response.body.cancel(error));
    throw error;
  }
  return Buffer.concat(chunks);
}
