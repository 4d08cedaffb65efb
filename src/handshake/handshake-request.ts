// What a handler reads of the request that became its socket, as `ws.request`. It keeps the raw
// lines and the target; URL and headers are built on first use: parsed, they cost 4 KiB a socket.
// The host makes it, and upgrade.ts releases Node's request when the 101 is on its way.

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
  /** Known while the connection lasts, in `onPostServer`, and later where it was read before. */
  readonly remoteAddress: string | undefined;
  /** Until the 101 only (it costs 1 KiB a socket to keep); undefined afterwards, and in memory. */
  readonly raw: IncomingMessage | undefined;
}

/** A request, and how it came in. */
export interface ArrivedRequest extends HandshakeRequest {
  /** The host and port that the client named. */
  readonly authority: string;
  /** Whether the client connects by TLS. */
  readonly isSecure: boolean;
}

/** A {@link HandshakeRequest} over the bytes that were sent. */
export class UpgradeRequest implements ArrivedRequest {
  readonly params: Readonly<Record<string, string>>;
  readonly protocols: readonly string[];
  /** Node's request until the 101; then its header names and values in turn, each on a line. */
  #source: IncomingMessage | string;
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
    this.#source = request;
    this.#socket = request.socket;
    this.#target = target.text;
  }

  get raw(): IncomingMessage | undefined {
    return typeof this.#source === 'string' ? undefined : this.#source;
  }

  /** Releases Node's request: the 101 is on its way. Only the first call counts. */
  releaseRaw(): void {
    if (typeof this.#source !== 'string') this.#source = this.#source.rawHeaders.join('\n');
  }

  get authority(): string {
    // A checked request has one Host.
    return this.headers.host as string;
  }

  get isSecure(): boolean {
    return 'encrypted' in this.#socket;
  }

  get url(): URL {
    this.#url ??= new URL(`${this.isSecure ? 'wss' : 'ws'}://${this.authority}${this.#target}`);
    return this.#url;
  }

  get headers(): IncomingHttpHeaders {
    if (typeof this.#source !== 'string') return this.#source.headers;
    this.#headers ??= parseHeaderLines(this.#source.split('\n'));
    return this.#headers;
  }

  /** A system call, made by the first read. */
  get remoteAddress(): string | undefined {
    this.#remoteAddress ??= this.#socket.remoteAddress;
    return this.#remoteAddress;
  }
}
