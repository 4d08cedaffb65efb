// The load generator, a program of its own: WebSocket clients that are nothing
// but TCP. Their frames are made beforehand and what comes back is counted in
// bytes, so that one core of them keeps a server busy. pair.ts starts it.

import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { connect } from 'node:net';
import type { Socket } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import { DIALECTS } from './dialects.ts';
import type { Dialect, DialectName } from './dialects.ts';
import { echoFrame, maskedFrame, textOf } from './frames.ts';
import { answerParent } from './parent.ts';

export type LoadQuestion = OpenQuestion | CheckQuestion | EchoQuestion | HandshakesQuestion;

/** Opens sockets beside those that are open already; answers how many there are. */
interface OpenQuestion {
  readonly ask: 'open';
  readonly port: number;
  readonly sockets: number;
  /** Of all sockets. */
  readonly dialect: DialectName;
}

/** Sends one message on each socket and compares the echo byte for byte; answers how many were compared. */
interface CheckQuestion {
  readonly ask: 'check';
  readonly bytes: number;
}

/** Keeps messages under way on every socket, for a time and until the last is back; answers how many there were. */
interface EchoQuestion {
  readonly ask: 'echo';
  readonly inFlight: number;
  readonly bytes: number;
  readonly forMs: number;
}

/** Opens sockets and resets them, so many at once, for a time and until the last is gone; answers how many there were. */
interface HandshakesQuestion {
  readonly ask: 'handshakes';
  readonly port: number;
  readonly atOnce: number;
  /** Whether each response has to bring a cookie. */
  readonly setsCookie: boolean;
  readonly forMs: number;
}

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

answerParent((question: LoadQuestion) => {
  switch (question.ask) {
    case 'open':
      return open(question);
    case 'check':
      return check(question);
    case 'echo':
      return echo(question);
    case 'handshakes':
      return handshakes(question);
    default:
      return question satisfies never;
  }
});

async function open({ port, sockets: wanted, dialect: name }: OpenQuestion): Promise<number> {
  dialect = DIALECTS[name];
  for (let left = wanted; left > 0; left -= CONNECTING) {
    const batch = Array.from({ length: Math.min(left, CONNECTING) }, () => openOne(port));
    sockets.push(...(await Promise.all(batch)));
  }
  return sockets.length;
}

async function openOne(port: number): Promise<Socket> {
  const socket = connect({ host: '127.0.0.1', port, noDelay: true });
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

async function handshakes({ port, atOnce, setsCookie, forMs }: HandshakesQuestion): Promise<number> {
  const time = { isOver: false };
  const counts = Array.from({ length: atOnce }, async () => {
    let count = 0;
    for (; !time.isOver; count += 1) await handshake(port, setsCookie);
    return count;
  });
  stayAwake(time);
  await delay(forMs);
  time.isOver = true;
  return (await Promise.all(counts)).reduce((sum, count) => sum + count, 0);
}

/**
 * Keeps this process from sleeping while there is work. To wake it is charged to
 * the server that writes to it (20 µs on a virtual machine), and only a server
 * that is slower than its clients would have to.
 */
function stayAwake(work: { readonly isOver: boolean }): void {
  if (!work.isOver) setImmediate(stayAwake, work);
}

/**
 * Upgrades a connection and resets it: the port is free again at once, where a
 * closed one would wait for a minute and ports run out.
 */
async function handshake(port: number, setsCookie: boolean): Promise<void> {
  const socket = connect({ host: '127.0.0.1', port, noDelay: true });
  const response = await upgrade(socket, '/');
  if ((headerOf(response, 'set-cookie') !== undefined) !== setsCookie)
    throw new Error(`the wrong cookies: ${response}`);
  socket.resetAndDestroy();
  await once(socket, 'close');
}

async function check({ bytes }: CheckQuestion): Promise<number> {
  const text = dialect.wrap(textOf(bytes));
  const frame = maskedFrame(text);
  const expected = echoFrame(text);
  const replies = sockets.map(async (socket) => {
    socket.write(frame);
    return receive(socket, (received) => received.length >= expected.length);
  });
  for (const reply of await Promise.all(replies)) {
    if (!reply.equals(expected)) throw new Error('the echo is not what was sent');
  }
  return sockets.length;
}

function receive(socket: Socket, isWhole: (received: Buffer) => boolean): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = [];
    const onClose = (): void => reject(new Error('the server has dropped a socket'));
    const onData = (chunk: Buffer): void => {
      chunks.push(chunk);
      const received = Buffer.concat(chunks);
      if (!isWhole(received)) return;
      socket.off('data', onData);
      socket.off('close', onClose);
      resolve(received);
    };
    socket.on('data', onData);
    socket.on('close', onClose);
  });
}

async function echo({ inFlight, bytes, forMs }: EchoQuestion): Promise<number> {
  const text = dialect.wrap(textOf(bytes));
  const frame = maskedFrame(text);
  const traffic = {
    frames: Buffer.concat(Array.from({ length: inFlight }, () => frame)),
    frameBytes: frame.length,
    echoBytes: echoFrame(text).length,
    isOver: false,
  };
  const counts = sockets.map((socket) => keepBusy(socket, traffic));
  stayAwake(traffic);
  await delay(forMs);
  traffic.isOver = true;
  return (await Promise.all(counts)).reduce((sum, count) => sum + count, 0);
}

interface Traffic {
  /** As many frames as are in flight. */
  readonly frames: Buffer;
  readonly frameBytes: number;
  readonly echoBytes: number;
  /** Once true nothing more is sent. */
  readonly isOver: boolean;
}

/** Sends one more frame for each echo that comes back. */
function keepBusy(socket: Socket, traffic: Traffic): Promise<number> {
  const { frames, frameBytes, echoBytes } = traffic;
  return new Promise((resolve) => {
    let inFlight = frames.length / frameBytes;
    let count = 0;
    let receivedBytes = 0;
    const onData = (chunk: Buffer): void => {
      receivedBytes += chunk.length;
      const echoes = Math.floor(receivedBytes / echoBytes);
      receivedBytes -= echoes * echoBytes;
      count += echoes;
      if (!traffic.isOver) {
        if (echoes > 0) socket.write(frames.subarray(0, echoes * frameBytes));
        return;
      }
      inFlight -= echoes;
      if (inFlight > 0) return;
      socket.off('data', onData);
      resolve(count);
    };
    socket.on('data', onData);
    socket.write(frames);
  });
}
