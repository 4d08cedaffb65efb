// Starts one node of the chat, until Ctrl+C: `npm run chat`, `npm run chat redis`, `node-redis` or
// `nats`. Two of them over a broker, on two ports, are one chat; `npm run chat processes`, `cluster`
// and `threads` start both. `npm run chat talk <name>` is a client; `npm run chat push redis <id>
// <line>` writes to one socket of any node.

import { fileURLToPath } from 'node:url';
import { select } from 'corosock';
import type { Host } from 'corosock';
import { overNats, overNodeRedis, overRedis } from './brokers.ts';
import type { OpenBroker } from './brokers.ts';
import { openChat } from './chat.ts';
import { push } from './push.ts';
import { overCluster, overProcesses, overThreads } from './same-machine.ts';
import { talk } from './talk.ts';
import { untilEnded } from './until-ended.ts';

const ended = untilEnded();
const port = Number(process.env['PORT'] ?? 8083);

const program = fileURLToPath(import.meta.url);
const redisUrl = process.env['REDIS_URL'] ?? 'redis://127.0.0.1:6379';
const natsUrl = process.env['NATS_URL'] ?? 'nats://127.0.0.1:4222';

const OVER_SERVERS: Readonly<Record<string, () => Promise<OpenBroker>>> = {
  redis: () => overRedis(redisUrl),
  'node-redis': () => overNodeRedis(redisUrl),
  nats: () => overNats(natsUrl),
};
const BROKERS: Readonly<Record<string, () => OpenBroker | Promise<OpenBroker>>> = {
  ...OVER_SERVERS,
  processes: () => overProcesses(program, port + 1),
  cluster: () => overCluster(program, port + 1),
  threads: () => overThreads(program, port + 1),
};

const words = process.argv.slice(2);
if (words[0] === 'talk') {
  const name = encodeURIComponent(words[1] ?? 'a guest');
  await Promise.race([ended, talk(`ws://localhost:${port}/chat/lobby?name=${name}`)]);
  process.exit();
}

const pushes = words[0] === 'push';
const [name = '', id = '', ...line] = pushes ? words.slice(1) : words;
// A process that has just been started has no channel to the nodes that run.
const names = Object.keys(pushes ? OVER_SERVERS : BROKERS);
if (!names.includes(name) && (pushes || name !== '')) {
  console.error(`The brokers are ${names.join(', ')}; this is "${name}".`);
  process.exit(1);
}

const opened = await BROKERS[name]?.();
if (pushes && opened !== undefined) {
  console.log(await push(opened.broker, id, line.join(' ')));
} else {
  const options = { port, ...(opened && { broker: opened.broker }) };
  const host = await openChat(options).catch(refuseTakenPort);
  console.log(`ws://localhost:${host.port}/chat/lobby?name=ada`);
  console.log(`Talk to it in a second terminal: PORT=${host.port} npm run chat talk ada`);
  void tellHealth(host);
  await ended;
  await host.close({ graceMs: 1000 });
}
await opened?.[Symbol.asyncDispose]();
// A client of a server that has never been there tries on for ever.
process.exit();

/** Prints whether the broker is up, and each change. */
async function tellHealth(host: Host): Promise<void> {
  for (let health = host.brokerHealth; health.broker !== 'none'; health = host.brokerHealth) {
    console.log(`The broker is ${health.broker}.`);
    await select({ health });
  }
}

function refuseTakenPort(error: NodeJS.ErrnoException): never {
  if (error.code !== 'EADDRINUSE') throw error;
  console.error(`Port ${port} is taken: choose another with PORT=N.`);
  process.exit(1);
}
