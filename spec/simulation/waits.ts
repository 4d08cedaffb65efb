// Reads and writes that wait side by side: each ends when it is due, no write waits while there is
// room, and the end of the socket ends all of them. Messages in fragments stay whole.

import type { WebSocketServer, WriteStatus } from 'corosock';
import type { ClientSocket, WorldClient } from 'corosock/testing';
import { ABANDONED, claim, PATIENCE_MS } from './scene.ts';
import type { Scenario, Scene } from './scene.ts';

const WRITE_BUFFER_BYTES = 200;
const TEXTS = [10, 60, 180].map((length) => 'x'.repeat(length));
const CLOSE_TIMEOUT_MS = 5000;

/** Reads of one socket that wait at once: each times out when it is due, and later ones go on. */
async function read(scene: Scene): Promise<void> {
  const { w, dice } = scene;
  const server: WebSocketServer<void> = {
    onPreServer(handshake) {
      handshake.sharedConnection = true;
    },
    async server(ws) {
      const wait = async (): Promise<void> => {
        await scene.pause(10);
        const [sinceMs, timeoutMs] = [w.clock.now(), dice.between(1, 50)];
        const [, status] = await ws.readMessage(timeoutMs);
        const tookMs = w.clock.now() - sinceMs;
        claim(status === 'timeout' && tookMs === timeoutMs, 'not in time', status, tookMs, timeoutMs);
      };
      await Promise.all(Array.from({ length: 6 }, wait));
      const heard = [ws.readText(), ws.readText(PATIENCE_MS), ws.readText(PATIENCE_MS)];
      await ws.write('ready');
      const texts = await Promise.all(heard);
      claim(texts.map(([text]) => text).join() === 'a,b,c', 'heard something else', texts);
      const [, status] = await ws.readText();
      claim(status === 'closed', 'another end', status);
    },
  };
  const host = w.serve(server);
  await scene.each(2, 'client', async () => {
    const ws = await scene.connect(host);
    await scene.hear(ws);
    for (const text of 'abc') await ws.write(text);
    await scene.pause(20);
    await ws.close();
  });
  await host.close();
  await scene.claimNoTimers();
}

/** Writes to a client that takes nothing for a while, and then all or nothing any more. */
async function write(scene: Scene): Promise<void> {
  const { w, dice } = scene;
  const wait = async (ws: Pick<ClientSocket, 'write'>): Promise<WriteStatus | 'aborted'> => {
    const [sinceMs, timeoutMs] = [w.clock.now(), dice.between(1, 50)];
    const kind = dice.pick(['patient', 'timeout', 'signal']);
    const text = dice.pick(TEXTS);
    if (kind === 'patient') return ws.write(text, { timeoutMs: PATIENCE_MS });
    if (kind === 'timeout') {
      const status = await ws.write(text, { timeoutMs });
      const tookMs = w.clock.now() - sinceMs;
      const isInTime = status === 'timeout' ? tookMs === timeoutMs : tookMs <= timeoutMs;
      claim(isInTime, 'not in time', status, tookMs, timeoutMs);
      return status;
    }
    const signal = scene.abortedWithin(50);
    return ws.write(text, { signal }).catch((error: unknown) => {
      claim(error === ABANDONED, 'another error', String(error));
      return 'aborted';
    });
  };
  const ended = new Map<string, readonly string[]>();
  const host = w.serve(
    async (ws) => {
      await ws.read();
      const writing = Promise.all(Array.from({ length: 12 }, () => wait(ws)));
      // Writes that wait leave before the close frame.
      if (dice.isLikely(0.5)) await scene.pause(40);
      else await writing;
      const [sinceMs, end] = [w.clock.now(), ws.endServer()];
      claim((await ws.write('late')) === 'closed', 'wrote behind the close');
      claim(w.clock.now() === sinceMs, 'waited behind the close');
      ended.set(ws.request.url.pathname, await writing);
      await end;
    },
    { writeBufferBytes: WRITE_BUFFER_BYTES, closeTimeoutMs: CLOSE_TIMEOUT_MS },
  );
  w.always('no write waits while there is room', () => {
    for (const { waitingWrites, bufferedBytes } of host.sockets.values())
      claim(waitingWrites.count === 0 || bufferedBytes >= WRITE_BUFFER_BYTES, 'waits', bufferedBytes);
  });
  await scene.each(3, 'client', (at) => stallAndHeal(scene, host, at, ended));
  await host.close();
  await scene.claimNoTimers();
}

/** Stalls the link of a client, and heals or resets it. */
async function stallAndHeal(
  scene: Scene,
  host: Parameters<Scene['connect']>[0],
  at: number,
  ended: ReadonlyMap<string, readonly string[]>,
): Promise<void> {
  const ws: WorldClient = await scene.connect(host, { url: `ws://localhost/${at}` });
  await ws.write('begin');
  ws.link.stall('in');
  await scene.pause(80);
  const isLost = scene.dice.isLikely(0.3);
  let heard = 0;
  const hearing = scene.hearAll(ws, () => void (heard += 1));
  if (isLost) ws.link.reset();
  else ws.link.heal();
  await hearing;
  const statuses = (): readonly string[] => ended.get(`/${at}`) ?? [];
  await scene.w.eventually(`the writes to client ${at + 1} end`, () => statuses().length > 0, 60_000);
  const written = statuses().filter((status) => status === 'ok').length;
  if (isLost) claim(heard <= written, 'heard more than was written', heard, written);
  else claim(heard === written && !statuses().includes('closed'), 'another number', heard, statuses());
}

export const WAITS: readonly Scenario[] = [
  { name: 'each read ends when it is due, or with its message', play: read },
  { name: 'each write ends when it is due, or with its socket', play: write },
];
