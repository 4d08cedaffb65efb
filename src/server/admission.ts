// Admits handshakes: opens the session, has the hooks asked (hook-order.ts), has the session
// stored, all within `handshakeTimeoutMs`. The host calls it, for upgrades and for the test kit
// alike, so nothing here knows HTTP: upgrade.ts and answer-to.ts make an answer of the result.

import type { HandshakeAnswer, HandshakeParts } from '../handshake/handshake.ts';
import { OpenHandshake } from '../handshake/handshake.ts';
import { HandshakeDeadline } from '../handshake/handshake-deadline.ts';
import { bodyOf, responseFrom } from '../handshake/hook-response.ts';
import { HookOrder } from './hook-order.ts';
import type { HostHook, MakeServer } from './hook-order.ts';
import { checkHooks } from './server-hooks.ts';
import type { WebSocketServer } from './servable.ts';
import type { SocketId } from './socket-id.ts';
import type { SessionHandle } from '../session/session-handle.ts';
import { unattended } from '../waiting/abortable.ts';
import { TaskQueue } from '../waiting/task-queue.ts';
import type { Clock } from '../time/clock.ts';
import { wallTimeOf } from '../time/real-clock.ts';
import { LinkedList } from '../structures/linked-list.ts';
import type { HandshakeEnd } from '../core/errors.ts';
import { noop } from '../core/noop.ts';
import { isThenable } from '../core/object-like.ts';

/** A handshake that keeps the rules and has a route. */
export interface PendingHandshake extends HandshakeParts {
  readonly socketId: SocketId;
  /** Makes its server. Called once, when the hook of the host has let the client in. */
  readonly makeServer: MakeServer;
  /** The pattern of its route. */
  readonly route: string;
  /** Opens the session of the request; undefined where the host has no sessions. */
  readonly openSession: (() => SessionHandle | Promise<SessionHandle>) | undefined;
}

/** What the session store and the hook have decided. */
type Verdict =
  | {
      readonly kind: 'accepted';
      readonly server: WebSocketServer;
      readonly context: unknown;
      readonly answer: HandshakeAnswer;
    }
  /** The hook has returned a Response; `body` is all of its body. */
  | { readonly kind: 'refused'; readonly response: Response; readonly body: Uint8Array }
  /** The hook has returned false. */
  | { readonly kind: 'forbidden' }
  /** The credential that the hook has read ends before the socket begins. */
  | { readonly kind: 'expired' }
  /** The hook has thrown, or its Response cannot be sent; or the server could not be made. */
  | Failure
  /** The session store is down, or has not answered in time. */
  | { readonly kind: 'unavailable'; readonly error: unknown }
  /** The client has disconnected, the time has passed, or the host closes. */
  | { readonly kind: 'over'; readonly why: HandshakeEnd };

interface Failure {
  readonly kind: 'failed';
  readonly phase: 'onPreServer' | 'handshake';
  readonly error: unknown;
}

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
  /** The hook of the host; undefined where it has none. */
  readonly onPreServer?: HostHook | undefined;
}

/** Admits the handshakes of one host. */
export class Admission {
  readonly #settings: AdmissionSettings;
  /** Runs `maxHandshakes` hooks at once, further ones in order. */
  readonly #hooks: TaskQueue;
  /** The deadlines of the handshakes that are not decided. */
  readonly #deadlines = new LinkedList<HandshakeDeadline>();
  #isClosed = false;

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
    const plain = this.#plain(pending);
    if ('kind' in plain) return onResult(plain);
    const deadline = new HandshakeDeadline(this.#settings.clock, this.#settings.handshakeTimeoutMs);
    this.#deadlines.append(deadline);
    deadline.begin(() => onWait(deadline));
    return this.#decide(plain, deadline, onResult);
  }

