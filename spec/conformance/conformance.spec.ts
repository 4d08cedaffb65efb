// Conformance of a host to RFC 6455 and RFC 7692: autobahn is the client.

import { playAgainstHosts } from './host-player.ts';
import { conformance } from './suite.ts';

await conformance('client', playAgainstHosts);
