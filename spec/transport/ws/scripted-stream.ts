// A stream in the place of a TCP connection: a spec sees each write that reaches it, and completes
// or fails it by hand. The request of an upgrade over it is made here, too.

import { realClock } from '../../../src/time/real-clock.ts';
import type { IncomingMessage } from 'node:http';
import { Socket } from 'node:net';
import { Duplex } from 'node:stream';
import { WsAcceptor } from '../../../src/transport/ws/acceptor.ts';
import type { UpgradeEvent, WsAcceptorOptions } from '../../../src/transport/ws/acceptor.ts';
import { WsTransport } from '../../../src/transport/ws/transport.ts';
import type { TransportSink } from '../../../src/transport/transport.ts';

/** A sink that hears of all but messages, and does nothing. */
export const NO_CALLS: Omit<TransportSink, 'receive'> = {
  begin() {},
  drain() {},
  peerClosed() {},
  stall() {},
  end() {},
};

type WriteCallback = (error?: Error | null) => void;

/** The writes that a stream has passed on. */
class ScriptedWrites {
  /** The bytes of each write. */
  readonly writes: Buffer[] = [];
  /** The chunks of all writes, as they were passed. */
  readonly chunks: (Uint8Array | string)[] = [];
  #held: WriteCallback | undefined;
  #holds = false;
  #failure: Error | undefined;

  hold(): void {
    this.#holds = true;
  }

  /** Fails each later write before it returns. */
  failFurther(error: Error): void {
    this.#failure = error;
  }

  take(chunks: ReadonlyArray<{ readonly chunk: Uint8Array | string }>, callback: WriteCallback): void {
    this.chunks.push(...chunks.map(({ chunk }) => chunk));
    this.writes.push(Buffer.concat(chunks.map(({ chunk }) => Buffer.from(chunk))));
    this.#held = callback;
    if (this.#failure !== undefined) this.release(this.#failure);
    else if (!this.#holds) this.release(null);
  }

  release(outcome: Error | null): void {
    const callback = this.#held;
    this.#held = undefined;
    callback?.(outcome);
  }
}

/** What a spec does with a stream. */
export interface Scripted extends Duplex {
  readonly script: ScriptedWrites;
  readonly writes: readonly Buffer[];
  readonly chunks: readonly (Uint8Array | string)[];
  /** Holds each later write until `complete` or `fail`. */
  hold(): void;
  /** Completes the write that is held. */
  complete(): void;
  /** Fails the write that is held. */
  fail(error: Error): void;
}

export class ScriptedStream extends Duplex implements Scripted {
  readonly script: ScriptedWrites = new ScriptedWrites();
  readonly writes: readonly Buffer[] = this.script.writes;
  readonly chunks: readonly (Uint8Array | string)[] = this.script.chunks;

  constructor() {
    // As in a TCP connection: text is not decoded while it waits.
    super({ decodeStrings: false });
  }

  hold(): void {
    this.script.hold();
  }

  complete(): void {
    this.script.release(null);
  }

  fail(error: Error): void {
    this.script.release(error);
  }

  override _read(): void {}

  override _writev(
    chunks: ReadonlyArray<{ readonly chunk: Uint8Array | string }>,
    callback: WriteCallback,
  ): void {
    this.script.take(chunks, callback);
  }
}

/** The same as a Socket of Node: its writes are expected to be taken at once. */
export class ScriptedTcp extends Socket implements Scripted {
  readonly script: ScriptedWrites = new ScriptedWrites();
  readonly writes: readonly Buffer[] = this.script.writes;
  readonly chunks: readonly (Uint8Array | string)[] = this.script.chunks;

  hold(): void {
    this.script.hold();
  }

  complete(): void {
    this.script.release(null);
  }

  fail(error: Error): void {
    this.script.release(error);
  }

  override _read(): void {}

  override _write(chunk: Uint8Array | string, _: BufferEncoding, callback: WriteCallback): void {
    this.script.take([{ chunk }], callback);
  }

  override _writev(
    chunks: ReadonlyArray<{ readonly chunk: Uint8Array | string }>,
    callback: WriteCallback,
  ): void {
    this.script.take(chunks, callback);
  }
}

/** Makes an upgrade request that keeps the rules, with further headers. */
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
export function acceptScripted(stream: Scripted = new ScriptedStream()): {
  readonly stream: Scripted;
  readonly transport: WsTransport;
} {
  return { stream, transport: acceptOver(stream) };
}

/** Upgrades any stream. */
export function acceptOver(stream: Duplex, options: Partial<WsAcceptorOptions> = {}): WsTransport {
  const acceptor = new WsAcceptor({
    maxMessageBytes: 70_000,
    maxFragments: 16_384,
    compression: undefined,
    clock: realClock,
    closeTimeoutMs: 5000,
    ...options,
  });
  return acceptedBy(acceptor, { request: upgradeOf(), stream, head: Buffer.alloc(0) });
}

/** Upgrades a request that must be accepted, without a protocol or further header lines. */
export function acceptedBy(acceptor: WsAcceptor, upgrade: UpgradeEvent): WsTransport {
  const outcome = acceptor.accept(upgrade, { protocol: '', headerLines: [] });
  if (!(outcome instanceof WsTransport)) throw outcome ?? new Error('The peer has gone');
  return outcome;
}
