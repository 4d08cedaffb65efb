// A peer over bare TCP that can break every rule: it sends any bytes, in any
// pieces, and tells what came back. Nothing is answered by itself, and nothing is
// waited for but events. Frames are built in frames.ts.

import { EventEmitter, once } from 'node:events';
import { connect } from 'node:net';
import type { Socket } from 'node:net';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { OPCODE, parseFrame } from './frames.ts';
import type { ServerFrame } from './frames.ts';
import { parseAnswer } from './http-answer.ts';
import type { HttpAnswer } from './http-answer.ts';

/** How the server's side of the connection ended: in order, or by a reset. */
export type ConnectionEnd = 'fin' | 'reset';

/** Lines to put in the place of the default ones: several values are several lines, undefined leaves the line out. */
export type HeaderChanges = Readonly<Record<string, string | readonly string[] | undefined>>;

export interface RequestParts {
  /** Default 'GET / HTTP/1.1'. */
  readonly requestLine?: string;
  readonly headers?: HeaderChanges;
}

const UPGRADE_HEADERS: HeaderChanges = Object.freeze({
  Host: '127.0.0.1',
  Upgrade: 'websocket',
  Connection: 'Upgrade',
  'Sec-WebSocket-Version': '13',
  // RFC 6455 §1.3's own example.
  'Sec-WebSocket-Key': 'dGhlIHNhbXBsZSBub25jZQ==',
});

/** Writes a request that asks for an upgrade; a valid one if nothing is changed. */
export function upgradeRequest({ requestLine = 'GET / HTTP/1.1', headers = {} }: RequestParts = {}): string {
  const lines = Object.entries({ ...UPGRADE_HEADERS, ...headers }).flatMap(([name, value]) =>
    [value ?? []].flat().map((text) => `${name}: ${text}`),
  );
  return [requestLine, ...lines, '', ''].join('\r\n');
}

/** Connects to a port of this machine; nothing is sent. */
export async function connectRaw(port: number): Promise<RawClient> {
  const socket = connect({ port, host: '127.0.0.1', allowHalfOpen: true, noDelay: true });
  const client = new RawClient(socket);
  await once(socket, 'connect');
  return client;
}

/**
 * Opens a WebSocket on a port of this machine.
 *
 * @param firstBytes - Sent in one piece with the request, before it is answered.
 * @throws Error when the answer is not 101.
 */
export async function openRaw(
  port: number,
  request: RequestParts = {},
  firstBytes: Uint8Array = Buffer.alloc(0),
): Promise<RawClient> {
  const client = await connectRaw(port);
  await client.send(Buffer.concat([Buffer.from(upgradeRequest(request)), firstBytes]));
  const { status } = await client.answer();
  if (status === 101) return client;
  client[Symbol.dispose]();
  throw new Error(`Expected 101, got ${status}`);
}

/** One TCP connection to the server under test. `using` drops it. */
export class RawClient implements Disposable {
  readonly #socket: Socket;
  readonly #events = new EventEmitter();
  /** Received and not yet taken by `answer` or `nextFrame`. */
  #bytes: Buffer = Buffer.alloc(0);
  #end: ConnectionEnd | undefined;

  constructor(socket: Socket) {
    this.#socket = socket;
    this.#events.setMaxListeners(0);
    socket.on('data', (chunk: Buffer) => {
      this.#bytes = Buffer.concat([this.#bytes, chunk]);
      this.#events.emit('change');
    });
    socket.on('end', () => this.#ended('fin'));
    socket.on('error', () => this.#ended('reset'));
    socket.on('close', () => this.#ended('reset'));
  }

  // What we do.

  /**
   * Sends bytes as they are.
   *
   * @param segmentBytes - Most in one TCP segment; the event loop has a turn after each. Default all at once.
   * @returns Resolves when the operating system has taken all of them: not while the server's window is closed. Rejects when the connection is gone.
   */
  async send(bytes: string | Uint8Array, segmentBytes: number = Infinity): Promise<void> {
    const data = Buffer.from(bytes);
    if (data.length <= segmentBytes) return this.#write(data);
    for (let at = 0; at < data.length; at += segmentBytes) {
      await this.#write(data.subarray(at, at + segmentBytes));
      await nextTurn();
    }
  }

  /** Sends no more, and goes on reading (FIN). */
  halfClose(): void {
    this.#socket.end();
  }

  /** Drops the connection at once (RST). */
  reset(): void {
    this.#socket.resetAndDestroy();
  }

  /** Stops reading: what the server sends fills our window, then its own buffers. */
  pause(): void {
    this.#socket.pause();
  }

  resume(): void {
    this.#socket.resume();
  }

  /** Forgets what was received and not asked for. */
  discard(): void {
    this.#bytes = Buffer.alloc(0);
  }

  [Symbol.dispose](): void {
    this.#socket.destroy();
  }

  // What we see.

  /** Bytes handed to `send` that the operating system has not taken. */
  get unsentBytes(): number {
    return this.#socket.writableLength;
  }

  /** How the server's side ended, so far as was read; undefined while it has not. */
  get end(): ConnectionEnd | undefined {
    return this.#end;
  }

  /** Received and not yet asked for. */
  get unreadBytes(): number {
    return this.#bytes.length;
  }

  /** Resolves with the next HTTP answer, once it is whole. */
  answer(): Promise<HttpAnswer> {
    return this.#until('an HTTP answer', () => {
      const found = parseAnswer(this.#bytes, this.#end !== undefined);
      if (found !== undefined) this.#bytes = this.#bytes.subarray(found.size);
      return found?.answer;
    });
  }

  /** Resolves with the next frame, once it is whole. */
  nextFrame(): Promise<ServerFrame> {
    return this.#until('a frame', () => {
      const found = parseFrame(this.#bytes);
      if (found !== undefined) this.#bytes = this.#bytes.subarray(found.size);
      return found?.frame;
    });
  }

  /** Resolves with the next frame's payload as text. */
  async nextText(): Promise<string> {
    return (await this.nextFrame()).payload.toString();
  }

  /** Skips all frames up to the close frame, and resolves with what it says; an empty one says 1005. */
  async untilCloseFrame(): Promise<{ readonly code: number; readonly reason: string }> {
    for (;;) {
      const { opcode, payload } = await this.nextFrame();
      if (opcode !== OPCODE.close) continue;
      if (payload.length === 0) return { code: 1005, reason: '' };
      return { code: payload.readUInt16BE(0), reason: payload.toString('utf8', 2) };
    }
  }

  /** Resolves when the server has ended its side. What came before can still be asked for. */
  async untilClosed(): Promise<ConnectionEnd> {
    while (this.#end === undefined) await once(this.#events, 'change');
    return this.#end;
  }

  /** Waits until the server has ended its side, and then ends ours, as a peer that behaves does. */
  async hangUp(): Promise<ConnectionEnd> {
    const end = await this.untilClosed();
    this.halfClose();
    return end;
  }

  #write(data: Buffer): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#socket.write(data, (error) => (error instanceof Error ? reject(error) : resolve()));
    });
  }

  #ended(end: ConnectionEnd): void {
    this.#end ??= end;
    this.#events.emit('change');
  }

  /** Waits for what is still to come; fails at once when nothing can come any more. */
  async #until<T>(what: string, take: () => T | undefined): Promise<T> {
    for (;;) {
      const taken = take();
      if (taken !== undefined) return taken;
      if (this.#end !== undefined) throw new Error(`Expected ${what}, got ${this.#end}`);
      await once(this.#events, 'change');
    }
  }
}
