// One active session for the specs of it: over a store that notes its calls, and a clock that is
// moved by hand. Notes, too, when the session is over and when nothing holds it any more.

import { NotedSocket, SECRET } from './session-fixtures.ts';
import { HandClock } from '../time/hand-clock.ts';
import { PendingWork } from '../../src/session/pending-work.ts';
import { ActiveSession } from '../../src/session/active-session.ts';
import type { SessionMember } from '../../src/session/active-session.ts';
import { cookieSettingsOf } from '../../src/session/cookie-options.ts';
import { SessionCookie } from '../../src/session/session-cookie.ts';
import { SessionLock } from '../../src/session/session-lock.ts';
import type { SessionStore } from '../../src/session/session-store.ts';
import { Deadlines } from '../../src/time/deadline.ts';

export const TIMEOUT_MS = 1000;

export interface ActiveScene {
  readonly clock: HandClock;
  readonly session: ActiveSession;
  /** The sessions that are held. */
  readonly active: Map<string, ActiveSession>;
  /** What happened, in order: `over`, `free`, and the calls of the store. */
  readonly events: string[];
  readonly reports: unknown[];
  /** Lets a socket join that releases the session when it is closed. */
  readonly join: () => { readonly socket: NotedSocket; readonly member: SessionMember };
  /** What the store's calls reject with. */
  fail: Error | undefined;
}

export interface Given {
  readonly timeoutMs?: number;
  readonly endOnClose?: boolean;
  readonly set?: () => Promise<void>;
}

/** A session that nothing holds yet. */
export function setActiveScene({ timeoutMs = TIMEOUT_MS, endOnClose = false, set }: Given = {}): ActiveScene {
  const clock = new HandClock();
  const events: string[] = [];
  const reports: unknown[] = [];
  const note = (what: string): void => void events.push(`${clock.nowMs}: ${what}`);
  const answer = async (): Promise<void> => {
    if (scene.fail !== undefined) throw scene.fail;
  };
  const store: SessionStore = {
    get: async () => ({}),
    set: set ?? answer,
    touch(id, ms) {
      note(`touch ${id} ${ms}`);
      return answer();
    },
    delete(id) {
      note(`delete ${id}`);
      return answer();
    },
  };
  const pendingWork = new PendingWork(clock, (error) => reports.push(error));
  const active = new Map<string, ActiveSession>();
  const session = new ActiveSession('id', {
    store,
    lock: new SessionLock(store, pendingWork),
    cookie: new SessionCookie(cookieSettingsOf('spec', 'sid'), [SECRET]),
    clock,
    deadlines: new Deadlines(clock),
    pendingWork,
    timeoutMs,
    endOnClose,
    active,
    memory: undefined,
    endEverywhere: undefined,
  });
  active.set('id', session);
  active.delete = (id) => {
    note(session.isOver ? 'over' : 'free');
    return Map.prototype.delete.call(active, id);
  };
  const join = (): ReturnType<ActiveScene['join']> => {
    session.hold();
    return joined(session);
  };
  const scene: ActiveScene = { clock, session, active, events, reports, join, fail: undefined };
  return scene;
}

/** Lets a socket join a session that is held for it. */
function joined(session: ActiveSession): ReturnType<ActiveScene['join']> {
  const socket = new NotedSocket();
  const member = session.join(socket);
  socket.member = member;
  return { socket, member };
}

/** A session that has just begun, with a socket in it. */
export function begun(given?: Given): ActiveScene & ReturnType<ActiveScene['join']> {
  const scene = setActiveScene(given);
  scene.session.hold();
  scene.session.began(scene.clock.nowMs);
  return { ...scene, ...joined(scene.session) };
}
