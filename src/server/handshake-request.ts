// What a handler can ask about the request that became its socket. It keeps the
// raw lines and the target; the rest is built on first use.

import type { IncomingHttpHeaders, IncomingMessage } from 'node:http';
import type { JudgedRequest } from './handshake-rules.ts';
import { parseHeaderLines } from './header-lines.ts';

export interface HandshakeRequest {
  /** `ws:` or `wss:`, with the Host that the client named. */
  readonly url: URL;
  /** As Node gives them: names in lower case. */
  readonly headers: IncomingHttpHeaders;
  /** Parameters of the matched route: '/chat/:room' → { room }. */
  readonly params: Readonly<Record<string, string>>;
  /** Subprotocols offered by the client. */
  readonly protocols: readonly string[];
  readonly remoteAddress: string | undefined;
  /** Until the 101 only (it costs 1 KiB a socket to keep); undefined afterwards, and in memory. */
  readonly raw: IncomingMessage | undefined;
}

/** A {@link HandshakeRequest} over what was sent. */
export class UpgradeRequest implements HandshakeRequest {
  readonly params: Readonly<Record<string, string>>;
  readonly protocols: readonly string[];
  readonly remoteAddress: string | undefined;
  #raw: IncomingMessage | undefined;
  readonly #lines: readonly string[];
  readonly #address: string;
  #url: URL | undefined;
  #headers: IncomingHttpHeaders | undefined;

  constructor(
    request: IncomingMessage,
    { host, target, protocols }: JudgedRequest,
    params: Readonly<Record<string, string>>,
  ) {
    this.params = params;
    this.protocols = protocols;
    this.remoteAddress = request.socket.remoteAddress;
    this.#raw = request;
    this.#lines = request.rawHeaders;
    this.#address = `${'encrypted' in request.socket ? 'wss' : 'ws'}://${host}${target.text}`;
  }

  get raw(): IncomingMessage | undefined {
    return this.#raw;
  }

  /** The 101 is on its way. */
  forgetRaw(): void {
    this.#raw = undefined;
  }

  get url(): URL {
    this.#url ??= new URL(this.#address);
    return this.#url;
  }

  get headers(): IncomingHttpHeaders {
    this.#headers ??= parseHeaderLines(this.#lines);
    return this.#headers;
  }
}
