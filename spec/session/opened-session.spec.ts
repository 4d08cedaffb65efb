// A session between request and answer: the cookie that the answer carries, and what
// is left when no socket comes of it.

import { parseSetCookie } from 'cookie';
import { settle } from 'corosock/testing';
import { describe, expect, it } from 'vitest';
import { cookieOf, NotedMember, setScene } from './session-fixtures.ts';

describe('setCookie', () => {
  it.each([false, true])('tells a client of a fresh session (over TLS: %s)', async (isSecure) => {
    const { sessions } = setScene();
    const opened = await sessions.open(undefined, isSecure);
    const { name, value, secure = false } = parseSetCookie(opened.setCookie() ?? '');
    expect([`${name}=${encodeURIComponent(value ?? '')}`, secure]).toEqual([
      cookieOf(opened.session.id),
      isSecure,
    ]);
  });

  it('tells a client nothing that it knows', async () => {
    const { sessions, join } = setScene();
    const { session } = (await join()).opened;
    expect((await sessions.open(cookieOf(session.id), false)).setCookie()).toBe(undefined);
  });

  it('S3: tells a client of the fresh id of its session', async () => {
    const { sessions, join } = setScene();
    const { session } = (await join()).opened;
    const opened = await sessions.open(cookieOf(session.id), false);
    await opened.session.regenerate();
    expect(opened.setCookie()).toContain(encodeURIComponent(`s:${opened.session.id}.`));
  });

  it('tells nothing of a session that was ended in the hook', async () => {
    const { sessions } = setScene();
    const opened = await sessions.open(undefined, false);
    await opened.session.end();
    expect(opened.setCookie()).toBe(undefined);
  });
});

describe('join', () => {
  it('closes a socket whose session was ended meanwhile, soon', async () => {
    const { sessions, join } = setScene();
    const { session } = (await join()).opened;
    const opened = await sessions.open(cookieOf(session.id), false);
    await session.end();
    const member = new NotedMember();
    opened.join(member);
    await settle();
    expect(member.closed).toBe(1);
  });
});

describe('discard', () => {
  it('deletes a fresh session that the client was not told of', async () => {
    const { sessions, store } = setScene();
    const opened = await sessions.open(undefined, false);
    opened.discard();
    await settle();
    expect([await store.get(opened.session.id), sessions.size]).toEqual([undefined, 0]);
  });

  it('keeps a fresh session whose cookie was sent with a refusal', async () => {
    const { sessions, store } = setScene();
    const opened = await sessions.open(undefined, false);
    opened.setCookie();
    opened.discard();
    await settle();
    expect([await store.get(opened.session.id), sessions.size]).toEqual([{}, 0]);
  });

  it('keeps a session that the client knew', async () => {
    const { sessions, store, join } = setScene();
    const { opened: first, member } = await join();
    const opened = await sessions.open(cookieOf(first.session.id), false);
    opened.discard();
    await settle();
    expect([await store.get(first.session.id), member.closed]).toEqual([{}, 0]);
  });

  it('reports a store that cannot delete', async () => {
    const { sessions, store, reports } = setScene();
    const opened = await sessions.open(undefined, false);
    store.answers.delete = () => Promise.reject(new Error('the store is down'));
    opened.discard();
    await settle();
    expect(reports).toEqual(['session: the store is down']);
  });
});
