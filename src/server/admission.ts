// Admits handshakes: opens the session, runs `onPreServer` in its turn, has the session stored,
// all within `handshakeTimeoutMs`. The host calls it, for upgrades and for the test kit alike, so
// nothing here knows HTTP: upgrade.ts and answer-to.ts make an answer of the result.

import type { HandshakeAnswer, HandshakeParts } from '../handshake/handshake.ts';
import { OpenHandshake } from '../handshake/handshake.ts';
import { HandshakeDeadline } from '../handshake/handshake-deadline.ts';
import { bodyOf, responseFrom } from '../handshake/hook-response.ts';
import { checkHooks } from './routes.ts';
import type { WebSocketServer } from './servable.ts';
import type { SocketId } from './socket-id.ts';
import type { SessionHandle } from '../session/session-handle.ts';
import { TaskQueue } from '../waiting/task-queue.ts';
import type { Clock } from '../time/clock.ts';
import { wallTimeOf } from '../time/real-clock.ts';
import { LinkedList } from '../structures/linked-list.ts';
import type { HandshakeEnd } from '../core/errors.ts';
import { noop } from '../core/noop.ts';

/** A handshake that keeps the rules and has a server. */
export interface PendingHandshake extends HandshakeParts {
  readonly socketId: SocketId;
  readonly server: WebSocketServer;
  /** The pattern of its route. */
  readonly route: string;
  /** Opens the session of the request; undefined where the host has no sessions. */
  readonly openSession: (() => SessionHandle | Promise<SessionHandle>) | undefined;
}

/** What the session store and the hook have decided. */
type Verdict =
  | { readonly kind: 'accepted'; readonly context: unknown; readonly answer: HandshakeAnswer }
  /** The hook has returned a Response; `body` is all of its body. */
  | { readonly kind: 'refused'; readonly response: Response; readonly body: Uint8Array }
  /** The credential that the hook has read ends before the socket begins. */
  | { readonly kind: 'expired' }
  /** The hook has thrown, or its Response cannot be sent. */
  | { readonly kind: 'failed'; readonly error: unknown }
  /** The session store is down, or has not answered in time. */
  | { readonly kind: 'unavailable'; readonly error: unknown }
  /** The client has disconnected, the time has passed, or the host closes. */
  | { readonly kind: 'over'; readonly why: HandshakeEnd };

interface Decision {
  readonly verdict: Verdict;
  /** Undefined where the host has none, or could not open it. */
  readonly session: SessionHandle | undefined;
}

/** A handshake of which a conversation comes. */
export type AcceptedHandshake = Extract<Verdict, { kind: 'accepted' }> & {
  /** The value of the `Set-Cookie` header that the answer carries; undefined for none. */
  readonly setCookie: string | undefined;
  /** To be joined by the run; {@link cancel} releases it where no run comes of it. */
  readonly session: SessionHandle | undefined;
  /** Undefined where neither a store nor a hook was asked. */
  readonly deadline: HandshakeDeadline | undefined;
};

/** A handshake of which no conversation comes. Its session is released. */
export type RejectedHandshake = Exclude<Verdict, { kind: 'accepted' }> & {
  readonly setCookie: string | undefined;
};

export type HandshakeResult = AcceptedHandshake | RejectedHandshake;

export interface AdmissionSettings {
  readonly clock: Clock;
  readonly maxHandshakes: number;
  readonly handshakeTimeoutMs: number;
}

/** Admits the handshakes of one host. */
export class Admission {
  readonly #settings: AdmissionSettings;
  /** Runs `maxHandshakes` hooks at once, further ones in order. */
  readonly #hooks: TaskQueue;
  /** The deadlines of the handshakes that are not decided. */
  readonly #deadlines = new LinkedList<HandshakeDeadline>();

  constructor(settings: AdmissionSettings) {
    this.#settings = settings;
    this.#hooks = new TaskQueue(settings.maxHandshakes);
  }

