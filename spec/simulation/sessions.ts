// Sessions of two hosts over one store: no update is lost, and the end of a session ends all of its
// sockets.

import { UsageError } from 'corosock';
import type { Handler, Host } from 'corosock';
import type { SessionStore, WorldClient } from 'corosock/testing';
import { cookieOf, SECRET } from '../session/session-fixtures.ts';
import { claim } from './scene.ts';
import type { Scenario, Scene } from './scene.ts';

/** A store beyond a network: each call takes some time, in the order of the calls of one id. */
class SlowStore implements SessionStore {
  readonly #scene: Scene;
  readonly #data = new Map<string, { readonly text: string; untilMs: number }>();
  /** Whether it gives a lock also to a caller that has given up. */
  readonly #isLate: boolean;
  /** When the last call of an id has ended. */
  #last: Promise<unknown> = Promise.resolve();
  #holders: Promise<unknown> = Promise.resolve();
  held = 0;

  constructor(scene: Scene) {
    this.#scene = scene;
    this.#isLate = scene.dice.isLikely(0.5);
  }

  get #nowMs(): number {
    return this.#scene.w.clock.now();
  }

  async #call<T>(run: () => T): Promise<T> {
    const call = this.#last.then(async () => {
      await this.#scene.pause(4);
      return run();
    });
    this.#last = call;
    return call;
  }

  get(id: string): Promise<Record<string, unknown> | undefined> {
    return this.#call(() => {
      const { text = '', untilMs = 0 } = this.#data.get(id) ?? {};
      return untilMs > this.#nowMs ? (JSON.parse(text) as Record<string, unknown>) : undefined;
    });
  }

  set(id: string, data: Record<string, unknown>, timeoutMs: number): Promise<void> {
    const text = JSON.stringify(data);
    return this.#call(() => void this.#data.set(id, { text, untilMs: this.#nowMs + timeoutMs }));
  }

  touch(id: string, timeoutMs: number): Promise<void> {
    return this.#call(() => {
      const kept = this.#data.get(id);
      if (kept !== undefined) kept.untilMs = this.#nowMs + timeoutMs;
    });
  }

  delete(id: string): Promise<void> {
    return this.#call(() => void this.#data.delete(id));
  }

  async lock(_: string, { signal }: { readonly signal: AbortSignal }): Promise<() => Promise<void>> {
    const before = this.#holders;
    let release: () => void = () => {};
    this.#holders = new Promise<void>((resolve) => void (release = resolve));
    await before;
    if (signal.aborted && !this.#isLate) {
      release();
      throw signal.reason;
    }
    this.held += 1;
    return async () => {
      await this.#scene.pause(4);
      this.held -= 1;
      release();
    };
  }
}

const ID = 'one-session';
const COOKIE = { headers: { cookie: cookieOf(ID) } };

interface Hosts {
  readonly hosts: readonly [Host, Host];
  readonly store: SlowStore;
}

async function hostsOf(scene: Scene, handler: Handler, timeoutMs: number = 3_600_000): Promise<Hosts> {
  const store = new SlowStore(scene);
  await store.set(ID, { count: 0 }, timeoutMs);
  const sessions = { secret: SECRET, store, timeoutMs };
  return { hosts: [scene.w.serve(handler, { sessions }), scene.w.serve(handler, { sessions })], store };
}

/**
 * Sockets of two hosts count in one session, or of one where the store has no lock. Some updates
 * time out, some clients leave.
 */
async function count(scene: Scene): Promise<void> {
  let counted = 0;
  const isShared = scene.dice.isLikely(0.7);
  const { hosts, store } = await hostsOf(scene, async (ws) => {
    for (let update = 0; update < 4; update += 1) {
      const timeoutMs = scene.dice.isLikely(0.3) ? scene.dice.below(40) : 60_000;
      const status = await ws.session?.update(
        async (data) => {
          const before = Number(data['count']);
          await scene.pause(5);
          data['count'] = before + 1;
        },
        { timeoutMs },
      );
      claim(status === 'ok' || timeoutMs < 60_000, 'no update in a minute', status);
      if (status === 'ok') counted += 1;
    }
  });
  if (!isShared) Object.assign(store, { lock: undefined });
  await scene.each(4, 'client', async (at) => {
    await scene.pause(20);
    const ws = await scene.connect(hosts[isShared ? at % 2 : 0] as Host, COOKIE);
    if (scene.dice.isLikely(0.3)) {
      await scene.pause(40);
      ws.link.reset();
    }
    await scene.hearAll(ws, () => {});
  });
  for (const host of hosts) await host.close();
  const data = await store.get(ID);
  claim(data?.['count'] === counted, 'an update was lost', data, counted);
  // A lock that the store gives late is given back then.
  await scene.w.eventually('all locks are given back', () => store.held === 0, 1000);
}

