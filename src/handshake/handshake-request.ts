// What a handler reads of the request that became its socket, as `ws.request`. It keeps the raw
// lines and the target; URL and headers are built on first use: parsed, they cost 4 KiB a socket.
// The host makes it, and upgrade.ts releases Node's request when the 101 is on its way.

import type { IncomingHttpHeaders, IncomingMessage } from 'node:http';
import type { CheckedRequest } from './check-handshake.ts';
import { parseHeaderLines } from './header-lines.ts';
import { withoutPrefix } from './ip-address.ts';

export interface HandshakeRequest<Params = Readonly<Record<string, string>>> {
  /**
   * `ws:` or `wss:`, with the Host that the client named; behind a proxy of `trustProxy`, as that
   * proxy was asked.
   */
  readonly url: URL;
  /** As Node gives them: names in lower case. */
  readonly headers: IncomingHttpHeaders;
  /** Parameters of the matched route: '/chat/:room' → { room }. */
  readonly params: Params;
  /** Subprotocols offered by the client. */
  readonly protocols: readonly string[];
  /**
   * The address of the link's other end, or of the client that proxies of `trustProxy` name; IPv4
   * without the prefix `::ffff:`. Known while the connection lasts, in `onPostServer`, and later
   * where it was read before.
   */
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

/** The other end: the peer of a socket, or the client for whom trusted proxies connect. */
export interface Peer {
  readonly remoteAddress?: string | undefined;
  /** Whether the client connects by TLS; a TLSSocket has it. */
  readonly encrypted?: boolean;
  /** The host and port that the client named; undefined for the Host of the request. */
  readonly authority?: string;
}

/** Gives the peer of the socket that a request came over. The request has one Host. */
export function peerOf({ headers, socket }: IncomingMessage): Required<Peer> {
  const { remoteAddress }: Peer = socket;
  return { remoteAddress, encrypted: 'encrypted' in socket, authority: headers.host as string };
}

/** A {@link HandshakeRequest} over the bytes that were sent. */
export class UpgradeRequest implements ArrivedRequest {
  readonly params: Readonly<Record<string, string>>;
  readonly protocols: readonly string[];
  /** Node's request until the 101; then its header names and values in turn, each on a line. */
  #source: IncomingMessage | string;
  readonly #target: string;
  readonly #peer: Peer;
  #remoteAddress: string | undefined;
  #url: URL | undefined;
  #headers: IncomingHttpHeaders | undefined;

  /** @param peer - Default: that of the request's own socket, which is then no copy. */
  constructor(
    request: IncomingMessage,
    { target, protocols }: Pick<CheckedRequest, 'target' | 'protocols'>,
    params: Readonly<Record<string, string>>,
    peer: Peer = request.socket,
  ) {
    this.params = params;
    this.protocols = protocols;
    this.#source = request;
    this.#peer = peer;
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
    return this.#peer.authority ?? (this.headers.host as string);
  }

  get isSecure(): boolean {
    return this.#peer.encrypted === true;
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
    this.#remoteAddress ??= withoutPrefix(this.#peer.remoteAddress);
    return this.#remoteAddress;
  }
}
