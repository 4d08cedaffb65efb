// Conformance of a client of `corosock/client` to RFC 6455 and RFC 7692: autobahn is the server.

import { playAgainstClients } from './client-player.ts';
import { conformance } from './suite.ts';

await conformance('server', playAgainstClients);
