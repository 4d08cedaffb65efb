// How conversations end: with the right code, after all that was written, in time, and with no
// listener left. And how a link that has fallen silent ends.

import { getEventListeners } from 'node:events';
import { select } from 'corosock';
import type { Handler, ServerSocket } from 'corosock';
import { claim } from './scene.ts';
import type { Scenario, Scene } from './scene.ts';

const PLANTED = new Error('of a handler');
const GRACE_MS = 20_000;
const LINES = 20;
const LONG = 100;

/** What a client asks its handler for, and the code that it gets. */
const ENDS = [
  ['return', 1000],
  ['throw', 1011],
  ['fail in a task', 1011],
  ['tell', 1000],
  ['leave the rest', 1000],
  ['give up reads', 1000],
  ['answer', 1000],
  ['leave together', 1000],
  ['drain', 1001],
  ['stay', 1001],
] as const;

/** Does what it is asked for, and ends. */
async function endAs(scene: Scene, ws: ServerSocket, how: string): Promise<void> {
  switch (how) {
    case 'throw':
      throw PLANTED;
    case 'fail in a task':
      void ws.spawn(async () => {
        await scene.pause(50);
        throw PLANTED;
      });
      return void (await ws.closed);
    case 'tell':
      // What waits for room leaves before the close frame.
      for (let line = 0; line < LINES; line += 1) void ws.write(`${line} `.padEnd(LONG, 'x'));
      return;
    case 'leave the rest':
      return scene.sleep(1000);
    case 'answer': {
      // Its client has closed meanwhile, and waits for the last word.
      await scene.sleep(1000);
      const status = await ws.write('the last word');
      return claim(status === 'ok' || scene.mayLose, 'no last word', status);
    }
    case 'give up reads':
      return giveUp(scene, ws);
    case 'drain': {
      const [key] = await select({ draining: ws.draining, closed: ws.closed });
      return claim(key === 'draining' || scene.mayLose, 'was not asked to finish');
    }
    case 'stay':
      return void (await ws.closed);
    default:
  }
}

/** Reads that end by themselves leave no listener at their signal. */
async function giveUp(scene: Scene, ws: ServerSocket): Promise<void> {
  const { signal } = new AbortController();
  for (let read = 0; read < LINES; read += 1) await ws.readText({ signal, timeoutMs: scene.dice.below(3) });
  const { length } = getEventListeners(signal, 'abort');
  claim(length === 0, 'listeners are left', length);
}

async function end(scene: Scene): Promise<void> {
  const { w } = scene;
  const facts = { begun: 0, aborted: 0, errors: [] as unknown[] };
  const handler: Handler = async (ws) => {
    facts.begun += 1;
    ws.signal.addEventListener('abort', () => void (facts.aborted += 1));
    const [how = ''] = await ws.readText();
    await endAs(scene, ws, how);
  };
  const host = w.serve(handler, {
    writeBufferBytes: 256,
    queueMessages: 8,
    report: (error) => void facts.errors.push(error),
  });
  const clients = scene.each(ENDS.length, 'client', async (at) => {
    const [how, code] = ENDS[at] as (typeof ENDS)[number];
    const ws = await scene.connect(host);
    await ws.write(how);
    // More than the host keeps: its link is paused when it closes.
    if (how === 'leave the rest') for (let line = 0; line < LINES; line += 1) void ws.write('x');
    if (how === 'answer' || how === 'leave together') void ws.close();
    let heard = 0;
    await scene.hearAll(ws, () => void (heard += 1));
    const info = await ws.closed;
    if (scene.mayLose) return;
    claim(info.code === code && info.clean, 'another end', how, info);
    claim(how !== 'tell' || heard === LINES, 'has not heard all', heard);
  });
  await scene.sleep(5000);
  const closedAtMs = w.clock.now();
  const { closed } = await host.close({ graceMs: GRACE_MS });
  const tookMs = w.clock.now() - closedAtMs;
  await clients;
  claim(facts.aborted === facts.begun, 'a signal has not aborted', facts);
  claim(
    facts.errors.every((error) => error === PLANTED),
    'another error',
    facts.errors.map(String),
  );
  if (scene.mayLose) return;
  claim(closed === 1, 'not only the one that stayed was closed', closed);
  claim(tookMs < GRACE_MS + 1000, 'an end was not heard of', tookMs);
  await scene.claimNoTimers();
}

const HEARTBEAT = { intervalMs: 2000, timeoutMs: 1000 };
const FOUND_MS = HEARTBEAT.intervalMs + HEARTBEAT.timeoutMs;

/** The heartbeat ends a link that has fallen silent, in time, and no other. */
async function silence(scene: Scene): Promise<void> {
  const { w } = scene;
  const ends = new Map<string, string>();
  const handler: Handler = async (ws) => {
    const { by } = await ws.closed;
    ends.set(ws.request.url.pathname, by);
  };
  const host = w.serve(handler, { heartbeat: HEARTBEAT });
  await scene.each(4, 'client', async (at) => {
    const ws = await scene.connect(host, { url: `ws://localhost/${at}` });
    await scene.pause(5000);
    if (scene.dice.isLikely(0.5)) {
      ws.link.cut();
      await w.eventually(`client ${at + 1} is missed`, () => ends.has(`/${at}`), FOUND_MS + 1);
      claim(ends.get(`/${at}`) === 'heartbeat', 'another end', ends.get(`/${at}`));
      ws.terminate();
    } else {
      await scene.sleep(3 * FOUND_MS);
      claim(ws.closeInfo === undefined, 'the link of a live client was ended', ws.closeInfo);
      await ws.close();
    }
  });
  await host.close();
  await scene.claimNoTimers();
}

export const ENDINGS: readonly Scenario[] = [
  { name: 'each end has its code, after all that was written', play: end, faults: 'cruel' },
  { name: 'a silent link is found by its heartbeat, and no other', play: silence },
];
