// The face of a view of a socket, as `asWs` gives it: what libraries for `ws` call. Types only;
// as-ws.ts implements it, and ws-events.ts has the objects that `addEventListener` gives.

/// <reference types="node" preserve="true" />

import type { EventEmitter } from 'node:events';
import type { WsData, WsEvent, WsEvents, WsListener } from './ws-events.ts';

/** As in node:events. */
export type AnyListener = Parameters<EventEmitter['on']>[1];

/** The forms of binary messages. */
export type WsBinaryType = 'nodebuffer' | 'arraybuffer' | 'fragments';

/** What `send` takes: text, or bytes in one of the forms of `ws`. A number is sent as text. */
export type WsSendable = string | number | ArrayBufferView | ArrayBuffer | SharedArrayBuffer;

/** Options of `send`. */
export interface WsSendOptions {
  /** Whether the message is binary. Default: whether it is no text. */
  readonly binary?: boolean | undefined;
  /** Whether to compress the message, where compression was agreed on. Default true. */
  readonly compress?: boolean | undefined;
  /** Only true: a part of a message is a UsageError. */
  readonly fin?: boolean | undefined;
  /** Ignored: a server masks nothing. */
  readonly mask?: boolean | undefined;
}

/** Called when a message was accepted, or with the error when it never will be. */
export type WsSendCallback = (error?: Error) => void;

/**
 * A socket as `ws` shows it: an EventEmitter with `message`, `close`, `error`, `ping` and `pong`.
 * Its type fits where the `WebSocket` of `@types/ws` is asked for.
 */
export interface WsView extends EventEmitter {
  readonly CONNECTING: 0;
  readonly OPEN: 1;
  readonly CLOSING: 2;
  readonly CLOSED: 3;
  /** CLOSING from the first `close` of this end on, CLOSED from the event `close` on. */
  readonly readyState: 1 | 2 | 3;
  /** The subprotocol that was agreed on, or ''. */
  readonly protocol: string;
  /** Always '': whether messages are compressed is the host's affair. */
  readonly extensions: string;
  /** The URL of the request. */
  readonly url: string;
  /** Bytes that were sent and that the operating system has not yet taken. */
  readonly bufferedAmount: number;
  readonly isPaused: boolean;
  /** The form of binary messages. Default `'nodebuffer'`. */
  binaryType: WsBinaryType;
  onmessage: ((event: WsEvent<'message'>) => unknown) | null;
  onclose: ((event: WsEvent<'close'>) => unknown) | null;
  onerror: ((event: WsEvent<'error'>) => unknown) | null;
  onopen: ((event: WsEvent<'open'>) => unknown) | null;
  /**
   * Sends one message. It waits in memory for as long as the peer does not take it.
   *
   * @param callback - Called once: without an error when the message was accepted, below the
   *   high-water mark, with one when the conversation is over or ending.
   * @throws UsageError `COROSOCK_ARGUMENT`.
   */
  send(data: WsSendable, callback?: WsSendCallback): void;
  send(data: WsSendable, options: WsSendOptions, callback?: WsSendCallback): void;
  /**
   * Starts the closing handshake. Messages that still come are dropped.
   *
   * @param code - As of `ws.endServer`. Default 1000.
   * @throws UsageError `COROSOCK_CLOSE_CODE`, `COROSOCK_CLOSE_REASON`.
   */
  close(code?: number, reason?: string | Uint8Array): void;
  terminate(): void;
  /** Asks the peer for a `pong`. @param data - At most 125 bytes. */
  ping(data?: unknown, mask?: boolean, callback?: (error: Error) => void): void;
  pong(data?: unknown, mask?: boolean, callback?: (error: Error) => void): void;
  /** Emits no message until `resume`: the peer is held back once the queue is full. */
  pause(): void;
  resume(): void;
  addEventListener<Type extends keyof WsEvents>(
    type: Type,
    listener: WsListener<Type>,
    options?: { readonly once?: boolean | undefined },
  ): void;
  removeEventListener<Type extends keyof WsEvents>(type: Type, listener: WsListener<Type>): void;
  on(event: 'message', listener: (data: Exclude<WsData, string>, isBinary: boolean) => unknown): this;
  on(event: 'close', listener: (code: number, reason: Buffer) => unknown): this;
  on(event: 'error', listener: (error: Error) => unknown): this;
  on(event: 'ping' | 'pong', listener: (data: Buffer) => unknown): this;
  on(event: string | symbol, listener: AnyListener): this;
  once(event: 'message', listener: (data: Exclude<WsData, string>, isBinary: boolean) => unknown): this;
  once(event: 'close', listener: (code: number, reason: Buffer) => unknown): this;
  once(event: 'error', listener: (error: Error) => unknown): this;
  once(event: 'ping' | 'pong', listener: (data: Buffer) => unknown): this;
  once(event: string | symbol, listener: AnyListener): this;
}
