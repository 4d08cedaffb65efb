// What the specs of session/ share: sessions over a store in memory and a virtual clock, sockets
// that count how often they are closed, and a store whose answers can be held back or refused.

import { virtualClock } from 'corosock/testing';
import type { VirtualClock } from 'corosock/testing';
import { sign } from 'cookie-signature';
import type { SessionMember, SessionSocket } from '../../src/session/active-session.ts';
import { MemorySessionStore } from '../../src/session/memory-session-store.ts';
import type { SessionHandle } from '../../src/session/session-handle.ts';
import { sessionSettingsOf } from '../../src/session/session-options.ts';
import type { SessionOptions } from '../../src/session/session-options.ts';
import type { SessionStore } from '../../src/session/session-store.ts';
import { Sessions } from '../../src/session/sessions.ts';
import type { SessionHost } from '../../src/session/sessions.ts';
import { LazySignal } from '../../src/waiting/lazy-signal.ts';

export const SECRET = 'a secret of 32 bytes, as it seems';

/** The Cookie header of a client that has this session. */
export function cookieOf(id: string, secret: string = SECRET, name: string = 'corosock.sid'): string {
  return `${name}=${encodeURIComponent(`s:${sign(id, secret)}`)}`;
}

/** Makes the signal of our own waits of the AbortSignal that a store was given. */
export function overOf(signal: AbortSignal): LazySignal {
  const over = new LazySignal();
  const onAbort = (): void => over.abort(() => signal.reason as unknown);
  if (signal.aborted) onAbort();
  else signal.addEventListener('abort', onAbort, { once: true });
  return over;
}

/** A socket that counts how often it is closed, and then releases its session, as a real one does. */
export class NotedSocket implements SessionSocket {
  closed = 0;
  member: SessionMember | undefined;

  get isEnding(): boolean {
    return this.closed > 0;
  }

  readonly close = (): void => {
    this.closed += 1;
    this.member?.release();
  };
}

/** A {@link SessionStore} that notes its calls, and first awaits what is in `answers` for the call. */
export class NotedStore implements SessionStore {
  readonly calls: string[] = [];
  readonly answers: { [Name in keyof SessionStore]?: () => void | Promise<void> } = {};
  /** There when the store below has one. */
  readonly lock?: NonNullable<SessionStore['lock']>;
  readonly #below: SessionStore;

  constructor(below: SessionStore) {
    this.#below = below;
    if (below.lock !== undefined) this.lock = below.lock.bind(below);
  }

  async get(id: string): Promise<Record<string, unknown> | undefined> {
    await this.#note('get', id);
    return this.#below.get(id);
  }

  async set(id: string, data: Record<string, unknown>, timeoutMs: number): Promise<void> {
    await this.#note('set', id, JSON.stringify(data), timeoutMs);
    await this.#below.set(id, data, timeoutMs);
  }

  async touch(id: string, timeoutMs: number): Promise<void> {
    await this.#note('touch', id, timeoutMs);
    await this.#below.touch(id, timeoutMs);
  }

  async delete(id: string): Promise<void> {
    await this.#note('delete', id);
    await this.#below.delete(id);
  }

  async #note(name: keyof SessionStore, id: string, ...details: readonly unknown[]): Promise<void> {
    this.calls.push([name, id, ...details].join(' '));
    const answer = this.answers[name];
    if (answer !== undefined) await answer();
  }
}

/** Everything a spec of sessions holds. */
export interface Scene {
  readonly clock: VirtualClock;
  readonly store: NotedStore;
  readonly sessions: Sessions;
  /** What `report` got: the phase, and the code of the error, else its message. */
  readonly reports: string[];
  /** Opens a session and lets a socket join it. */
  readonly join: (cookie?: string) => Promise<Joined>;
}

export interface Joined {
  readonly session: SessionHandle;
  readonly socket: NotedSocket;
  readonly member: SessionMember;
}

/** Sets sessions up; `store` and `clock` can be those of another scene. */
export function setScene(
  options: Omit<SessionOptions, 'secret' | 'store'> = {},
  shared: { readonly clock: VirtualClock; readonly store?: SessionStore } = { clock: virtualClock() },
): Scene {
  const { clock } = shared;
  const below = shared.store ?? new MemorySessionStore(clock);
  const store = below instanceof NotedStore ? below : new NotedStore(below);
  const reports: string[] = [];
  const settings = sessionSettingsOf('serve()', { secret: SECRET, store, ...options }, clock);
  const report = (error: unknown, { phase }: { readonly phase: string }): void =>
    void reports.push(`${phase}: ${describeError(error)}`);
  const sessions = new Sessions(settings, { clock, report, peerFaults: unlimited(report) });
  const join = async (cookie?: string): Promise<Joined> => {
    const session = await sessions.open(cookie, false);
    await session.commit();
    const socket = new NotedSocket();
    const member = session.join(socket);
    socket.member = member;
    return { session, socket, member };
  };
  return { clock, store, sessions, reports, join };
}

/** Reports each fault of a client. */
export function unlimited(report: SessionHost['report']): SessionHost['peerFaults'] {
  return { report: (_kind, where, makeError) => report(makeError(), where) };
}

/** A promise and what settles it. */
export function held<T = void>(): {
  readonly promise: Promise<T>;
  readonly resolve: (value: T) => void;
  readonly reject: (error: unknown) => void;
} {
  let resolve: (value: T) => void = () => {};
  let reject: (error: unknown) => void = () => {};
  const promise = new Promise<T>((onResolve, onReject) => {
    resolve = onResolve;
    reject = onReject;
  });
  return { promise, resolve, reject };
}

/** The outcome of a call: its value, or the code or message of its error. */
export async function outcomeOf(call: Promise<unknown> | undefined): Promise<unknown> {
  try {
    return await call;
  } catch (error) {
    return describeError(error);
  }
}

function describeError(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const code = 'code' in error ? String(error.code) : error.message;
  return 'why' in error ? `${code} ${String(error.why)}` : code;
}
