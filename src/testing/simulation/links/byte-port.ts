// The port of a host in memory, for clients that connect with all bytes of a port: the requests of
// node:http and the frames of `ws` at both ends, over the streams of byte-link.ts. Nothing listens,
// and no byte leaves the process.

import { createServer, Agent as HttpAgent } from 'node:http';
import type { Server } from 'node:http';
import { Agent as HttpsAgent } from 'node:https';
import type { Duplex } from 'node:stream';
import { byteLink } from './byte-link.ts';
import type { ByteLinkOptions, ByteStream } from './byte-link.ts';
import type { ServingHost } from '../../../server/serving-host.ts';
import type { LinkOutcome, LinkTarget } from '../../../transport/connector.ts';
import type { Transport } from '../../../transport/transport.ts';
import type { ConnectError } from '../../../core/errors.ts';
import { connectWs } from '../../../transport/ws/connector.ts';

/** The server and the options of a handshake: no compression, because zlib works in real time. */
export type ByteTarget = Omit<LinkTarget, 'agent' | 'tls' | 'compression'>;

/** A connection that is being opened. */
export interface OpeningLink {
  /** The end of the host. */
  readonly near: ByteStream;
  /** The link of the client. Rejects with ConnectError, for the same answers as on a port. */
  readonly transport: Promise<Transport>;
  /** Gives it up: `transport` never settles. @returns The error of an answer that came in part. */
  readonly cancel: () => ConnectError | undefined;
}

/** Where clients connect to one host in memory. */
export class BytePort {
  readonly #http: Server;

  constructor(host: Pick<ServingHost, 'handleUpgrade'>) {
    this.#http = createServer();
    this.#http.on('upgrade', (request, stream, head) => host.handleUpgrade(request, stream, head));
  }

  /** Connects a client. A URL of `wss:` is TLS for both ends, and nothing is encrypted. */
  connect(target: ByteTarget, options: ByteLinkOptions): OpeningLink {
    const [near, far] = byteLink(options);
    const isSecure = target.url.protocol === 'wss:';
    if (isSecure) Object.assign(near, { encrypted: true });
    this.#http.emit('connection', near);
    const agent = agentOver(far, isSecure);
    let outcome: LinkOutcome | undefined;
    const transport = new Promise<Transport>((opened, failed) => (outcome = { opened, failed }));
    const cancel = connectWs({ ...target, agent, compression: undefined }, outcome as LinkOutcome);
    return { near, transport, cancel };
  }
}

/** Makes an agent of node:http whose one connection is a stream. */
function agentOver(stream: Duplex, isSecure: boolean): object {
  const agent = isSecure ? new HttpsAgent() : new HttpAgent();
  return Object.assign(agent, { createConnection: () => stream });
}
