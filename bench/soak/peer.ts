// A client that is nothing but TCP: it sends what it likes, and reads when it likes.

import { once } from 'node:events';
import { connect } from 'node:net';
import type { Socket } from 'node:net';

const KEY = Buffer.alloc(16).toString('base64');

/** Writes the head of an upgrade request. @param more - Further header lines. */
export function upgradeHead(path = '/', more: readonly string[] = []): string {
  const lines = [
    `GET ${path} HTTP/1.1`,
    'Host: 127.0.0.1',
    'Upgrade: websocket',
    'Connection: Upgrade',
    'Sec-WebSocket-Version: 13',
    `Sec-WebSocket-Key: ${KEY}`,
    ...more,
  ];
  return `${lines.join('\r\n')}\r\n\r\n`;
}

/** Connects; nothing is sent. What goes wrong later is seen as a close. */
export async function dial(port: number, host = '127.0.0.1'): Promise<Socket> {
  const socket = connect({ port, host, noDelay: true, allowHalfOpen: true });
  socket.on('error', () => {});
  await once(socket, 'connect');
  return socket;
}

/** Opens a WebSocket; what comes from then on is left in the socket, paused. */
export async function openSocket(
  port: number,
  more: readonly string[] = [],
  host = '127.0.0.1',
): Promise<Socket> {
  const socket = await dial(port, host);
  socket.write(upgradeHead('/', more));
  const answer = await statusOf(socket);
  if (answer !== 101) throw new Error(`expected 101, got ${answer}`);
  socket.pause();
  return socket;
}

/** Opens many, a hundred at once. */
export async function openMany(port: number, count: number, more: readonly string[] = []): Promise<Socket[]> {
  const sockets: Socket[] = [];
  while (sockets.length < count) {
    const batch = Array.from({ length: Math.min(100, count - sockets.length) }, () => openSocket(port, more));
    sockets.push(...(await Promise.all(batch)));
  }
  return sockets;
}

/** Resolves with the status of the answer; 0 for a connection that ends without one. */
export function statusOf(socket: Socket): Promise<number> {
  return new Promise((resolve) => {
    let text = '';
    const onData = (chunk: Buffer): void => {
      text += chunk.toString('latin1');
      const end = text.indexOf('\r\n\r\n');
      if (end >= 0) settle(end + 4);
    };
    const onEnd = (): void => settle(text.length);
    const settle = (end: number): void => {
      socket.off('data', onData);
      socket.off('end', onEnd);
      socket.off('close', onEnd);
      const rest = Buffer.from(text.slice(end), 'latin1');
      if (rest.length > 0) socket.unshift(rest);
      resolve(Number(/^HTTP\/1\.1 (\d{3})/.exec(text)?.[1] ?? 0));
    };
    socket.on('data', onData);
    socket.on('end', onEnd);
    socket.on('close', onEnd);
  });
}

/** Sends one short message and measures its echo, in ms. Nothing else may come meanwhile. */
export async function pingPong(socket: Socket, frame: Buffer): Promise<number> {
  const began = performance.now();
  socket.write(frame);
  await once(socket, 'data');
  return performance.now() - began;
}
