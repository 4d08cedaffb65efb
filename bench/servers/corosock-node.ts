// One node of several: what is said by one is published so many times to a room in which all are, on
// all nodes.

import { select, serve } from 'corosock';
import { brokerOver } from '../broker-clients.ts';
import type { BrokerClientName } from '../broker-clients.ts';
import { answerForServer } from '../server-answers.ts';

const [times, client, brokerPort] = process.argv.slice(2);
const broker = brokerOver(client as BrokerClientName, Number(brokerPort));

const host = await serve(
  async (ws) => {
    const { room } = await ws.join('all');
    await ws.write('joined');
    for await (const text of ws) {
      for (let n = 0; n < Number(times); n += 1) room.publish(text);
    }
  },
  { port: 0, broker },
);
const health = host.brokerHealth;
if (health.broker === 'down') await select({ health });
answerForServer(host.port);
