// What a host lets in: so many clients that no handler knows, so many handshakes in a time, so many
// hooks at once, and so many messages that a hook looks at. Each place comes back, whatever happens.

import type { Host, WebSocketServer } from 'corosock';
import { ConnectError } from 'corosock/testing';
import type { WorldClient } from 'corosock/testing';
import { claim } from './scene.ts';
import type { Scenario, Scene } from './scene.ts';

const MOST_UNADMITTED = 2;

/** @returns The status of the refusal, where the host has refused. */
async function enter(scene: Scene, host: Host, path = ''): Promise<WorldClient | number> {
  try {
    return await scene.connect(host, { url: `ws://localhost/${path}` });
  } catch (error) {
    if (!(error instanceof ConnectError) || error.status === undefined) throw error;
    return error.status;
  }
}

/** Clients that say who they are are admitted: others wait outside. */
async function admit(scene: Scene): Promise<void> {
  const { w, dice } = scene;
  const strangers = new Set<string>();
  const host = w.serve(
    async (ws) => {
      const { pathname } = ws.request.url;
      if (pathname !== '/first') strangers.add(pathname);
      if ((await ws.readText())[1] === 'ok') {
        ws.admit();
        strangers.delete(pathname);
        await ws.write('welcome');
        await ws.closed;
      }
      strangers.delete(pathname);
    },
    { maxUnadmitted: MOST_UNADMITTED },
  );
  // Nobody is counted before a handler has admitted a client.
  const first = await scene.connect(host, { url: 'ws://localhost/first' });
  await first.write('hello');
  await scene.hear(first);
  w.always('so many strangers', () => strangers.size <= MOST_UNADMITTED);
  await scene.each(5, 'client', async (at) => {
    for (let visit = 0; visit < 3; visit += 1) {
      await scene.pause(100);
      const ws = await enter(scene, host, `${at}.${visit}`);
      if (typeof ws === 'number') {
        claim(ws === 503, 'another refusal', ws);
        continue;
      }
      await scene.pause(100);
      const isKnown = dice.isLikely(0.6);
      if (isKnown) {
        await ws.write('hello');
        await scene.hear(ws);
      }
      if (dice.isLikely(0.3)) ws.link.reset();
      else await ws.close();
    }
  });
  await w.eventually('all have left', () => host.sockets.size === 1, 60_000);
  const again = [await enter(scene, host, 'a'), await enter(scene, host, 'b'), await enter(scene, host, 'c')];
  claim(
    again.map((ws) => typeof ws).join() === 'object,object,number',
    'places are not free',
    again.map(String),
  );
  await host.close({ graceMs: 0 });
  await scene.claimNoTimers();
}

const HANDSHAKES = { count: 3, perMs: 60_000 };

/** A client may come so often in a time, also where it leaves at once. */
async function hurry(scene: Scene): Promise<void> {
  const { w } = scene;
  const host = w.serve(async (ws) => void (await ws.closed), {
    limitBy: ({ url }) => ({ key: url.pathname, handshakes: HANDSHAKES }),
  });
  await scene.each(2, 'client', async (at) => {
    for (let round = 0; round < 2; round += 1) {
      const statuses: unknown[] = [];
      for (let visit = 0; visit < 5; visit += 1) {
        const ws = await enter(scene, host, String(at));
        statuses.push(typeof ws === 'number' ? ws : 101);
        if (typeof ws !== 'number') await ws.close();
        await scene.pause(200);
      }
      claim(statuses.join() === '101,101,101,429,429', 'other answers', statuses);
      await scene.sleep(HANDSHAKES.perMs);
    }
  });
  await enter(scene, host, 'late');
  await host.close({ graceMs: 0 });
  await scene.claimNoTimers();
}

const MAX_HANDSHAKES = 2;

