// `npm run demo:cluster`: a broker, two nodes and a page that shows both, until Ctrl+C. A word says
// which broker: nats, redis or processes. Without one it takes what is installed.

import { pageScript } from '../pages/page-script.ts';
import { untilEnded } from '../rooms/until-ended.ts';
import { isInstalled } from './cluster-broker.ts';
import type { BrokerName } from './cluster-broker.ts';
import { openCluster } from './cluster.ts';

const PAGE = new URL('../../examples/cluster/page/', import.meta.url);

const USES: Readonly<Record<BrokerName, string>> = {
  nats: 'The nodes talk over nats-server',
  redis: 'The nodes talk over redis-server',
  processes: "The nodes talk over the channels of Node's processes",
};

const port = Number(process.env['PORT'] ?? 8085);
// Of the broker and of both nodes, for who needs to know them: any free ones.
const [broker = 0, ...nodes] = (process.env['CLUSTER_PORTS'] ?? '').split(',').map(Number);
const word = process.argv[2];
const over = brokerFor(word);
const why = word === undefined && over === 'processes' ? ', as no server of NATS or Redis is installed' : '';
const page = { folder: PAGE, script: await pageScript(PAGE) };

let isOver = false;
const ended = untilEnded().then(() => (isOver = true));
try {
  await using cluster = await openCluster(page, { page: port, broker, nodes }, over);
  console.log(`${USES[over]}${why}. The demo is open at ${cluster.url} (Ctrl+C ends all of it).`);
  await ended;
} catch (error) {
  if ((error as NodeJS.ErrnoException).code === 'EADDRINUSE') {
    refuse(`Port ${port} is taken: choose another with PORT=N.`);
  }
  // Ctrl+C while it begins reaches the nodes, too: that they have ended is no error then.
  if (!isOver) throw error;
}

/** What the word on the command line says, or what is installed. */
function brokerFor(name: string | undefined): BrokerName {
  switch (name) {
    case undefined:
      return (['nats', 'redis'] as const).find(isInstalled) ?? 'processes';
    case 'nats':
    case 'redis':
      return isInstalled(name) ? name : refuse(`There is no ${name}-server here; \`processes\` needs none.`);
    case 'processes':
      return name;
    default:
      return refuse(`The brokers are nats, redis and processes; this is "${name}".`);
  }
}

function refuse(sentence: string): never {
  console.error(sentence);
  process.exit(1);
}
