// A client without a library, over node:net: what it sends, and when, is in the hands of visitor.js.

import { connect } from 'node:net';

/** Frames of a client, with a mask of zeros: a text, a close, the first half of a text, a pong. */
export const TEXT_HI = Buffer.from([0x81, 0x82, 0, 0, 0, 0, ...Buffer.from('hi')]);
export const CLOSE = Buffer.from([0x88, 0x82, 0, 0, 0, 0, 0x03, 0xe8]);
export const HALF_A_TEXT = Buffer.from([0x01, 0x82, 0, 0, 0, 0, ...Buffer.from('ha')]);
export const PONG = Buffer.from([0x8a, 0x80, 0, 0, 0, 0]);

/** Opens a WebSocket, and answers nothing more. */
export async function rawLink(port, path, headers = []) {
  const link = connect(Number(port), '127.0.0.1');
  link.on('error', () => {});
  const lines = [
    `GET ${path} HTTP/1.1`,
    `Host: 127.0.0.1:${port}`,
    'Upgrade: websocket',
    'Connection: Upgrade',
    'Sec-WebSocket-Version: 13',
    'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==',
    ...headers,
  ];
  link.write(`${lines.join('\r\n')}\r\n\r\n`);
  let heard = '';
  const ended = new Promise((resolve) => link.once('close', () => resolve(heard)));
  const head = await new Promise((resolve) => {
    link.on('data', (chunk) => {
      heard += chunk.toString('latin1');
      if (heard.includes('\r\n\r\n')) resolve(heard);
    });
    void ended.then(resolve);
  });
  return { link, head, ended };
}
