// One login for pages and sockets: an Express 5 application and corosock share the
// sessions in a Redis.

import { UsageError } from 'corosock';
import type { Handler, WebSocketServer } from 'corosock';
import { describe, expect, it } from 'vitest';
import { openSite } from '../session/express-site.ts';
import { isRedisHere, withoutRedis } from '../session/redis-server.ts';

/** Answers every question with the question and who is there. */
const who: Handler = async (ws) => {
  for await (const question of ws) {
    const { user = 'nobody' } = (await ws.session?.load()) ?? {};
    await ws.write(`${String(question)} ${String(user)}`);
  }
};

/** Notes what it hears. */
const notes: Handler = async (ws) => {
  for await (const text of ws) {
    await ws.session?.update((data) => {
      data['notes'] = [...((data['notes'] ?? []) as string[]), String(text)];
    });
    await ws.write('noted');
  }
};

/** Logs in with a password, before there is a socket. */
const login: WebSocketServer<string> = {
  async onPreServer({ request, session }) {
    if (request.url.searchParams.get('password') !== 'open sesame') return new Response('', { status: 403 });
    await session?.update((data) => void (data['user'] = 'ann'));
    await session?.regenerate();
    return 'ann';
  },
  async server(ws) {
    await ws.write(`hello ${ws.context}`);
    await ws.closed;
  },
};

describe.skipIf(!isRedisHere)(`a site with Express${withoutRedis}`, { timeout: 30_000 }, () => {
  it('logs in on a page, and the socket knows the user', async () => {
    await using site = await openSite(who);
    const ann = site.visitor();
    const early = await ann.connect('/');
    early.say('who am I?');
    expect(await early.hear()).toBe('who am I? nobody');

    await ann.post('/login/ann');
    early.say('and now?');
    expect(await early.hear()).toBe('and now? ann');

    const later = await ann.connect('/');
    later.say('who am I?');
    expect(await later.hear()).toBe('who am I? ann');

    const bob = await site.visitor().connect('/');
    bob.say('who am I?');
    expect(await bob.hear()).toBe('who am I? nobody');
  });

  it('stores notes in a socket that the page shows, and on the page that the socket finds', async () => {
    await using site = await openSite(notes);
    const ann = site.visitor();
    const talk = await ann.connect('/');
    talk.say('milk');
    await talk.hear();
    await ann.post('/note/bread');
    talk.say('eggs');
    await talk.hear();
    expect(await ann.get('/me')).toEqual({ user: 'nobody', notes: ['milk', 'bread', 'eggs'] });
  });

  it('loses none of the notes that two sockets store at once', async () => {
    await using site = await openSite(notes);
    const ann = site.visitor();
    const first = await ann.connect('/');
    const second = await ann.connect('/');
    for (let n = 0; n < 20; n += 1) {
      first.say(`first ${n}`);
      second.say(`second ${n}`);
    }
    for (let n = 0; n < 20; n += 1) await Promise.all([first.hear(), second.hear()]);
    const { notes: noted } = (await ann.get('/me')) as { notes: string[] };
    const inOrder = (who: string): readonly string[] => Array.from({ length: 20 }, (_, n) => `${who} ${n}`);
    expect(noted.filter((note) => note.startsWith('first'))).toEqual(inOrder('first'));
    expect(noted.filter((note) => note.startsWith('second'))).toEqual(inOrder('second'));
  });

  it('answers a page of the same session while its socket is open and in the middle of an update', async () => {
    let goOn = (): void => {};
    const stuck = new Promise<void>((resolve) => {
      goOn = resolve;
    });
    await using site = await openSite(async (ws) => {
      const update = ws.session?.update(async (data) => {
        data['user'] = 'the socket';
        await ws.write('in the middle');
        await stuck;
      });
      await update;
      await ws.write('done');
      await ws.read();
    });
    const ann = site.visitor();
    const talk = await ann.connect('/');
    expect(await talk.hear()).toBe('in the middle');
    expect(await ann.get('/me')).toEqual({ user: 'nobody', notes: [] });
    goOn();
    expect(await talk.hear()).toBe('done');
    expect(await ann.get('/me')).toEqual({ user: 'the socket', notes: [] });
  });

  it('S3: gives a login a fresh id, which no attacker can have fixed in advance', async () => {
    await using site = await openSite({ '/who': who, '/login': login });
    const thief = site.visitor();
    const spy = await thief.connect('/who');
    // The thief has made ann's browser carry the thief's own cookie.
    const ann = thief.twin();
    const talk = await ann.connect('/login?password=open%20sesame');
    expect(await talk.hear()).toBe('hello ann');
    expect(ann.cookie).not.toBe(thief.cookie);
    expect(await ann.get('/me')).toEqual({ user: 'ann', notes: [] });
    expect(await thief.get('/me')).toEqual({ user: 'nobody', notes: [] });
    expect(await spy.closed).toBe(3008);
    await expect(ann.connect('/login?password=guess')).rejects.toThrow('refused with 403');
    expect(await ann.get('/me')).toEqual({ user: 'ann', notes: [] });
  });

  it('can move a session to a fresh id in onPreServer only', async () => {
    await using site = await openSite(async (ws) => {
      const error: unknown = await ws.session?.regenerate().catch((reason: unknown) => reason);
      await ws.write(error instanceof UsageError ? error.code : 'it was moved');
    });
    expect(await (await site.visitor().connect('/')).hear()).toBe('COROSOCK_TOO_LATE');
  });

  it('ends the sockets of a session that was logged out on a page', async () => {
    await using site = await openSite(who);
    const ann = site.visitor();
    await ann.post('/login/ann');
    const talk = await ann.connect('/');
    const other = await ann.connect('/');
    await ann.post('/logout');
    talk.say('am I still here?');
    expect([await talk.closed, await other.closed]).toEqual([3008, 3008]);
  });

  it('logs out in a socket, and the page knows', async () => {
    await using site = await openSite({
      '/who': who,
      '/logout': async (ws) => {
        await ws.session?.end();
      },
    });
    const ann = site.visitor();
    await ann.post('/login/ann');
    const talk = await ann.connect('/who');
    const leaving = await ann.connect('/logout');
    expect([await leaving.closed, await talk.closed]).toEqual([3008, 3008]);
    expect(await ann.get('/me')).toEqual({ user: 'nobody', notes: [] });
  });

  it('S1: begins a fresh session for a forged cookie, and reports it without its text', async () => {
    await using site = await openSite(who);
    const mallory = site.visitor();
    mallory.cookie = 'shop.sid=s%3Aann-s-id.forged';
    const talk = await mallory.connect('/');
    talk.say('who am I?');
    expect(await talk.hear()).toBe('who am I? nobody');
    expect(mallory.cookie).not.toContain('forged');
    expect(site.reports).toEqual(['COROSOCK_SESSION_COOKIE']);
  });

  it('S7: refuses with 503 while Redis is down, and closes no socket', async () => {
    await using site = await openSite(async (ws) => {
      for await (const text of ws) await ws.write(`you said ${String(text)}`);
    });
    const ann = site.visitor();
    const talk = await ann.connect('/');
    site.redis.destroy();
    await expect(ann.connect('/')).rejects.toThrow('refused with 503');
    talk.say('hello');
    expect(await talk.hear()).toBe('you said hello');
    await site.redis.connect();
    const again = await ann.connect('/');
    again.say('back');
    expect(await again.hear()).toBe('you said back');
  });
});
