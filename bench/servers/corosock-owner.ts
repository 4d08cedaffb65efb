// A node with shared sockets, of which the other node hears by their ids.

import { defineServer, select, serve } from 'corosock';
import { brokerOver } from '../broker-clients.ts';
import type { BrokerClientName } from '../broker-clients.ts';
import { answerForServer } from '../server-answers.ts';

const [client, brokerPort] = process.argv.slice(2);
const broker = brokerOver(client as BrokerClientName, Number(brokerPort));

const server = defineServer({
  onPreServer: (handshake) => {
    handshake.sharedConnection = true;
  },
  server: (ws) => void ws.host.room('ids').publish(ws.id),
});

const host = await serve(server, { port: 0, broker });
const health = host.brokerHealth;
if (health.broker === 'down') await select({ health });
answerForServer(host.port);
