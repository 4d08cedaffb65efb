// The opening handshake of one client of a world with `fidelity: 'wire'`: request and answer of
// node:http as bytes over the link, which the frames of `ws` then take. world-hosts.ts calls it;
// world-handshake.ts is the handshake in whole messages, byte-port.ts the port of the host.

import { BytePort } from './byte-port.ts';
import type { ByteTarget, OpeningLink } from './byte-port.ts';
import type { ByteLinkOptions, ByteStream } from './byte-link.ts';
import { HANDSHAKE_TIMEOUT_MS, noAnswer } from './world-handshake.ts';
import type { WorldClient, WorldLink } from './world-link.ts';
import type { WorldParts } from '../seeded/world-parts.ts';
import { webSocketUrl } from '../../memory-server.ts';
import type { MemoryServer } from '../../memory-server.ts';
import { PausedLink } from '../../../conversation/paused-link.ts';
import type { HandlerRun } from '../../../server/handler-run.ts';
import type { Clock } from '../../../time/clock.ts';
import type { Transport } from '../../../transport/transport.ts';
import { CARRIES } from '../../../transport/ws/inbound-stream.ts';
import type { CarryingStream } from '../../../transport/ws/inbound-stream.ts';
import { plainLines } from '../../../core/header-lines.ts';

/** A host and its port. */
interface WireHost {
  readonly server: MemoryServer;
  readonly port: BytePort;
  /** Cuts and merges chunks. Undefined where no fault does. */
  readonly cutBy: ByteLinkOptions['cutBy'];
}

/** The ports of all hosts of one world. */
export class WirePorts {
  readonly #parts: WorldParts;
  readonly #ports = new Map<MemoryServer, BytePort>();

  constructor(parts: WorldParts) {
    this.#parts = parts;
  }

  /** Begins the handshake of a client. */
  handshake(server: MemoryServer, link: WorldLink): WireHandshake {
    const port = this.#ports.get(server) ?? new BytePort(server.host);
    this.#ports.set(server, port);
    const { agenda, choices, faults } = this.#parts;
    return new WireHandshake({ server, port, cutBy: faults.cutChunks ? choices : undefined }, link, agenda);
  }
}

/** One handshake, from the request to its answer. */
class WireHandshake {
  readonly #host: WireHost;
  readonly #link: WorldLink;
  readonly #clock: Clock;

  constructor(host: WireHost, link: WorldLink, clock: Clock) {
    this.#host = host;
    this.#link = link;
    this.#clock = clock;
  }

  /**
   * Takes the steps of the handshake.
   *
   * @param canBeSilent - Whether a fault may leave it without an answer, so that it has a time-out.
   * @throws ConnectError as `connect` does on a port, with the body and the header lines of a
   *   refusal. The error of `ws` for a subprotocol that is offered twice.
   */
  async open(request: MemoryServer['first'], canBeSilent: boolean): Promise<WorldClient> {
    const target = this.#targetOf(request);
    const opening = this.#begin(target);
    const { near } = opening;
    try {
      return await this.#link.opening(
        () => near.reset(),
        async () => {
          const transport = await (canBeSilent ? this.#inTime(opening) : opening.transport);
          return this.#join(transport, near, target.url);
        },
      );
    } catch (error) {
      closeWith(near, this.#link);
      throw error;
    }
  }

  #begin(target: ByteTarget): OpeningLink {
    const { port, cutBy } = this.#host;
    try {
      return port.connect(target, { wires: this.#link.wires, cutBy });
    } catch (error) {
      this.#link.close();
      throw error;
    }
  }

  #targetOf({ url, headers, protocols }: MemoryServer['first']): ByteTarget {
    const { server } = this.#host;
    const asked = webSocketUrl(new URL(url));
    const { maxMessageBytes, maxFragments } = server.settingsAt(asked);
    return {
      url: asked,
      protocols,
      headers: plainLines(headers) as Record<string, string>,
      maxMessageBytes,
      maxFragments,
      closeTimeoutMs: server.settings.closeTimeoutMs,
      clock: this.#clock,
    };
  }

  async #inTime({ transport, cancel }: OpeningLink): Promise<Transport> {
    let timer: unknown;
    const late = new Promise<never>((_, reject) => {
      timer = this.#clock.setTimeout(() => reject(cancel() ?? noAnswer()), HANDSHAKE_TIMEOUT_MS);
    });
    try {
      return await Promise.race([transport, late]);
    } finally {
      this.#clock.clearTimeout(timer);
    }
  }

  #join(transport: Transport, near: ByteStream, url: URL): WorldClient {
    const { server } = this.#host;
    const client = server.clientOver(transport, url.href, PausedLink);
    const ofHost: unknown = (near as CarryingStream)[CARRIES];
    // It runs since its 101 was written.
    const run = server.runs.findLast(({ conversation }) => conversation.transport === ofHost) as HandlerRun;
    this.#link.join({ client, ws: run.ws, reset: () => near.reset() });
    return this.#link.withLink(client);
  }
}

/** Closes a link that no client has, once the host has dropped its end. */
function closeWith(near: ByteStream, link: WorldLink): void {
  if (near.closed) return link.close();
  near.once('close', () => link.close());
}
