// What is said by one is published so many times to a room in which all are.

import { serve } from 'corosock';
import { answerForServer } from '../server-answers.ts';

const times = Number(process.argv[2]);

const host = await serve(async (ws) => {
  const { room } = await ws.join('all');
  for await (const text of ws) {
    for (let n = 0; n < times; n += 1) room.publish(text);
  }
});
answerForServer(host.port);
