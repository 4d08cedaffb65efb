// Shared sockets whose handler returns at once, and no hook: what they receive is
// kept for whoever opens them by id. Every option at its default.

import { defineServer, serve } from 'corosock';
import { answerForServer } from '../server-answers.ts';

const server = defineServer({
  onPreServer: (handshake) => {
    handshake.sharedConnection = true;
  },
  server: () => {},
});

const host = await serve(server);
answerForServer(host.port);
