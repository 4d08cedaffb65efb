// Strangers and the memory of a host: as many handshakes as they like end no session of a client
// that is there.

import { settle, virtualClock } from 'corosock/testing';
import { expect, it } from 'vitest';
import { cookieOf, NotedSocket, outcomeOf, SECRET, unlimited } from './session-fixtures.ts';
import { MAX_MEMORY_SESSIONS } from '../../src/session/memory-session-store.ts';
import { sessionSettingsOf } from '../../src/session/session-options.ts';
import { Sessions } from '../../src/session/sessions.ts';

it('S5: 100 000 handshakes without a cookie end no session with a socket, and none with data', async () => {
  const clock = virtualClock();
  const report = (): void => expect.unreachable();
  const settings = sessionSettingsOf('spec', { secret: SECRET }, clock);
  const sessions = new Sessions(settings, { clock, report, peerFaults: unlimited(report) });
  const visit = async (): Promise<{ readonly id: string; readonly socket: NotedSocket }> => {
    const session = await sessions.open(undefined, false);
    await session.commit();
    const socket = new NotedSocket();
    socket.member = session.join(socket);
    return { id: session.id, socket };
  };

  const silent = await visit();
  const away = await sessions.open(undefined, false);
  await away.update((data) => void (data['user'] = 'ann'));
  await away.commit();
  away.refuse();
  for (let visits = 0; visits <= MAX_MEMORY_SESSIONS; visits += 1) (await visit()).socket.close();
  await settle();

  const back = [
    await sessions.open(cookieOf(silent.id), false),
    await sessions.open(cookieOf(away.id), false),
  ];
  const data = await Promise.all(back.map(async (session) => outcomeOf(session.load())));
  expect([silent.socket.closed, back.map(({ id }) => id), data]).toEqual([
    0,
    [silent.id, away.id],
    [{}, { user: 'ann' }],
  ]);
}, 20_000);
