// Clients that write as fast as they can, and ends that read slowly or not at all: what an end keeps
// is bounded, and each that reads gets everything.

import type { Handler, ServerSocket } from 'corosock';
import type { WorldClient } from 'corosock/testing';
import { MESSAGE_OVERHEAD_BYTES } from '../../src/core/limits.ts';
import { claim, claimPrefix } from './scene.ts';
import type { Scenario, Scene } from './scene.ts';

const QUEUE_MESSAGES = 6;
const WRITE_BUFFER_BYTES = 500;
const LONGEST = 100;
/** Messages of each client. */
const FLOOD = 30;
/** Messages that are told to all. */
const LAST = 40;
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
async function flood(scene: Scene): Promise<void> {
  const { w } = scene;
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
  // A paused link still delivers the chunk that is under way, with all of its messages.
  const mostQueued = QUEUE_MESSAGES + (scene.isWire ? FLOOD : 1);
  w.always('bounded queues', () => {
    for (const { queued } of host.sockets.values())
      claim(queued.messages <= mostQueued, 'a queue is too long', queued);
  });
  await scene.each(3, 'client', async (at) => {
    const ws = await scene.connect(host, { url: `ws://localhost/${at}` });
    w.always(`bounded writes of client ${at + 1}`, () =>
      claim(ws.bufferedBytes <= MOST_BUFFERED, 'buffers too much', ws.bufferedBytes),
    );
    const texts = await writeMany(scene, ws, FLOOD);
    const { clean } = await ws.close();
    const read = got.get(`/${at}`) ?? [];
    // Where both ends close at once, the host drops what it has not read.
    claimPrefix('read in another order', read, texts);
    if (!clean || ws.closeInfo?.code !== 1000) scene.lose(ws);
    if (scene.mayLose) return;
    await w.eventually(`client ${at + 1} was read`, () => read.length === texts.length, 60_000);
  });
  await host.close();
}

/** One client reads nothing: the others get all that is told, and no buffer grows. */
async function stall(scene: Scene): Promise<void> {
  const { w } = scene;
  const host = w.serve(async (ws) => void (await ws.closed), { ...OPTIONS, writeTimeoutMs: 5000 });
  w.always('bounded buffers', () => {
    for (const { bufferedBytes, waitingWrites } of host.sockets.values()) {
      claim(bufferedBytes <= MOST_BUFFERED, 'buffers too much', bufferedBytes);
      claim(waitingWrites.count === 0, 'a write waits that has no time to wait');
    }
  });
  let stalled: WorldClient | undefined;
  await scene.each(1, 'stalled', async () => {
    stalled = await scene.connect(host);
    stalled.link.stall('in');
  });
  const heard = new Map<WorldClient, number[]>();
  await scene.each(3, 'reader', async () => void heard.set(await scene.connect(host), []));
  const hearing = scene.each(heard.size, 'hearing', async (at) => {
    const [ws, numbers] = [...heard][at] as [WorldClient, number[]];
    await scene.hearAll(ws, (text) => void numbers.push(Number.parseInt(text, 10)));
  });
  for (let at = 0; at < LAST; at += 1) {
    for (const ws of host.sockets.values()) void ws.write(`${at} `.padEnd(LONGEST, 'x'), { timeoutMs: 0 });
    await scene.sleep(scene.dice.between(1, 10));
  }
  await host.close();
  await hearing;
  for (const numbers of heard.values()) {
    claim(isRising(numbers), 'heard in another order', numbers);
    // A link that delays or stalls is a slow client's, who misses what its buffer has no room for.
    if (scene.isCalm) claim(numbers.length === LAST, 'missed one', numbers);
  }
  stalled?.link.heal();
}

function isRising(numbers: readonly number[]): boolean {
  return numbers.every((number, at) => at === 0 || number > (numbers[at - 1] ?? NaN));
}

export const MEMORY: readonly Scenario[] = [
  { name: 'a flood fills no queue, and is read whole', play: flood, faults: 'cruel' },
  { name: 'a client that reads nothing holds nobody up, and fills no buffer', play: stall, faults: 'cruel' },
];
