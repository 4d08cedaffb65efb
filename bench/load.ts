// The load generator, a program of its own: WebSocket clients that are nothing but
// TCP, so that one core of them keeps a server busy. Here they connect; what they
// carry is traffic.ts's and timed-traffic.ts's. pair.ts starts it.

import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { connect } from 'node:net';
import type { Socket } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import { DIALECTS } from './dialects.ts';
import type { Dialect, DialectName } from './dialects.ts';
import { maskedFrame } from './frames.ts';
import { answerParent } from './parent.ts';
import { answerPings } from './pings.ts';
import { Probe } from './probe.ts';
import type { ProbeWork } from './probe.ts';
import { broadcasts, crossing, say, stall } from './room-traffic.ts';
import type { BroadcastsWork, CrossingWork } from './room-traffic.ts';
import { p99, percentile } from './ticks.ts';
import { flood, paced } from './timed-traffic.ts';
import type { FloodWork, PacedWork } from './timed-traffic.ts';
import { burst, check, echo, receive, stayAwake } from './traffic.ts';
import type { BurstWork, EchoWork } from './traffic.ts';

export type LoadQuestion =
  | OpenQuestion
  | CheckQuestion
  | ({ readonly ask: 'echo' } & EchoWork)
  | ({ readonly ask: 'burst' } & BurstWork)
  /** Answers how many messages there were. */
  | ({ readonly ask: 'paced' } & PacedWork)
  /** Answers the p99 of all waits, in µs. */
  | ({ readonly ask: 'latency' } & PacedWork)
  /** Begins to ask on the first socket, and goes on until it is asked what came of it: the p99 of all waits, in µs. */
  | ({ readonly ask: 'probe' } & ProbeWork)
  | { readonly ask: 'probed' }
  /** Answers the time, in µs, within which this share of all these waits was over, 0 to 1. */
  | { readonly ask: 'percentile'; readonly share: number }
  | ({ readonly ask: 'flood' } & FloodWork)
  | ({ readonly ask: 'crossing' } & CrossingWork)
  | ({ readonly ask: 'say' } & CrossingWork)
  | { readonly ask: 'stall' }
  | ({ readonly ask: 'broadcasts' } & BroadcastsWork)
  | HandshakesQuestion;

/** Opens sockets beside those that are open already; answers how many there are. */
interface OpenQuestion {
  readonly ask: 'open';
  readonly port: number;
  readonly sockets: number;
  /** Of all sockets. */
  readonly dialect: DialectName;
  /** Where the server is. Default: here. */
  readonly address?: string;
}

/** Sends one message on each socket and compares the echo byte for byte; answers how many were compared. */
interface CheckQuestion {
  readonly ask: 'check';
  readonly bytes: number;
  readonly isBinary: boolean;
}

/** Opens sockets and resets them, so many at once, for a time and until the last is gone; answers how many there were. */
interface HandshakesQuestion {
  readonly ask: 'handshakes';
  readonly port: number;
  readonly atOnce: number;
  readonly dialect: DialectName;
  /** Whether each response has to bring a cookie. */
  readonly setsCookie: boolean;
  readonly forMs: number;
}

const HERE = '127.0.0.1';

/** Connections from one address: Linux has 28,000 ports, and looks long for one when half of them are taken. */
const FROM_ONE_ADDRESS = 10_000;

/** Connections that are being made at once: fewer than a listener's backlog holds. */
const CONNECTING = 100;

const KEY = Buffer.alloc(16).toString('base64');
/** RFC 6455 §4.2.2: what proves that a server has understood. */
const ACCEPT = createHash('sha1').update(`${KEY}258EAFA5-E914-47DA-95CA-C5AB0DC85B11`).digest('base64');

const REQUEST_HEADERS = [
  'Host: 127.0.0.1',
  'Upgrade: websocket',
  'Connection: Upgrade',
  'Sec-WebSocket-Version: 13',
  `Sec-WebSocket-Key: ${KEY}`,
  '\r\n',
].join('\r\n');

const sockets: Socket[] = [];
let dialect: Dialect = DIALECTS.plain;
let probe: Probe | undefined;
/** Of all turns, in µs. */
const waits: number[] = [];

