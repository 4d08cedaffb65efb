// One node of the demo, in a process of its own. cluster-node.ts starts it, and is told its address.

import { serve } from 'corosock';
import { ipcBroker } from 'corosock/ipc';
import { overNats, overRedis } from '../rooms/brokers.ts';
import type { OpenBroker } from '../rooms/brokers.ts';
import { untilEnded } from '../rooms/until-ended.ts';
import { sayInTown, townOf } from './town.ts';

/** What a node is started with, as JSON. */
export interface NodeSettings {
  /** 1 or 2. */
  readonly number: number;
  /** 0: any free port. */
  readonly port: number;
  /** Of the page. */
  readonly origin: string;
  readonly broker: 'nats' | 'redis' | 'processes';
  /** Of the server of the broker, where there is one. */
  readonly brokerUrl: string;
}

const SAYS_EVERY_MS = 2000;

const BROKERS: Readonly<Record<NodeSettings['broker'], (url: string) => OpenBroker | Promise<OpenBroker>>> = {
  nats: overNats,
  redis: overRedis,
  processes() {
    const broker = ipcBroker();
    return { broker, [Symbol.asyncDispose]: () => broker.close() };
  },
};

const ended = untilEnded();
const settings = JSON.parse(process.argv[2] ?? '') as NodeSettings;
const { number, port, origin } = settings;
const opened = await BROKERS[settings.broker](settings.brokerUrl);
const host = await serve(
  { '/town/:name': townOf(number) },
  { port, hostname: '127.0.0.1', origins: [origin], broker: opened.broker },
);
process.send?.({ url: host.url });

let count = 0;
const saying = setInterval(() => {
  count += 1;
  sayInTown(host, `Node ${number} counts ${count}`, number);
}, SAYS_EVERY_MS);

await ended;
clearInterval(saying);
await host.close({ graceMs: 0 });
await opened[Symbol.asyncDispose]();
process.exit();
