// What is said by one is sent to all so many times, in a handler.

import { serve } from 'corosock';
import { answerForServer } from '../server-answers.ts';

const times = Number(process.argv[2]);

const host = await serve(async (ws) => {
  for await (const text of ws) {
    for (const member of ws.host.sockets.values()) {
      for (let n = 0; n < times; n += 1) void member.write(text);
    }
  }
});
answerForServer(host.port);
