// The stories of examples/stories, each with several clients whose moves a seed decides.

import { Echo } from '../../examples/stories/echo.ts';
import { chat } from '../../examples/stories/chat.ts';
import { asking, helper } from '../../examples/stories/helpers.ts';
import { NewsDesk } from '../../examples/stories/news.ts';
import { makeOrders, orders } from '../../examples/stories/orders.ts';
import { questions } from '../../examples/stories/questions.ts';
import type { WorldClient } from 'corosock/testing';
import { claim, claimPrefix } from './scene.ts';
import type { Scenario, Scene } from './scene.ts';

const QUIET = 'Are you still there?';

/** Each client says a few things, is silent for a while, and takes leave or just goes. */
async function echo(scene: Scene): Promise<void> {
  const { w } = scene;
  const host = w.serve(Echo);
  await scene.each(3, 'client', async (at) => {
    const ws = await scene.connect(host);
    const said: string[] = [];
    for (let line = 0; line < 6; line += 1) {
      const silentMs = scene.dice.pick([0, 100, 59_000, 61_000, 130_000]);
      await scene.sleep(silentMs);
      // After a minute, and after another: the one that has just come does not count.
      for (let minute = 60_000; minute <= silentMs; minute += 60_000) said.push(QUIET);
      said.push(`${at} ${line}`);
      await ws.write(`${at} ${line}`);
      await hears(scene, ws, scene.mayLose ? said.splice(0).slice(-1) : said.splice(0));
    }
    if (scene.dice.isLikely(0.5)) return void (await ws.close());
    await ws.write('exit');
    const { code, reason } = await scene.untilClosed(ws);
    const isAsAsked = code === 1000 && reason === 'Goodbye';
    claim(isAsAsked || scene.mayLose, 'another end', ws.closeInfo);
  });
  await host.close();
  await scene.claimNoTimers();
}

async function hears(scene: Scene, ws: WorldClient, lines: readonly string[]): Promise<void> {
  for (const line of lines) {
    let heard = await scene.hear(ws);
    // A link that stalls is silent for its host, too.
    while (scene.mayLose && heard === QUIET) heard = await scene.hear(ws);
    claim(heard === line, 'heard something else', heard, line);
  }
}

/** All members of a room hear the same, in one order, from when they came in. */
async function chatting(scene: Scene): Promise<void> {
  const { w } = scene;
  const host = w.serve({ '/chat/:room': chat });
  const heard = new Map<string, string[]>();
  await scene.each(4, 'member', async (at) => {
    const name = `member-${at}`;
    const own = `${name} comes in.`;
    const room = scene.dice.pick(['lobby', 'kitchen']);
    await scene.pause(30);
    const ws = await scene.connect(host, { url: `ws://localhost/chat/${room}?name=${name}` });
    const lines: string[] = [];
    heard.set(`${room} ${name}`, lines);
    const reading = scene.hearAll(ws, (text) => void lines.push(text));
    for (let line = 0; line < 5; line += 1) {
      await ws.write(`line ${line}`);
      await scene.pause(20);
    }
    const isReset = scene.dice.isLikely(0.2);
    if (isReset) ws.link.reset();
    else await ws.close();
    await reading;
    // A close, or a reset, may overtake even the first line.
    const [first = own] = lines;
    claim(first === own, 'did not hear its own coming', first);
  });
  for (const room of ['lobby', 'kitchen']) claimOneOrder([...heard].filter(([key]) => key.startsWith(room)));
  await host.close();
}

/** What two have heard is the same from the moment when the later one came in. */
function claimOneOrder(members: ReadonlyArray<readonly [string, readonly string[]]>): void {
  for (const [, one] of members)
    for (const [, other] of members) {
      const from = one.indexOf(other[0] ?? '');
      if (from === -1) continue;
      const both = Math.min(one.length - from, other.length);
      claimPrefix('heard in another order', one.slice(from, from + both), other);
    }
}

/** Every client that stays gets its order, whenever the job runs; the job counts those that left. */
async function ordering(scene: Scene): Promise<void> {
  const { w } = scene;
  const host = w.serve(orders);
  const clients = 4;
  const made = { delivered: 0, gone: 0 };
  let got = 0;
  let left = 0;
  const tasks = scene.each(clients, 'client', async () => {
    await scene.pause(100);
    const ws = await scene.connect(host);
    await hears(scene, ws, ['You will hear from us.']);
    if (scene.dice.isLikely(0.3)) {
      await scene.pause(20);
      if (ws.closeInfo === undefined) {
        const { reason } = await ws.close();
        if (reason !== 'Enjoy') left += 1;
        return;
      }
    }
    await hears(scene, ws, ['Your order is ready.']);
    got += 1;
    const { reason } = await scene.untilClosed(ws);
    claim(reason === 'Enjoy' || scene.mayLose, 'another end', ws.closeInfo);
  });
  let isOver = false;
  void tasks.finally(() => (isOver = true)).catch(() => {});
  while (!isOver || made.delivered + made.gone < (scene.mayLose ? 0 : clients)) {
    await scene.pause(50);
    const { delivered, gone } = await makeOrders(host);
    made.delivered += delivered;
    made.gone += gone;
  }
  await tasks;
  claim(got <= made.delivered, 'one was delivered twice', { got, left }, made);
  if (scene.mayLose) return void (await host.close());
  claim(made.delivered + made.gone === clients && made.gone <= left, 'miscounted', { got, left }, made);
  await host.close();
}

