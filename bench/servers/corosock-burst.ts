// What is said by one is sent to all ten times, in a handler.

import { serve } from 'corosock';
import { answerForServer } from '../server-answers.ts';

const TIMES = 10;

const host = await serve(async (ws) => {
  for await (const text of ws) {
    for (const member of ws.host.sockets.values()) {
      for (let n = 0; n < TIMES; n += 1) void member.write(text);
    }
  }
});
answerForServer(host.port);
