// Updates of one session that wait for each other: one at a time, in the order of the calls, and those
// that are given up change nothing, whenever that happens. And sessions that begin, end and get
// another id while handshakes and sockets hold them.

import { getEventListeners } from 'node:events';
import type { ServerSocket, Session, WebSocketServer } from 'corosock';
import { ConnectError } from 'corosock/testing';
import { cookieOf, SECRET } from '../session/session-fixtures.ts';
import { ABANDONED, claim, PATIENCE_MS } from './scene.ts';
import type { Scenario, Scene } from './scene.ts';

const UPDATES = 12;
const LONG_MS = 400;
/** So many turns of promises lie between the end of a change and the next one, and a few more. */
const MICROTURNS = 40;

/** Updates of one socket, side by side. */
class Updates {
  readonly #scene: Scene;
  readonly #session: Session;
  /** Changes that have begun, in their order. */
  readonly #begun: number[] = [];
  #ok = 0;
  #isRunning = false;
  readonly #controllers: readonly AbortController[];

  constructor(scene: Scene, session: Session) {
    this.#scene = scene;
    this.#session = session;
    this.#controllers = Array.from({ length: UPDATES + 1 }, () => new AbortController());
  }

  async play(): Promise<void> {
    await Promise.all(Array.from({ length: UPDATES }, (_, at) => this.#update(at)));
    const { count = 0 } = await this.#session.load();
    claim(count === this.#ok, 'an update was lost', count, this.#ok);
    const isInOrder = this.#begun.every((at, index) => index === 0 || at > (this.#begun[index - 1] ?? NaN));
    claim(isInOrder, 'updates in another order', this.#begun);
    const left = this.#controllers.reduce(
      (sum, { signal }) => sum + getEventListeners(signal, 'abort').length,
      0,
    );
    claim(left === 0, 'listeners are left', left);
  }

  async #update(at: number): Promise<void> {
    const { dice } = this.#scene;
    const { signal } = this.#controllers[at] as AbortController;
    const change = (data: Record<string, unknown>): void | Promise<void> => this.#change(at, data);
    try {
      // The next one is given up at about the moment at which it gets the lock.
      if ((await this.#session.update(change, { signal, timeoutMs: PATIENCE_MS })) === 'ok') this.#ok += 1;
      else claim(false, 'no update in a long time');
    } catch (error) {
      claim(error === ABANDONED, 'another error', String(error));
      this.#isRunning = false;
    }
    if (dice.isLikely(0.1)) await this.#scene.pause(5);
  }

  #change(at: number, data: Record<string, unknown>): void {
    claim(!this.#isRunning, 'two changes at once', at);
    this.#begun.push(at);
    data['count'] = Number(data['count'] ?? 0) + 1;
    if (this.#scene.dice.isLikely(0.7)) void this.#abortSoon(at + 1);
  }

  async #abortSoon(at: number): Promise<void> {
    for (let turns = this.#scene.dice.below(MICROTURNS); turns > 0; turns -= 1) await Promise.resolve();
    this.#controllers[at]?.abort(ABANDONED);
  }
}

/** Updates that are given up one microtask or the other before they get the lock. */
async function giveUp(scene: Scene): Promise<void> {
  const { w } = scene;
  const host = w.serve(
    async (ws) => {
      for (let round = 0; round < 4; round += 1) {
        const session = ws.session as Session;
        await session.update((data) => void delete data['count']);
        await new Updates(scene, session).play();
      }
    },
    { sessions: { secret: SECRET } },
  );
  const ws = await scene.connect(host, { url: 'wss://localhost/' });
  const { code } = await scene.untilClosed(ws);
  claim(code === 1000, 'another end', ws.closeInfo);
  await host.close();
  await scene.claimNoTimers();
}

/** One update takes long: others wait in line, and time out when they are due. */
async function waitInLine(scene: Scene): Promise<void> {
  const { w, dice } = scene;
  const { clock } = w;
  const begun: number[] = [];
  let isHeld = false;
  const host = w.serve(
    async (ws) => {
      const session = ws.session as Session;
      const update = async (at: number): Promise<void> => {
        const sinceMs = clock.now();
        const timeoutMs = dice.isLikely(0.5) ? dice.between(0, LONG_MS - 1) : PATIENCE_MS;
        const status = await session.update(
          async () => {
            claim(!isHeld, 'two changes at once', at);
            claim(clock.now() - sinceMs <= timeoutMs, 'a change that is too late', at);
            isHeld = true;
            begun.push(at);
            await scene.sleep(LONG_MS);
            isHeld = false;
          },
          { timeoutMs },
        );
        const tookMs = clock.now() - sinceMs;
        claim(status === 'ok' || tookMs === timeoutMs, 'not in time', status, tookMs, timeoutMs);
      };
      await Promise.all(Array.from({ length: 8 }, (_, at) => update(at)));
    },
    { sessions: { secret: SECRET } },
  );
  const ws = await scene.connect(host, { url: 'wss://localhost/' });
  const { code } = await scene.untilClosed(ws);
  claim(code === 1000, 'another end', ws.closeInfo);
  claim(
    begun.every((at, index) => index === 0 || at > (begun[index - 1] ?? NaN)),
    'in another order',
    begun,
  );
  await host.close();
  await scene.claimNoTimers();
}

const TIMEOUT_MS = 60_000;
const SECURE = 'wss://localhost/';

/** What the hook does with the session of a handshake. */
type Way = 'keep' | 'regenerate' | 'refuse' | 'end' | 'throw';

/** Hooks that keep, renew, end and refuse sessions, and clients that come back with what they have. */
async function live(scene: Scene): Promise<void> {
  const { w, dice } = scene;
  const endOnClose = dice.isLikely(0.5);
  const sockets = new Map<string, ServerSocket>();
  const planted = new Error('of a hook');
  const errors: unknown[] = [];
  const server: WebSocketServer<void> = {
    async onPreServer(handshake) {
      const session = handshake.session as Session;
      const way = handshake.request.url.searchParams.get('way') as Way;
      await session.update((data) => void (data['visits'] = Number(data['visits'] ?? 0) + 1));
      if (dice.isLikely(0.5)) await scene.pause(20);
      if (way === 'regenerate') await session.regenerate();
      if (way === 'end') await session.end();
      if (way === 'throw') throw planted;
      return way === 'refuse' ? false : undefined;
    },
    async server(ws) {
      sockets.set(ws.request.url.searchParams.get('name') ?? '', ws);
      await ws.closed;
    },
  };
  const host = w.serve(server, {
    sessions: { secret: SECRET, timeoutMs: TIMEOUT_MS, endOnClose },
    report: (error) => void errors.push(error),
  });
  await scene.each(3, 'client', async (at) => {
    let visits = 0;
    const visit = async (way: Way, id?: string): Promise<Visit | undefined> => {
      visits += 1;
      const url = `${SECURE}?way=${way}&name=${at}.${visits}`;
      const headers = id === undefined ? {} : { cookie: cookieOf(id) };
      try {
        const client = await scene.connect(host, { url, headers });
        await w.eventually('the handler runs', () => sockets.has(`${at}.${visits}`), 1000);
        return { client, ws: sockets.get(`${at}.${visits}`) as ServerSocket };
      } catch (error) {
        if (!(error instanceof ConnectError)) throw error;
        claim(error.status === (way === 'refuse' ? 403 : 500), 'another refusal', way, error.status);
        return undefined;
      }
    };
    await comeAndGo(scene, visit, endOnClose);
  });
  await host.close({ graceMs: 0 });
  // Clients come with ids that are over, which is reported.
  const others = errors.filter((error) => error !== planted && !String(error).includes('cookie'));
  claim(others.length === 0, 'other errors', others.map(String));
  await scene.claimNoTimers();
}

interface Visit {
  readonly client: Awaited<ReturnType<Scene['connect']>>;
  readonly ws: ServerSocket;
}

type VisitBy = (way: Way, id?: string) => Promise<Visit | undefined>;

/** One client, which comes again and again. */
async function comeAndGo(scene: Scene, visit: VisitBy, endOnClose: boolean): Promise<void> {
  const first = (await visit('keep')) as Visit;
  const id = first.ws.sessionId as string;
  await visit('refuse', id);
  await visit('throw', id);
  const second = (await visit('keep', id)) as Visit;
  claim(second.ws.sessionId === id, 'a known session was not found');
  const { visits } = (await second.ws.session?.load()) ?? {};
  claim(visits === 4, 'another number of visits', visits);
  // Another id: the sockets of the old one end, its data go on.
  const third = (await visit('regenerate', id)) as Visit;
  for (const { client } of [first, second]) {
    const { code } = await scene.untilClosed(client);
    claim(code === 3008, 'the socket of an old id has another end', code);
  }
  const fresh = third.ws.sessionId as string;
  claim(fresh !== id && (await third.ws.session?.load())?.['visits'] === 5, 'the data did not move', fresh);
  const stranger = (await visit('keep', id)) as Visit;
  claim(![id, fresh].includes(stranger.ws.sessionId as string), 'an old id was found');
  await stranger.client.close();
  // The hook itself ends the session of a socket that comes to be.
  const ended = (await visit('end')) as Visit;
  claim((await scene.untilClosed(ended.client)).code === 3008, 'a session that is over has a socket');
  // These hold nothing.
  for (const way of ['refuse', 'throw'] as const) {
    await visit(way, fresh);
    await visit(way);
  }
  await third.client.close();
  await scene.sleep(1000);
  const again = (await visit('keep', fresh)) as Visit;
  claim((again.ws.sessionId === fresh) !== endOnClose, 'found again, or not', endOnClose);
  await use(scene, again);
  await scene.sleep(0.9 * TIMEOUT_MS);
  const last = (await visit('keep', again.ws.sessionId)) as Visit;
  claim(
    (last.ws.sessionId === again.ws.sessionId) !== endOnClose,
    'it was not kept after its use',
    endOnClose,
  );
  await last.client.close();
}

/** Uses a session now and then, by updates and then by messages, and leaves it. */
async function use(scene: Scene, { client, ws }: Visit): Promise<void> {
  for (let at = 0; at < 3; at += 1) {
    await scene.sleep(0.6 * TIMEOUT_MS);
    claim((await ws.session?.update(() => {})) === 'ok', 'no update');
  }
  for (let at = 0; at < 3; at += 1) {
    await scene.sleep(0.2 * TIMEOUT_MS);
    await client.write('here');
  }
  await scene.sleep(1000);
  claim(client.closeInfo === undefined, 'a session in use has ended', client.closeInfo);
  await client.close();
}

export const LOCKS: readonly Scenario[] = [
  { name: 'an update of a session that is given up holds nothing', play: giveUp },
  { name: 'updates of a session wait in line, as long as they may', play: waitInLine },
  { name: 'a session begins, moves and ends with its handshakes', play: live },
];