/** What one says goes to the other, whole and in order, until one of them leaves. */
async function relay(scene: Scene): Promise<void> {
  const { w } = scene;
  const host = w.serve({ '/helper': helper, '/ask/:id': asking });
  await scene.each(2, 'pair', async (at) => {
    const friend = await scene.connect(host, { url: 'ws://localhost/helper' });
    const id = await scene.hear(friend);
    const asker = await scene.connect(host, { url: `ws://localhost/ask/${id}` });
    const talk = async (from: WorldClient, to: WorldClient, name: string): Promise<void> => {
      const said = Array.from({ length: 5 }, (_, line) => `${name} ${at} ${line}`);
      const say = async (): Promise<void> => {
        for (const line of said) {
          await from.write(line);
          await scene.pause(10);
        }
      };
      await Promise.all([hears(scene, to, said), say()]);
    };
    await Promise.all([talk(friend, asker, 'friend'), talk(asker, friend, 'asker')]);
    const [first, second] = scene.dice.isLikely(0.5) ? [friend, asker] : [asker, friend];
    await first.close();
    const { code } = await scene.untilClosed(second);
    claim(code === 1000 || scene.mayLose, 'another end', second.closeInfo);
  });
  await host.close();
}

/** Each reader hears the news in order, and its own answers. Nobody who keeps up misses any. */
async function news(scene: Scene): Promise<void> {
  const { w } = scene;
  const desk = new NewsDesk();
  const host = w.serve(desk.server);
  let published = 0;
  const publishing = w.spawn('desk', async () => {
    // All readers are there before the first news.
    await scene.sleep(10_000);
    for (; published < 10; published += 1) {
      await scene.pause(40_000);
      desk.publish(String(published));
    }
  });
  const readers = scene.each(3, 'reader', async () => {
    const ws = await scene.connect(host);
    const heard: number[] = [];
    let minutes = 0;
    while (heard.at(-1) !== 9) {
      const line = await scene.hear(ws);
      if (line.startsWith('News: ')) heard.push(Number(line.slice(6)));
      else if (line === 'No news is good news') minutes += 1;
      else claim(line === `You have been here for ${minutes} minutes`, 'another answer', line, minutes);
      if (scene.dice.isLikely(0.2)) await ws.write('time');
    }
    const isOrdered = heard.every((number, at) => number > (heard[at - 1] ?? -1));
    claim(isOrdered && (scene.mayLose || heard.length === 10), 'missed news', heard);
    if (!scene.mayLose)
      claim(Math.floor(w.clock.now() / 60_000) - minutes <= 1, 'missed a minute', w.clock.now(), minutes);
    await ws.close();
  });
  await Promise.all([publishing, readers]);
  await scene.claimNoTimers();
}

/** Each question gets one answer under its number; those of a client that leaves are given up. */
async function answering(scene: Scene): Promise<void> {
  const { w } = scene;
  let open = 0;
  const host = w.serve(
    questions(async (question, signal) => {
      open += 1;
      try {
        await scene.pause(50);
        signal.throwIfAborted();
        return question.toUpperCase();
      } finally {
        open -= 1;
      }
    }),
  );
  await scene.each(3, 'client', async () => {
    const ws = await scene.connect(host);
    const asked = scene.dice.between(1, 8);
    for (let number = 0; number < asked; number += 1) {
      await ws.write(`${number} why ${number}`);
      await scene.pause(10);
    }
    if (scene.dice.isLikely(0.3)) return void (await ws.close());
    const answers = new Set<string>();
    for (let answer = 0; answer < asked; answer += 1) answers.add(await scene.hear(ws));
    const expected = Array.from({ length: asked }, (_, number) => `${number} WHY ${number}`);
    claim(answers.size === asked && expected.every((text) => answers.has(text)), 'other answers', [
      ...answers,
    ]);
    await ws.close();
  });
  await host.close();
  claim(open === 0, 'a question is open', open);
}

export const STORIES: readonly Scenario[] = [
  { name: 'the echo answers, and asks after each minute of silence', play: echo, faults: 'cruel' },
  { name: 'the members of a chat hear the same in one order', play: chatting, faults: 'cruel' },
  { name: 'each order is delivered, or its client has gone', play: ordering, faults: 'cruel' },
  { name: 'a relay between two clients keeps what each says in order', play: relay, faults: 'cruel' },
  { name: 'each reader of the news hears all of them', play: news, faults: 'cruel' },
  { name: 'each question is answered once', play: answering, faults: 'cruel' },
];
