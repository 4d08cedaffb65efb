// A store that never answers: each call of a session rejects within `storeTimeoutMs`, locks are
// free again, and what the store does late harms nothing.

import { settle } from 'corosock/testing';
import { describe, expect, it } from 'vitest';
import { cookieOf, held, outcomeOf, setScene } from './session-fixtures.ts';
import type { Scene } from './session-fixtures.ts';
import type { Session } from '../../src/session/session.ts';

const SILENT = 'COROSOCK_SESSION_STORE';
const options = { storeTimeoutMs: 500 };

type Call = 'get' | 'set' | 'delete' | 'touch';
const CALLS: readonly Call[] = ['get', 'set', 'delete', 'touch'];

/**
 * Makes the store silent from the first of some calls on, until it is to answer. Its calls take
 * effect in their order, as the port says.
 */
function silence({ store }: Scene, ...from: readonly Call[]): () => void {
  const answering = held();
  let isSilent = false;
  for (const call of CALLS) {
    store.answers[call] = async () => {
      isSilent ||= from.includes(call);
      if (isSilent) await answering.promise;
    };
  }
  return () => {
    for (const call of CALLS) delete store.answers[call];
    answering.resolve();
  };
}

describe('S7: while the store is silent', () => {
  it.each<[string, Call, (session: Session) => Promise<unknown>]>([
    ['load', 'get', (session) => session.load()],
    ['update, which reads', 'get', (session) => session.update(() => {})],
    ['update, which writes', 'set', (session) => session.update(() => {})],
    ['end', 'delete', (session) => session.end()],
  ])('%s rejects in time, and frees the lock', async (_, call, use) => {
    const scene = setScene(options);
    const { session } = await scene.join();
    silence(scene, call);
    let outcome: unknown;
    void outcomeOf(use(session)).then((given) => (outcome = given));
    await scene.clock.advance(499);
    expect(outcome).toBe(undefined);
    await scene.clock.advance(1);
    expect([outcome, scene.sessions.locks]).toEqual([SILENT, 0]);
  });

  it('no socket is closed, and an update works when the store answers again', async () => {
    const scene = setScene(options);
    const { session, socket } = await scene.join();
    const answer = silence(scene, 'get', 'set');
    const silent = outcomeOf(session.update((data) => void (data['n'] = 1)));
    await scene.clock.advance(500);
    answer();
    const ok = await session.update((data) => void (data['n'] = 2));
    expect([await silent, ok, await session.load(), socket.closed]).toEqual([SILENT, 'ok', { n: 2 }, 0]);
  });

  it('a handshake ends, and holds its session no longer', async () => {
    const scene = setScene(options);
    const opening = outcomeOf(Promise.resolve(scene.sessions.open(cookieOf('known'), false)));
    silence(scene, 'get');
    const silent = outcomeOf(Promise.resolve(scene.sessions.open(cookieOf('other'), false)));
    await scene.clock.advance(500);
    expect([await silent, (await opening) instanceof Object, scene.sessions.size]).toEqual([SILENT, true, 1]);
  });

  it('end still closes the sockets at once', async () => {
    const scene = setScene(options);
    const { session, socket } = await scene.join();
    silence(scene, 'delete');
    void session.end().catch(() => {});
    expect(socket.closed).toBe(1);
  });

  it('the shut-down waits for no call longer than that', async () => {
    const scene = setScene(options);
    const { member } = await scene.join();
    silence(scene, 'touch');
    await scene.clock.advance(300_000);
    member.active();
    let isSettled = false;
    void scene.sessions.whenSettled().then(() => (isSettled = true));
    await scene.clock.advance(500);
    expect([isSettled, scene.reports.includes(`session: ${SILENT}`)]).toEqual([true, true]);
  });
});

describe('a store that answers late', () => {
  it('keeps nothing of a fresh session whose handshake has failed meanwhile', async () => {
    const scene = setScene(options);
    const session = await scene.sessions.open(undefined, false);
    const answer = silence(scene, 'set');
    const committed = outcomeOf(session.commit());
    await scene.clock.advance(500);
    expect([await committed, session.refuse()]).toEqual([SILENT, undefined]);
    await settle();
    answer();
    await settle();
    expect(await scene.store.get(session.id)).toBe(undefined);
  });

  it('keeps nothing of a handshake that was over before it was silent for too long', async () => {
    const scene = setScene(options);
    const session = await scene.sessions.open(undefined, false);
    const answer = silence(scene, 'set');
    const committed = outcomeOf(session.commit());
    session.release();
    await scene.clock.advance(500);
    answer();
    await settle();
    expect([await committed, await scene.store.get(session.id)]).toEqual([SILENT, undefined]);
  });

  it.each(['set', 'delete'] as const)(
    'leaves the data under the old id where regenerate has failed: at its %s',
    async (call) => {
      const scene = setScene(options);
      await scene.store.set('known', { user: 'ann' }, Infinity);
      const session = await scene.sessions.open(cookieOf('known'), false);
      const answer = silence(scene, call);
      const before = scene.store.calls.length;
      const moved = outcomeOf(session.regenerate());
      await scene.clock.advance(500);
      answer();
      await scene.clock.advance(500);
      const [fresh = ''] = scene.store.calls
        .slice(before)
        .flatMap((text) => (text.startsWith('set ') ? [text.split(' ')[1] ?? ''] : []));
      const [old, left] = [await scene.store.get('known'), await scene.store.get(fresh)];
      expect([await moved, session.id, old, left]).toEqual([SILENT, 'known', { user: 'ann' }, undefined]);
    },
  );
});
