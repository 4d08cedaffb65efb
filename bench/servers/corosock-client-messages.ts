// Shared sockets whose handler returns at once: what they receive goes to
// `onClientMessage`, which sends it back. Every option at its default.

import { defineServer, serve } from 'corosock';
import { answerForServer } from '../server-answers.ts';

const server = defineServer({
  onPreServer: (handshake) => {
    handshake.sharedConnection = true;
  },
  server: () => {},
  onClientMessage: async (ws, data) => {
    await ws.write(data);
    return true;
  },
});

const host = await serve(server);
answerForServer(host.port);
