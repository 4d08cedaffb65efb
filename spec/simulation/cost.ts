// `npm run simulate -- --cost`: what a world costs. Beside `runServer` the same conversations are
// held in both, in turns and in one process; the figure is the ratio of the medians of CPU time.
// And `simulate` plays a chat of four clients under a thousand seeds.

import type { Handler } from 'corosock';
import { runServer, simulate, virtualClock, world } from 'corosock/testing';
import type { ClientSocket, World } from 'corosock/testing';

const ROUNDS = 41;
/** The first rounds are slower: code is compiled. */
const WARM_UP_ROUNDS = 10;
/** Messages of each measurement, at least. */
const LEAST_MESSAGES = 200;

/** Clients, and the messages of all of them. */
const ROWS = [
  [1, 10],
  [1, 100],
  [1, 1000],
  [4, 20],
  [4, 200],
] as const;

/** Sends each message to all sockets. */
const chat: Handler = async (ws) => {
  for await (const message of ws) for (const other of ws.host.sockets.values()) await other.write(message);
};

async function talk(clients: readonly ClientSocket[], messages: number): Promise<void> {
  for (let at = 0; at < messages; at += 1) {
    await clients[at % clients.length]?.write(`message ${at}`);
    for (const client of clients) await client.read();
  }
  for (const client of clients) await client.close();
}

async function inRun(count: number, messages: number): Promise<void> {
  await using run = runServer(chat, { clock: virtualClock() });
  const clients = [await run.client];
  while (clients.length < count) clients.push(await run.connect());
  await talk(clients, messages);
}

async function inWorld(count: number, messages: number, seed: number): Promise<void> {
  await using w = world({ seed });
  await chatIn(w, count, messages);
}

async function chatIn(w: World, count: number, messages: number): Promise<void> {
  const host = w.serve(chat);
  const clients: ClientSocket[] = [];
  while (clients.length < count) clients.push(await w.connect(host));
  await talk(clients, messages);
}

async function cpuMsOf(times: number, run: () => Promise<void>): Promise<number> {
  const before = process.cpuUsage();
  for (let time = 0; time < times; time += 1) await run();
  const { user, system } = process.cpuUsage(before);
  return (user + system) / 1000 / times;
}

function median(numbers: readonly number[]): number {
  return numbers.toSorted((one, other) => one - other)[Math.floor(numbers.length / 2)] ?? NaN;
}

const SEEDS = 1000;
/** Faults, and the messages that four clients send: each goes to all of them. */
const CHATS = [
  ['none', 4],
  ['none', 20],
  ['mild', 4],
] as const;

/** Plays the chats under all seeds, and gives a line for each. */
export async function chatLines(): Promise<readonly string[]> {
  const lines: string[] = [];
  for (const [faults, messages] of CHATS) {
    let events = 0;
    const play = async (): Promise<void> => {
      const report = await simulate((w) => chatIn(w, 4, messages), { runs: SEEDS, faults });
      events = report.steps;
    };
    const seconds = (await cpuMsOf(1, play)) / 1000;
    const rates = [SEEDS, events].map((count) => (count / seconds).toFixed(0));
    const what = `${SEEDS} chats of 4 clients, ${messages} messages each, faults '${faults}'`;
    lines.push(`${what}: ${seconds.toFixed(1)} s of CPU, ${rates[0]} seeds/s, ${rates[1]} events/s`);
  }
  return lines;
}

/** Measures all rows, and gives a line for each. */
export async function costLines(): Promise<readonly string[]> {
  const lines: string[] = [];
  for (const [count, messages] of ROWS) {
    const times = Math.ceil(LEAST_MESSAGES / messages);
    const plain: number[] = [];
    const worlds: number[] = [];
    for (let round = 0; round < ROUNDS; round += 1) {
      plain.push(await cpuMsOf(times, () => inRun(count, messages)));
      worlds.push(await cpuMsOf(times, () => inWorld(count, messages, round)));
    }
    const [ours, theirs] = [worlds, plain].map((all) => median(all.slice(WARM_UP_ROUNDS))) as [
      number,
      number,
    ];
    const figures = `${ours.toFixed(2)} ms in a world, ${theirs.toFixed(2)} ms with runServer`;
    lines.push(`clients ${count}, messages ${messages}: ${figures}, ratio ${(ours / theirs).toFixed(2)}`);
  }
  return lines;
}