answerParent(async (question: LoadQuestion) => {
  const line = { sockets, dialect };
  switch (question.ask) {
    case 'open':
      return open(question);
    case 'check':
      return check(line, question.bytes, question.isBinary);
    case 'echo':
      return echo(line, question);
    case 'burst':
      return burst(line, question);
    case 'paced':
      return (await paced(line, question)).length;
    case 'latency':
      return kept(await paced(line, question));
    case 'probe':
      probe = new Probe(line, question);
      return line.sockets.length;
    case 'probed':
      return kept((await probe?.end()) ?? []);
    case 'percentile':
      return percentile(waits, question.share);
    case 'flood':
      return flood(line, question);
    case 'crossing':
      return crossing(line, question);
    case 'say':
      return say(line, question);
    case 'stall':
      return stall(line);
    case 'broadcasts':
      return broadcasts(line, question);
    case 'handshakes':
      return handshakes(question);
    default:
      return question satisfies never;
  }
});

/** @returns The p99 of these. */
function kept(some: readonly number[]): number {
  for (const wait of some) waits.push(wait);
  return p99(some);
}

async function open({ port, sockets: wanted, dialect: name, address = HERE }: OpenQuestion): Promise<number> {
  dialect = DIALECTS[name];
  for (let left = wanted; left > 0; left -= CONNECTING) {
    const from = address === HERE ? localAddressOf(sockets.length) : undefined;
    const batch = Array.from({ length: Math.min(left, CONNECTING) }, () => openOne(address, port, from));
    sockets.push(...(await Promise.all(batch)));
  }
  return sockets.length;
}

/**
 * Addresses that are most likely this process's own. Where a socket names its local address, its
 * port stays taken for a minute, and the load of the next server has another process.
 *
 * @param opened - How many there are by now. @returns undefined: whichever is usual.
 */
function localAddressOf(opened: number): string | undefined {
  const full = Math.floor(opened / FROM_ONE_ADDRESS);
  return full === 0 ? undefined : `127.${1 + (process.pid % 250)}.0.${full}`;
}

async function openOne(host: string, port: number, localAddress: string | undefined): Promise<Socket> {
  const socket = connect({ host, port, noDelay: true, localAddress });
  // One may come right behind the response.
  answerPings(socket);
  const response = await upgrade(socket, dialect.path);
  await dialect.begin?.(response, {
    hear: async (word) => (await receive(socket, (received) => received.includes(word))).toString(),
    say: (text) => void socket.write(maskedFrame(Buffer.from(text))),
  });
  socket.on('close', () => {
    throw new Error('the server has dropped a socket');
  });
  return socket;
}

/** Takes a connection through its handshake. @returns The response. */
async function upgrade(socket: Socket, path: string): Promise<string> {
  socket.write(`GET ${path} HTTP/1.1\r\n${REQUEST_HEADERS}`);
  const response = (await receive(socket, (received) => received.includes('\r\n\r\n'))).toString();
  if (!response.startsWith('HTTP/1.1 101 ')) throw new Error(`refused: ${response}`);
  if (headerOf(response, 'sec-websocket-accept') !== ACCEPT) throw new Error(`not accepted: ${response}`);
  return response;
}

/** @param name - In lower case. */
function headerOf(response: string, name: string): string | undefined {
  const line = response.split('\r\n').find((each) => each.toLowerCase().startsWith(`${name}:`));
  return line?.slice(name.length + 1).trim();
}

async function handshakes({
  port,
  atOnce,
  dialect: name,
  setsCookie,
  forMs,
}: HandshakesQuestion): Promise<number> {
  const time = { isOver: false };
  const { path } = DIALECTS[name];
  const counts = Array.from({ length: atOnce }, async () => {
    let count = 0;
    for (; !time.isOver; count += 1) await handshake(port, path, setsCookie);
    return count;
  });
  stayAwake(time);
  await delay(forMs);
  time.isOver = true;
  return (await Promise.all(counts)).reduce((sum, count) => sum + count, 0);
}

/**
 * Upgrades a connection and resets it: the port is free again at once, where a
 * closed one would wait for a minute and ports run out.
 */
async function handshake(port: number, path: string, setsCookie: boolean): Promise<void> {
  const socket = connect({ host: HERE, port, noDelay: true });
  const response = await upgrade(socket, path);
  if ((headerOf(response, 'set-cookie') !== undefined) !== setsCookie)
    throw new Error(`the wrong cookies: ${response}`);
  socket.resetAndDestroy();
  await once(socket, 'close');
}
