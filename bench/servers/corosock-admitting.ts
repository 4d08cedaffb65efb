// Admission as an application has it: an async hook that makes the context, and
// a session in memory. Then the conversation of corosock.ts.

import { defineServer, serve } from 'corosock';
import { echoHandler } from '../echo-handler.ts';
import { answerForServer } from '../server-answers.ts';

const server = defineServer({
  onPreServer: async ({ request }) => ({ host: request.headers.host }),
  server: echoHandler,
});

const host = await serve(server, { sessions: { secret: 'as long as the one of an application' } });
answerForServer(host.port);