/** Hooks that take long, fail, or are overtaken by the end of the host: others get their turn. */
async function takeTurns(scene: Scene): Promise<void> {
  const { w, dice } = scene;
  let running = 0;
  const planted = new Error('of a hook');
  const errors: unknown[] = [];
  const server: WebSocketServer<void> = {
    async onPreServer() {
      running += 1;
      await scene.pause(50);
      running -= 1;
      if (dice.isLikely(0.4)) throw planted;
    },
    async server(ws) {
      await ws.closed;
    },
  };
  const host = w.serve(server, { maxHandshakes: MAX_HANDSHAKES, report: (error) => void errors.push(error) });
  w.always('so many hooks', () => running <= MAX_HANDSHAKES);
  await scene.each(10, 'client', async () => {
    await scene.pause(30);
    const ws = await enter(scene, host);
    if (typeof ws === 'number') claim(ws === 500, 'another refusal', ws);
    else await ws.close();
  });
  // These are decided by the end of the host, and never get in.
  const late = scene.each(4, 'late client', async () => {
    await scene.pause(30);
    const ws = await enter(scene, host);
    if (typeof ws === 'number') return claim(ws === 503 || ws === 500, 'another refusal', ws);
    const { code } = await scene.untilClosed(ws);
    claim(code === 1001, 'another end', code);
  });
  await scene.pause(50);
  await host.close({ graceMs: 0 });
  claim(host.sockets.size === 0, 'one is in after the end', host.sockets.size);
  await late;
  const others = errors.filter((error) => error !== planted);
  claim(others.length === 0, 'other errors', others.map(String));
  await scene.claimNoTimers();
}

const FLOOD = 60;

/** One socket floods the pool, another one waits for ever: a third one is served all the same. */
async function pool(scene: Scene): Promise<void> {
  const { w } = scene;
  const errors: unknown[] = [];
  const served = new Map<string, number>();
  const busy = new Set<string>();
  const server: WebSocketServer<void> = {
    onPreServer(handshake) {
      handshake.sharedConnection = true;
    },
    server: () => {},
    async onClientMessage(ws, data) {
      const { pathname } = ws.request.url;
      busy.add(ws.id);
      await scene.sleep(data === 'stay' ? 40_000 : 5);
      busy.delete(ws.id);
      served.set(pathname, (served.get(pathname) ?? 0) + 1);
      return true;
    },
    onPostServer(ws) {
      claim(!busy.has(ws.id), 'the hook still runs');
    },
  };
  const host = w.serve(server, {
    poolSize: 1,
    closeTimeoutMs: 60_000,
    report: (error) => void errors.push(error),
  });
  await scene.each(1, 'client', async () => {
    const [flood, calm, stay] = [
      await scene.connect(host, { url: 'ws://localhost/flood' }),
      await scene.connect(host, { url: 'ws://localhost/calm' }),
      await scene.connect(host, { url: 'ws://localhost/stay' }),
    ];
    for (let at = 0; at < FLOOD; at += 1) void flood.write('x');
    await w.eventually('the flood has begun', () => served.has('/flood'), 60_000);
    await calm.write('x');
    await w.eventually('the calm one is served', () => served.has('/calm'), 60_000);
    claim((served.get('/flood') ?? 0) < FLOOD, 'the flood was served first', [...served]);
    await w.eventually('the flood is served', () => served.get('/flood') === FLOOD, 60_000);
    await stay.write('stay');
    await scene.sleep(1000);
    await calm.write('x');
    const sinceMs = w.clock.now();
    await w.eventually('the calm one is served again', () => served.get('/calm') === 2, 60_000);
    const tookMs = w.clock.now() - sinceMs;
    claim(tookMs > 20_000 && tookMs < 31_000, 'the long call was not in the pool for 30 s', tookMs);
    await stay.close();
  });
  await host.close();
  claim(errors.length === 1 && String(errors[0]).includes('30 s'), 'other errors', errors.map(String));
  await scene.claimNoTimers();
}

export const PLACES: readonly Scenario[] = [
  { name: 'a client that is admitted takes no place of a stranger', play: admit },
  { name: 'a client comes as often as it may', play: hurry },
  { name: 'hooks that fail or are late give their turn to the next', play: takeTurns },
  { name: 'no socket keeps the pool for itself', play: pool },
];
