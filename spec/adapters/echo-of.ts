// What a client of `ws` meets at a URL.

import { WebSocket } from 'ws';

/** Says `word`, and gives the first answer; or the error, or how the socket was closed. */
export function echoOf(url: string, options: WebSocket.ClientOptions = {}): Promise<string> {
  const client = new WebSocket(url, { rejectUnauthorized: false, ...options });
  return new Promise((resolve) => {
    client.on('open', () => client.send('word'));
    client.on('error', ({ message }) => resolve(message));
    client.on('close', (code) => resolve(`closed with ${code}`));
    client.on('message', (data: Buffer) => {
      client.terminate();
      resolve(String(data));
    });
  });
}