  /**
   * Gives the result where there is nothing to wait for: no hook of the host, no session store, and
   * no hook of the server, which is made for that; else the handshake, for which it may be made.
   */
  #plain(pending: PendingHandshake): PendingHandshake | HandshakeResult {
    if (this.#settings.onPreServer !== undefined || pending.openSession !== undefined) return pending;
    try {
      const server = pending.makeServer();
      // Its constructor may have closed the host.
      if (this.#isClosed) return rejected({ kind: 'over', why: 'closing' }, undefined);
      if (isThenable(server)) return { ...pending, makeServer: () => unattended(server) };
      if (server.onPreServer === undefined) return acceptedAtOnce(server, pending.protocol);
      return { ...pending, makeServer: () => server };
    } catch (error) {
      return rejected({ kind: 'failed', phase: 'handshake', error }, undefined);
    }
  }

  /** Ends the handshakes that are not decided. */
  close(): void {
    this.#isClosed = true;
    for (const deadline of this.#deadlines) deadline.end('closing');
  }

  async #decide<T>(
    pending: PendingHandshake,
    deadline: HandshakeDeadline,
    onResult: (result: HandshakeResult) => T,
  ): Promise<T> {
    const decision = await this.#ask(pending, deadline);
    this.#deadlines.remove(deadline);
    deadline.stop();
    return onResult(resultOf(decision, deadline));
  }

  /** Never rejects; where the deadline ends meanwhile the verdict does not count. */
  async #ask(pending: PendingHandshake, { over, clock }: HandshakeDeadline): Promise<Decision> {
    const { makeServer, openSession } = pending;
    let session: SessionHandle | undefined;
    let verdict: Verdict;
    try {
      const opening = openSession?.();
      session = isThenable(opening) ? await over.until(opening, (late) => late.release()) : opening;
    } catch (error) {
      return { verdict: { kind: 'unavailable', error }, session };
    }
    const handshake = new OpenHandshake(pending, session, over);
    const hostHook = this.#settings.onPreServer;
    const order = new HookOrder({ handshake, hostHook, makeServer, hooks: this.#hooks, over });
    try {
      const asking = order.ask();
      const returned: unknown = isThenable(asking) ? await asking : asking;
      // What comes of the hook now has no effect; above all, no session is stored.
      if (over.aborted) throw over.reason;
      const response = responseFrom(returned);
      if (response !== undefined) {
        return { verdict: { kind: 'refused', response, body: await bodyOf(response, over) }, session };
      }
      verdict = verdictOf(returned, order.server, handshake, clock);
    } catch (error) {
      return { verdict: { kind: 'failed', phase: order.phase, error }, session };
    }
    if (verdict.kind !== 'accepted') return { verdict, session };
    try {
      const committing = session?.commit();
      if (committing !== undefined) await over.until(committing);
      return { verdict, session };
    } catch (error) {
      return { verdict: { kind: 'unavailable', error }, session };
    }
  }
}

/** @param server - Undefined where the host has refused: then false was returned. */
function verdictOf(
  returned: unknown,
  server: WebSocketServer | undefined,
  handshake: OpenHandshake,
  clock: Clock,
): Verdict {
  if (returned === false) return { kind: 'forbidden' };
  const answer = handshake.answer();
  if (answer.expiresAt !== undefined && answer.expiresAt <= wallTimeOf(clock)) return { kind: 'expired' };
  return { kind: 'accepted', server: server as WebSocketServer, context: returned, answer };
}

/** Makes the result where there is nothing to wait for. */
export function acceptedAtOnce(server: WebSocketServer, protocol: string): AcceptedHandshake {
  const answer = { sharedConnection: false, protocol, expiresAt: undefined, responseHeaders: undefined };
  return {
    kind: 'accepted',
    server,
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

function resultOf({ verdict, session }: Decision, deadline: HandshakeDeadline): HandshakeResult {
  const { why } = deadline;
  // A store that does not answer within the time counts as one that is down.
  const isStoreSilent = verdict.kind === 'unavailable' && why === 'late';
  if (why !== undefined && !isStoreSilent) return rejected({ kind: 'over', why }, session);
  if (verdict.kind !== 'accepted') return rejected(verdict, session);
  const { kind, server, context, answer } = verdict;
  try {
    // The hook may have changed its server.
    checkHooks('server', server);
  } catch (error) {
    return rejected({ kind: 'failed', phase: 'onPreServer', error }, session);
  }
  return { kind, server, context, answer, setCookie: session?.writeCookie(), session, deadline };
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
