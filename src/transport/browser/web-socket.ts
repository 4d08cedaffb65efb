// The part of the web's WebSocket that `transport.ts` and `connector.ts` use. Browsers have it, and
// Node since 22; specs have a scripted one.

/** Part of the interface `WebSocket` of WHATWG. */
export interface BrowserWebSocket {
  binaryType: string;
  readonly readyState: number;
  readonly bufferedAmount: number;
  readonly protocol: string;
  addEventListener(name: 'open' | 'error', listener: () => void): void;
  addEventListener(name: 'message', listener: (event: BrowserMessage) => void): void;
  addEventListener(name: 'close', listener: (event: BrowserClose) => void): void;
  send(data: string | Uint8Array): void;
  close(code?: number, reason?: string): void;
}

export interface BrowserMessage {
  /** An `ArrayBuffer` for binary, once `binaryType` says so. */
  readonly data: unknown;
}

export interface BrowserClose {
  readonly code: number;
  readonly reason: string;
  readonly wasClean: boolean;
}

/** Values of `readyState`. */
export const BROWSER_OPEN = 1;
export const BROWSER_CLOSED = 3;
