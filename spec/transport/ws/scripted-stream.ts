// A stream in the place of a TCP connection, for what no real one does on
// demand: a spec sees each write that reaches it, and completes or fails it by
// hand. An upgrade over it needs a request, which is made here, too.

import type { IncomingMessage } from 'node:http';
import { Duplex } from 'node:stream';
import { WsAcceptor } from '../../../src/transport/ws/acceptor.ts';
import type { WsTransport } from '../../../src/transport/ws/transport.ts';

type WriteCallback = (error?: Error | null) => void;

export class ScriptedStream extends Duplex {
  /** What has reached it, one entry for each write. */
  readonly writes: Buffer[] = [];
  /** Of all writes, as they were handed over. */
  readonly chunks: (Uint8Array | string)[] = [];
  #held: WriteCallback | undefined;
  #holds = false;

  constructor() {
    // As a TCP connection: text waits as text.
    super({ decodeStrings: false });
  }

  /** From now on writes are not completed until `complete` or `fail`. */
  hold(): void {
    this.#holds = true;
  }

  /** Completes the write that is held. */
  complete(): void {
    this.#release(null);
  }

  /** Fails the write that is held. */
  fail(error: Error): void {
    this.#release(error);
  }

  override _read(): void {}

  override _writev(
    chunks: ReadonlyArray<{ readonly chunk: Uint8Array | string }>,
    callback: WriteCallback,
  ): void {
    this.chunks.push(...chunks.map(({ chunk }) => chunk));
    this.writes.push(Buffer.concat(chunks.map(({ chunk }) => Buffer.from(chunk))));
    this.#held = callback;
    if (!this.#holds) this.#release(null);
  }

  #release(outcome: Error | null): void {
    const callback = this.#held;
    this.#held = undefined;
    callback?.(outcome);
  }
}

/** An upgrade request that keeps the rules, with some headers more. */
export function upgradeOf(headers: Readonly<Record<string, string>> = {}): IncomingMessage {
  const request: Pick<IncomingMessage, 'method' | 'headers' | 'url'> = {
    method: 'GET',
    url: '/',
    headers: {
      host: '127.0.0.1',
      upgrade: 'websocket',
      'sec-websocket-version': '13',
      'sec-websocket-key': 'dGhlIHNhbXBsZSBub25jZQ==',
      ...headers,
    },
  };
  return request as IncomingMessage;
}

/** Upgrades a scripted stream; the 101 is its first write. */
export function acceptScripted(): { readonly stream: ScriptedStream; readonly transport: WsTransport } {
  const stream = new ScriptedStream();
  const acceptor = new WsAcceptor({ maxMessageBytes: 70_000, compression: false, closeTimeoutMs: 5000 });
  let accepted: WsTransport | undefined;
  const upgrade = { request: upgradeOf(), stream, head: Buffer.alloc(0) };
  acceptor.accept(
    upgrade,
    { protocol: '', headerLines: [] },
    {
      accepted: (transport) => {
        accepted = transport;
      },
      refused: (error) => {
        throw error;
      },
    },
  );
  if (accepted === undefined) throw new Error('The upgrade was not accepted');
  return { stream, transport: accepted };
}
