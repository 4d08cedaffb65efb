// Somebody who talks to a host on a port, with `ws` as the client: says, hears, and
// learns how it ended.

import { once } from 'node:events';
import type { Host } from 'corosock';
import { WebSocket } from 'ws';

export class Visitor {
  readonly #socket: WebSocket;
  readonly #heard: string[] = [];
  /** Code and reason of the close. */
  readonly closed: Promise<readonly [code: number, reason: string]>;

  private constructor(socket: WebSocket) {
    this.#socket = socket;
    socket.on('message', (data: Buffer) => this.#heard.push(data.toString()));
    this.closed = once(socket, 'close').then(([code, reason]) => [code as number, String(reason)]);
  }

  static async of(host: Host, path: string): Promise<Visitor> {
    const socket = new WebSocket(host.url + path);
    const visitor = new Visitor(socket);
    await once(socket, 'open');
    return visitor;
  }

  say(text: string): void {
    this.#socket.send(text);
  }

  /** The next message, which may have come already. */
  async hears(): Promise<string> {
    while (this.#heard.length === 0) await once(this.#socket, 'message');
    return this.#heard.shift() as string;
  }

  /** Takes nothing from its connection any more. */
  stopsListening(): void {
    this.#socket.pause();
  }

  leaves(): void {
    this.#socket.close();
  }

  /** Its connection is lost. */
  vanishes(): void {
    this.#socket.terminate();
  }
}
