// Clients that write as fast as they can, and ends that read slowly or not at all: what an end keeps
// is bounded, and each that reads gets everything.

import type { Handler, ServerSocket } from 'corosock';
import { MESSAGE_OVERHEAD_BYTES } from '../../src/core/limits.ts';
import { claim, claimPrefix, Scene } from './scene.ts';
import type { Scenario, World } from './scene.ts';

const QUEUE_MESSAGES = 6;
const WRITE_BUFFER_BYTES = 500;
const LONGEST = 100;
/** Below the mark a write is accepted whole. */
const MOST_BUFFERED = WRITE_BUFFER_BYTES - 1 + LONGEST + MESSAGE_OVERHEAD_BYTES;
const OPTIONS = { queueMessages: QUEUE_MESSAGES, queueBytes: 4096, writeBufferBytes: WRITE_BUFFER_BYTES };

/** The writes that are not awaited: `write` accepts one whole message beyond its mark, no more. */
async function writeMany(scene: Scene, ws: Pick<ServerSocket, 'write'>, count: number): Promise<string[]> {
  const texts = Array.from({ length: count }, (_, at) =>
    `${at} `.padEnd(scene.dice.between(4, LONGEST), 'x'),
  );
  await Promise.all(texts.map((text) => ws.write(text)));
  return texts;
}

/** Floods slow handlers, and claims the bound after each step. */
async function flood(w: World): Promise<void> {
  const scene = new Scene(w);
  const got = new Map<string, string[]>();
  const slow: Handler = async (ws) => {
    const list: string[] = [];
    got.set(ws.request.url.pathname, list);
    for (let status = 'ok'; status !== 'closed';) {
      await scene.pause(20);
      const [data, next] = await ws.readMessage();
      if (next === 'ok') list.push(String(data));
      status = next;
    }
  };
  const host = w.serve(slow, OPTIONS);
  w.always('bounded queues', () => {
    for (const { queued } of host.sockets.values())
      claim(queued.messages <= QUEUE_MESSAGES + 1, 'a queue is too long', queued);
  });
  await scene.each(3, 'client', async (at) => {
    const ws = await w.connect(host, { url: `ws://localhost/${at}` });
    w.always(`bounded writes of client ${at + 1}`, () =>
      claim(ws.bufferedBytes <= MOST_BUFFERED, 'buffers too much', ws.bufferedBytes),
    );
    const texts = await writeMany(scene, ws, 30);
    await ws.close();
    const read = got.get(`/${at}`) ?? [];
    await w.eventually(`client ${at + 1} was read`, () => read.length === texts.length, 60_000);
    claimPrefix('read in another order', read, texts);
  });
  await host.close();
}

/** One client reads nothing: the others get all that is told, and no buffer grows. */
async function stall(w: World): Promise<void> {
  const scene = new Scene(w);
  const told: string[] = [];
  const host = w.serve(async (ws) => void (await ws.closed), { ...OPTIONS, writeTimeoutMs: 5000 });
  w.always('bounded buffers', () => {
    for (const { bufferedBytes, waitingWrites } of host.sockets.values()) {
      claim(bufferedBytes <= MOST_BUFFERED, 'buffers too much', bufferedBytes);
      claim(waitingWrites.count === 0, 'a write waits that has no time to wait');
    }
  });
  const stalled = await w.connect(host);
  stalled.link.stall('in');
  const tell = async (): Promise<void> => {
    for (let at = 0; at < 40; at += 1) {
      const text = `${at} `.padEnd(LONGEST, 'x');
      told.push(text);
      for (const ws of host.sockets.values()) void ws.write(text, { timeoutMs: 0 });
      await scene.sleep(scene.dice.between(1, 10));
    }
    await host.close();
  };
  const readers = scene.each(3, 'reader', async () => {
    const heard: string[] = [];
    const ws = await w.connect(host);
    for await (const message of ws) heard.push(String(message));
    claimPrefix('missed a message', heard, told.slice(told.indexOf(heard[0] ?? '')));
    claim(heard.at(-1) === told.at(-1), 'missed the last', heard.length);
  });
  await w.settle();
  await tell();
  await readers;
  stalled.link.heal();
}

export const MEMORY: readonly Scenario[] = [
  { name: 'a flood fills no queue, and is read whole', play: flood },
  { name: 'a client that reads nothing holds nobody up, and fills no buffer', play: stall },
];
