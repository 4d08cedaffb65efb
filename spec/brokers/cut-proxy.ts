// A proxy in front of a broker, whose links a spec cuts, or lets stand still: bytes pass no more, and
// nobody closes.

import { once } from 'node:events';
import { connect, createServer } from 'node:net';
import type { AddressInfo, Server, Socket } from 'node:net';

/** Passes the links of one node on. */
export class CutProxy implements AsyncDisposable {
  readonly #server: Server;
  readonly #links = new Set<readonly [near: Socket, far: Socket]>();
  #sent: Buffer[] | undefined;

  private constructor(server: Server) {
    this.#server = server;
  }

  static async to(port: number): Promise<CutProxy> {
    const server = createServer({ allowHalfOpen: false });
    const proxy = new CutProxy(server);
    server.on('connection', (near) => proxy.#pass(near, connect(port, '127.0.0.1')));
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    return proxy;
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port;
  }

  get isOpen(): boolean {
    return [...this.#links].some(([near]) => !near.destroyed);
  }

  /** Says what its open links do, for the message of a failure. */
  describe(): string {
    const states = Array.from(this.#links, (link) =>
      link.some((socket) => socket.isPaused()) ? 'stalled' : 'passing',
    );
    return states.join(' + ') || 'none open';
  }

  /** Begins to keep what nodes send. @returns Gives all of it until now. */
  record(): () => string {
    this.#sent = [];
    return () => Buffer.concat(this.#sent ?? []).toString('latin1');
  }

  /** Cuts all links that are open. New ones pass. */
  cut(): void {
    for (const link of this.#links) for (const socket of link) socket.destroy();
  }

  /** Lets nothing pass over the links that are open, in either direction. New ones pass. */
  stall(): void {
    for (const link of this.#links) {
      for (const socket of link) {
        socket.unpipe();
        socket.pause();
      }
    }
  }

  /** Passes what comes from the broker over the open links at a rate. It takes all at once. */
  slowInbound(bytesPerMs: number): void {
    for (const [near, far] of this.#links) {
      far.unpipe(near);
      let passed = Promise.resolve();
      far.on('data', (chunk: Buffer) => {
        const passMs = chunk.length / bytesPerMs;
        passed = passed
          .then(() => new Promise((resolve) => setTimeout(resolve, passMs)))
          .then(() => void near.write(chunk));
      });
      far.resume();
    }
  }

  /** Takes no more from the broker; what the node sends passes. */
  stallInbound(): void {
    for (const [near, far] of this.#links) {
      far.unpipe(near);
      far.pause();
    }
  }

  /** Goes on after {@link stallInbound}. */
  resume(): void {
    for (const [near, far] of this.#links) {
      // Links that were opened since pass already: what goes twice through a pipe comes twice.
      far.unpipe(near);
      far.pipe(near);
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.cut();
    this.#server.close();
    await once(this.#server, 'close');
  }

  #pass(near: Socket, far: Socket): void {
    const link = [near, far] as const;
    this.#links.add(link);
    near.pipe(far);
    far.pipe(near);
    near.on('data', (chunk: Buffer) => this.#sent?.push(chunk));
    for (const socket of link) {
      socket.on('error', () => {});
      socket.on('close', () => {
        this.#links.delete(link);
        for (const other of link) other.destroy();
      });
    }
  }
}
