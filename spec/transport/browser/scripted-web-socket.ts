// A browser's WebSocket that the spec controls: the spec opens it, delivers to it, flushes and ends
// it, and sees what the page has called.

import type {
  BrowserClose,
  BrowserMessage,
  BrowserWebSocket,
} from '../../../src/transport/browser/web-socket.ts';

type Listeners = {
  readonly open: () => void;
  readonly error: () => void;
  readonly message: (event: BrowserMessage) => void;
  readonly close: (event: BrowserClose) => void;
};

export class ScriptedWebSocket implements BrowserWebSocket {
  binaryType = 'blob';
  readyState = 1;
  bufferedAmount = 0;
  protocol = 'chat';
  /** All calls, in order. */
  readonly calls: unknown[] = [];
  readonly #listeners: { [Name in keyof Listeners]?: Listeners[Name] } = {};

  // Called by the transport.

  addEventListener<Name extends keyof Listeners>(name: Name, listener: Listeners[Name]): void {
    this.#listeners[name] = listener;
  }

  send(data: string | Uint8Array): void {
    this.calls.push(['send', data]);
    this.bufferedAmount += data.length;
  }

  close(...args: readonly [code?: number, reason?: string]): void {
    this.calls.push(['close', ...args]);
    this.readyState = 2;
  }

  // Called by the spec.

  opens(): void {
    this.readyState = 1;
    this.#listeners.open?.();
  }

  fails(): void {
    this.#listeners.error?.();
  }

  delivers(data: unknown): void {
    this.#listeners.message?.({ data });
  }

  ends(code: number, { reason = '', wasClean = true }: Partial<BrowserClose> = {}): void {
    this.readyState = 3;
    this.#listeners.close?.({ code, reason, wasClean });
  }
}
