// Places: a host lets in so many at once and of each key, gives the place of each that leaves to the
// next, and forgets the ids of those that have gone. And the messages that a hook is offered first.

import type { WebSocketServer } from 'corosock';
import { ConnectError } from 'corosock/testing';
import type { WorldClient } from 'corosock/testing';
import { claim, claimPrefix } from './scene.ts';
import type { Scenario, Scene } from './scene.ts';

const MOST = 3;
const MOST_OF_KEY = 2;

/** Clients come and go, some by a reset. In the end all places are free. */
async function comeAndGo(scene: Scene): Promise<void> {
  const { w } = scene;
  const ids: string[] = [];
  const server: WebSocketServer<void> = {
    async onPreServer(handshake) {
      handshake.sharedConnection = true;
      if (scene.dice.isLikely(0.5)) await scene.pause(20);
    },
    server: (ws) => void ids.push(ws.id),
  };
  const limitBy = ({
    url,
  }: {
    readonly url: URL;
  }): { readonly key: string; readonly maxSockets: number } => ({
    key: url.pathname,
    maxSockets: MOST_OF_KEY,
  });
  const host = w.serve(server, { maxSockets: MOST, limitBy });
  w.always('so many at once', () => host.sockets.size <= MOST);
  const enter = async (key: number): Promise<WorldClient | undefined> => {
    try {
      return await w.connect(host, { url: `ws://localhost/${key}` });
    } catch (error) {
      if (!(error instanceof ConnectError)) throw error;
      claim(error.status === 503 || error.status === 429, 'another refusal', error.status);
      return undefined;
    }
  };
  await scene.each(6, 'client', async (at) => {
    for (let visit = 0; visit < 4; visit += 1) {
      await scene.pause(30);
      const ws = await enter(at % 3);
      await scene.pause(30);
      if (scene.dice.isLikely(0.3)) ws?.link.reset();
      else await ws?.close();
    }
  });
  await w.eventually('all have gone', () => host.sockets.size === 0, 60_000);
  for (const id of ids) {
    const [, status] = await host.openServer(id);
    claim(status === 'not-found', 'one that has gone was found', status);
  }
  const again = [await enter(0), await enter(0), await enter(0), await enter(1), await enter(2)];
  const isIn = again.map((ws) => ws !== undefined).join();
  claim(isIn === 'true,true,false,true,false', 'places are not free again', isIn);
  await host.close();
}

const MESSAGES = 24;

/** The hook is offered each message once and in order, and readers get those that it leaves. */
async function offer(scene: Scene): Promise<void> {
  const { w } = scene;
  const offered = new Map<string, number[]>();
  const read = new Map<string, number[]>();
  const listOf = (lists: Map<string, number[]>, path: string): number[] => {
    const list = lists.get(path) ?? [];
    lists.set(path, list);
    return list;
  };
  const busy = new Set<string>();
  const server: WebSocketServer<void> = {
    onPreServer(handshake) {
      handshake.sharedConnection = true;
    },
    async server(ws) {
      const list = listOf(read, ws.request.url.pathname);
      for (;;) {
        const [text, status] = await ws.readText({ timeoutMs: scene.dice.between(1, 40) });
        if (status === 'closed') return;
        if (status === 'ok') list.push(Number(text));
      }
    },
    async onClientMessage(ws, data) {
      const { pathname } = ws.request.url;
      claim(!busy.has(pathname), 'a hook runs twice at once', pathname);
      busy.add(pathname);
      if (scene.dice.isLikely(0.5)) await scene.pause(20);
      busy.delete(pathname);
      listOf(offered, pathname).push(Number(data));
      return Number(data) % 3 === 0;
    },
  };
  const host = w.serve(server, { poolSize: 2 });
  const all = Array.from({ length: MESSAGES }, (_, at) => at);
  const left = all.filter((at) => at % 3 !== 0);
  await scene.each(3, 'client', async (at) => {
    const ws = await scene.connect(host, { url: `ws://localhost/${at}` });
    const [hook, reader] = [listOf(offered, `/${at}`), listOf(read, `/${at}`)];
    w.always(`order of client ${at + 1}`, () => {
      claimPrefix('offered in another order', hook, all);
      claimPrefix('read in another order', reader, left);
    });
    for (const message of all) {
      void ws.write(String(message));
      if (scene.dice.isLikely(0.2)) await scene.pause(30);
    }
    const isDone = (): boolean => hook.length === all.length && reader.length === left.length;
    if (!scene.mayLose) await w.eventually(`client ${at + 1} was heard`, isDone, 60_000);
    await ws.close();
  });
  await host.close({ graceMs: 0 });
}

export const ADMISSION: readonly Scenario[] = [
  { name: 'a place that is left is free for the next', play: comeAndGo },
  { name: 'a hook is offered each message first, readers get the rest', play: offer, faults: 'cruel' },
];
