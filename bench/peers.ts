// The servers that corosock is compared with beside raw `ws`: programs below `peers/`,
// of packages in `bench/peers/package.json` and of Debian. Those that are not there are
// left out: `npm install --prefix bench/peers` brings them.

import { existsSync } from 'node:fs';
import { commandFor } from './foreign-server.ts';
import type { Runtime, Server } from './scenarios.ts';

interface Peer {
  readonly name: string;
  readonly file: string;
  readonly runtime: Runtime;
  /** In `bench/peers/package.json`; undefined for what is in ours, and for Debian's. */
  readonly package?: string;
}

const PEERS: readonly Peer[] = [
  { name: 'ws, events.on', file: 'ws-events-on.js', runtime: 'node' },
  { name: 'ws, createWebSocketStream', file: 'ws-stream.js', runtime: 'node' },
  { name: 'uWebSockets', file: 'uwebsockets.js', runtime: 'node', package: 'uwebsockets' },
  { name: 'Bun', file: 'bun.js', runtime: 'bun', package: 'bun' },
  { name: 'Deno', file: 'deno.js', runtime: 'deno', package: 'deno' },
  { name: 'socket.io', file: 'socket-io.js', runtime: 'node', package: 'socket.io' },
  { name: 'Python websockets', file: 'python_websockets.py', runtime: 'python3' },
];

const DEBIAN_WEBSOCKETS = '/usr/lib/python3/dist-packages/websockets';

/** Those that are there. */
export function peers(): readonly Server[] {
  return PEERS.flatMap((peer) => {
    const program = new URL(`../peers/${peer.file}`, import.meta.url);
    const command = isThere(peer) ? commandFor(peer.runtime, program) : undefined;
    if (command === undefined) return [];
    const dialect = peer.name === 'socket.io' ? 'socket.io' : 'plain';
    return [{ name: peer.name, package: peer.package, program, command, dialect, setsCookie: false }];
  });
}

function isThere({ package: packageName, runtime }: Peer): boolean {
  if (runtime === 'python3') return existsSync(DEBIAN_WEBSOCKETS);
  return (
    packageName === undefined || existsSync(new URL(`../peers/node_modules/${packageName}/`, import.meta.url))
  );
}