/** The end of a session ends its sockets of this host with 3008, and no update brings it back. */
async function end(scene: Scene): Promise<void> {
  const { w } = scene;
  let isOver = false;
  const { hosts, store } = await hostsOf(scene, async (ws) => {
    try {
      for (;;) {
        const [text, status] = await ws.readText(scene.dice.between(1, 30));
        if (status === 'closed') return;
        if (text === 'leave') {
          await ws.session?.end();
          isOver = true;
          return;
        }
        await ws.session?.update((data) => void (data['at'] = w.clock.now()));
      }
    } catch (error) {
      const isEnd = error instanceof UsageError && error.code === 'COROSOCK_SESSION_OVER';
      if (!isEnd) throw error;
    }
  });
  const [host] = hosts;
  const clients: WorldClient[] = [];
  for (let at = 0; at < 4; at += 1) clients.push(await scene.connect(host, COOKIE));
  await scene.pause(60);
  await clients[0]?.write('leave');
  for (const client of clients) claim((await client.closed).code === 3008, 'another end', client.closeInfo);
  await w.eventually('the session is over', () => isOver, 60_000);
  claim((await store.get(ID)) === undefined, 'the session has come back');
  for (const each of hosts) await each.close();
}

/** A log-out beside the host deletes a session while an update changes it: that brings nothing back. */
async function logOut(scene: Scene): Promise<void> {
  let isRefused = false;
  const { hosts, store } = await hostsOf(scene, async (ws) => {
    if (ws.request.url.pathname !== '/') return void (await ws.closed);
    try {
      await ws.session?.update(async (data) => {
        await store.delete(ID);
        data['count'] = 1;
      });
    } catch (error) {
      isRefused = error instanceof UsageError && error.code === 'COROSOCK_SESSION_OVER';
    }
  });
  const [host] = hosts;
  const other = await scene.connect(host, { ...COOKIE, url: 'ws://localhost/other' });
  const client = await scene.connect(host, COOKIE);
  for (const ws of [client, other]) {
    const { code } = await ws.closed;
    claim(code === 3008, 'another end', code);
  }
  claim(isRefused && (await store.get(ID)) === undefined, 'the session has come back', isRefused);
  for (const each of hosts) await each.close();
  await scene.claimNoTimers();
}

const TIMEOUT_MS = 2000;

/** A session lives while one of its sockets is in use, and ends all of them when none is. */
async function timeOut(scene: Scene): Promise<void> {
  const { w } = scene;
  const { hosts, store } = await hostsOf(scene, async (ws) => void (await ws.closed), TIMEOUT_MS);
  const [host] = hosts;
  const active = await scene.connect(host, COOKIE);
  const silent = await scene.connect(host, COOKIE);
  for (let at = 0; at < 12; at += 1) {
    await scene.pause(TIMEOUT_MS / 2);
    await active.write('here');
  }
  const lastMs = w.clock.now();
  claim((await store.get(ID)) !== undefined, 'the store has forgotten a session in use');
  for (const client of [active, silent]) {
    const { code } = await client.closed;
    const tookMs = w.clock.now() - lastMs;
    claim(code === 3008 && tookMs >= TIMEOUT_MS && tookMs < 2 * TIMEOUT_MS, 'another end', code, tookMs);
  }
  for (const each of hosts) await each.close();
  await scene.claimNoTimers();
}

export const SESSIONS: readonly Scenario[] = [
  { name: 'no update of a session is lost, over two hosts', play: count, faults: 'cruel' },
  { name: 'a session that has ended ends its sockets, and stays away', play: end },
  { name: 'a session that is deleted during an update stays away', play: logOut },
  { name: 'a session in use lives on, and a silent one ends', play: timeOut },
];