  /**
   * Asks the session store and the hook, and calls back with what has come of it.
   *
   * `onResult` runs in the turn in which the result is made: a close of the host comes before,
   * and makes it `over`, or after, and then finds what `onResult` has begun.
   *
   * @param onWait - Called once, a turn later, where the result is not there by then; gets the
   *   deadline, which can be ended early.
   * @returns What `onResult` returns; at once where neither a store nor a hook is asked.
   */
  admit<T>(
    pending: PendingHandshake,
    onResult: (result: HandshakeResult) => T,
    onWait: (deadline: HandshakeDeadline) => void = noop,
  ): T | Promise<T> {
    if (isPlain(pending)) return onResult(acceptedAtOnce(pending.protocol));
    const deadline = new HandshakeDeadline(this.#settings.clock, this.#settings.handshakeTimeoutMs);
    this.#deadlines.append(deadline);
    deadline.begin(() => onWait(deadline));
    return this.#decide(pending, deadline, onResult);
  }

  /** Ends the handshakes that are not decided. */
  close(): void {
    for (const deadline of this.#deadlines) deadline.end('closing');
  }

  async #decide<T>(
    pending: PendingHandshake,
    deadline: HandshakeDeadline,
    onResult: (result: HandshakeResult) => T,
  ): Promise<T> {
    const decision = await decide(pending, this.#hooks, deadline);
    this.#deadlines.remove(deadline);
    deadline.stop();
    return onResult(resultOf(decision, pending, deadline));
  }
}

/** Whether there is nothing to wait for: neither a session store nor a hook. */
function isPlain({ server, openSession }: PendingHandshake): boolean {
  return server.onPreServer === undefined && openSession === undefined;
}

/** Makes the result where there is nothing to wait for. */
export function acceptedAtOnce(protocol: string): AcceptedHandshake {
  const answer = { sharedConnection: false, protocol, expiresAt: undefined, responseHeaders: undefined };
  return {
    kind: 'accepted',
    context: undefined,
    answer,
    setCookie: undefined,
    session: undefined,
    deadline: undefined,
  };
}

/** Releases an accepted handshake whose 101 cannot be sent: `handshake.signal` aborts. */
export function cancel({ deadline, session }: AcceptedHandshake): void {
  deadline?.end('gone');
  session?.release();
}

/** Never rejects; where the deadline ends meanwhile the verdict does not count. */
async function decide(
  pending: PendingHandshake,
  hooks: TaskQueue,
  { over, clock }: HandshakeDeadline,
): Promise<Decision> {
  const { server, openSession } = pending;
  let session: SessionHandle | undefined;
  let verdict: Verdict;
  try {
    const opening = openSession?.();
    session = opening instanceof Promise ? await over.until(opening, (late) => late.release()) : opening;
  } catch (error) {
    return { verdict: { kind: 'unavailable', error }, session };
  }
  try {
    const handshake = new OpenHandshake(pending, session, over);
    const hook = (): unknown => server.onPreServer?.(handshake) as unknown;
    const context = server.onPreServer && (await hooks.run<unknown>(hook, over));
    // What comes of the hook now has no effect; above all, no session is stored.
    if (over.aborted) throw over.reason;
    const response = responseFrom(context);
    if (response !== undefined) {
      return { verdict: { kind: 'refused', response, body: await bodyOf(response, over) }, session };
    }
    const answer = handshake.answer();
    if (answer.expiresAt !== undefined && answer.expiresAt <= wallTimeOf(clock)) {
      return { verdict: { kind: 'expired' }, session };
    }
    verdict = { kind: 'accepted', context, answer };
  } catch (error) {
    return { verdict: { kind: 'failed', error }, session };
  }
  try {
    if (session !== undefined) await over.until(session.commit());
    return { verdict, session };
  } catch (error) {
    return { verdict: { kind: 'unavailable', error }, session };
  }
}

function resultOf(
  { verdict, session }: Decision,
  { server }: PendingHandshake,
  deadline: HandshakeDeadline,
): HandshakeResult {
  const { why } = deadline;
  // A store that does not answer within the time counts as one that is down.
  const isStoreSilent = verdict.kind === 'unavailable' && why === 'late';
  if (why !== undefined && !isStoreSilent) return rejected({ kind: 'over', why }, session);
  if (verdict.kind !== 'accepted') return rejected(verdict, session);
  try {
    // The hook may have changed its server.
    checkHooks('server', server);
  } catch (error) {
    return rejected({ kind: 'failed', error }, session);
  }
  const { kind, context, answer } = verdict;
  return { kind, context, answer, setCookie: session?.writeCookie(), session, deadline };
}

/**
 * Releases the session. A rejection also carries `Set-Cookie`, because the hook may have created
 * or regenerated the session; a client that has disconnected gets no answer.
 */
function rejected(
  verdict: Exclude<Verdict, { kind: 'accepted' }>,
  session: SessionHandle | undefined,
): RejectedHandshake {
  const isGone = verdict.kind === 'over' && verdict.why === 'gone';
  if (!isGone) return { ...verdict, setCookie: session?.refuse() };
  session?.release();
  return { ...verdict, setCookie: undefined };
}
