// The servers that corosock is compared with beside raw `ws`: programs below `peers/`,
// of packages in `bench/package.json` and of Debian. Those that are not there are left
// out: `npm install --prefix bench` brings them.

import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { canAccount, commandFor } from './foreign-server.ts';
import { PEER_PACKAGES, PEERS } from './places.ts';
import type { Runtime, Server } from './scenario.ts';

export const UWEBSOCKETS = 'uWebSockets';
export const SOCKET_IO = 'socket.io';

const BUN = 'Bun';
const DENO = 'Deno';
/** Those of each table. The others are other words for `ws`, or too slow for half the rate of `ws`. */
export const MAIN_PEERS: ReadonlySet<string> = new Set([UWEBSOCKETS, BUN, DENO, SOCKET_IO]);

interface Peer {
  readonly name: string;
  readonly file: string;
  readonly runtime: Runtime;
  /** In `bench/package.json`; undefined for what is Debian's. */
  readonly package?: string;
}

const KNOWN: readonly Peer[] = [
  { name: 'ws, events.on', file: 'ws-events-on.js', runtime: 'node', package: 'ws' },
  { name: 'ws, createWebSocketStream', file: 'ws-stream.js', runtime: 'node', package: 'ws' },
  { name: UWEBSOCKETS, file: 'uwebsockets.js', runtime: 'node', package: 'uwebsockets' },
  { name: BUN, file: 'bun.js', runtime: 'bun', package: 'bun' },
  { name: DENO, file: 'deno.js', runtime: 'deno', package: 'deno' },
  { name: SOCKET_IO, file: 'socket-io.js', runtime: 'node', package: 'socket.io' },
  { name: 'Python websockets', file: 'python_websockets.py', runtime: 'python3' },
];

const DEBIAN_WEBSOCKETS = '/usr/lib/python3/dist-packages/websockets';
const PYTHON_VERSIONS =
  'import platform, websockets; print("Python", platform.python_version() + ", websockets", websockets.__version__)';

/** Those that are there. */
export function peers(): readonly Server[] {
  if (!canAccount) return [];
  return KNOWN.flatMap((peer) => {
    const { name, package: packageName, runtime } = peer;
    const program = new URL(peer.file, PEERS);
    const command = isThere(peer) ? commandFor(runtime, program) : undefined;
    if (command === undefined) return [];
    const dialect = name === SOCKET_IO ? 'socket.io' : 'plain';
    const server = { name, package: packageName, program, command, dialect, setsCookie: false } as const;
    if (runtime !== 'python3') return server;
    return { ...server, versionCommand: [command[0] as string, '-c', PYTHON_VERSIONS] };
  });
}

function isThere({ package: packageName }: Peer): boolean {
  return existsSync(
    packageName === undefined ? DEBIAN_WEBSOCKETS : new URL(`${packageName}/`, PEER_PACKAGES),
  );
}

const BUFFERUTIL = 'bufferutil';

/** The same server, whose `ws` has the package bufferutil. Undefined where that is not there. */
export function withBufferutil(plain: Server): Server | undefined {
  const modules = fileURLToPath(PEER_PACKAGES);
  if (!existsSync(new URL(`${BUFFERUTIL}/`, PEER_PACKAGES))) return undefined;
  return {
    ...plain,
    name: `${plain.name} with ${BUFFERUTIL}`,
    env: { WS_NO_BUFFER_UTIL: '', NODE_PATH: modules },
    versionCommand: [
      process.execPath,
      '-p',
      `'${BUFFERUTIL} ' + require('${modules}${BUFFERUTIL}/package.json').version`,
    ],
  };
}

/** uWebSockets that publishes to all. Undefined where it is not there. @param words - Of the program. */
export function publishing(...words: readonly string[]): Server | undefined {
  const uWebSockets = peers().find(({ name }) => name === UWEBSOCKETS);
  const program = new URL('uwebsockets-publish.js', PEERS);
  const command = uWebSockets && commandFor('node', program);
  return uWebSockets && command && { ...uWebSockets, program, command, words };
}

const REDIS_ADAPTER = '@socket.io/redis-adapter';

/** Nodes of socket.io over its Redis adapter. Undefined where that is not there. */
export function socketIoNodes(): Server | undefined {
  const peer = {
    name: SOCKET_IO,
    file: 'socket-io-nodes.js',
    runtime: 'node',
    package: REDIS_ADAPTER,
  } as const;
  const program = new URL(peer.file, PEERS);
  const command = canAccount && isThere(peer) ? commandFor(peer.runtime, program) : undefined;
  if (command === undefined) return undefined;
  const dialect = 'socket.io joined';
  const { name, package: packageName } = peer;
  return { name, package: packageName, program, command, dialect, over: 'node-redis', setsCookie: false };
}
