// What a handler can ask about the request that became its socket. It keeps the
// raw lines and the target; the rest is built on first use.

import type { IncomingHttpHeaders, IncomingMessage } from 'node:http';
import type { Socket } from 'node:net';
import type { CheckedRequest } from './check-handshake.ts';
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
  /** Known while the connection lasts, in `onPostServer`, and afterwards where it was asked for before. */
  readonly remoteAddress: string | undefined;
  /** Until the 101 only (it costs 1 KiB a socket to keep); undefined afterwards, and in memory. */
  readonly raw: IncomingMessage | undefined;
}

/** A {@link HandshakeRequest} over what was sent: it keeps the target, and the lines as one string. */
export class UpgradeRequest implements HandshakeRequest {
  readonly params: Readonly<Record<string, string>>;
  readonly protocols: readonly string[];
  #raw: IncomingMessage | undefined;
  /** Names and values in turn, each on a line; undefined until the 101. */
  #lines: string | undefined;
  readonly #target: string;
  readonly #socket: Socket;
  #remoteAddress: string | undefined;
  #url: URL | undefined;
  #headers: IncomingHttpHeaders | undefined;

  constructor(
    request: IncomingMessage,
    { target, protocols }: CheckedRequest,
    params: Readonly<Record<string, string>>,
  ) {
    this.params = params;
    this.protocols = protocols;
    this.#raw = request;
    this.#socket = request.socket;
    this.#target = target.text;
  }

  get raw(): IncomingMessage | undefined {
    return this.#raw;
  }

  /** Releases Node's request: the 101 is on its way. */
  releaseRaw(): void {
    this.#lines = this.#raw?.rawHeaders.join('\n');
    this.#raw = undefined;
  }

  get url(): URL {
    const scheme = 'encrypted' in this.#socket ? 'wss' : 'ws';
    this.#url ??= new URL(`${scheme}://${this.headers.host ?? ''}${this.#target}`);
    return this.#url;
  }

  get headers(): IncomingHttpHeaders {
    if (this.#raw !== undefined) return this.#raw.headers;
    this.#headers ??= parseHeaderLines(this.#lines?.split('\n') ?? []);
    return this.#headers;
  }

  /** A system call: it is made when somebody asks. */
  get remoteAddress(): string | undefined {
    this.#remoteAddress ??= this.#socket.remoteAddress;
    return this.#remoteAddress;
  }
}
