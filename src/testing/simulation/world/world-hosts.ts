// The hosts and clients of one world, and the links between them. seeded-world.ts calls it. A host
// is memory-server.ts's, a link world-link.ts's, a handshake one of links/.

import type { Escapes } from './escapes.ts';
import { canFallSilent } from '../seeded/faults.ts';
import { HostFaults } from '../seeded/seeded-faults.ts';
import type { WorldParts } from '../seeded/world-parts.ts';
import { WirePorts } from '../links/wire-handshake.ts';
import { WorldHandshake } from '../links/world-handshake.ts';
import { WorldLink } from '../links/world-link.ts';
import type { WorldClient } from '../links/world-link.ts';
import type { Story } from '../story/story.ts';
import type { WorldBrokers } from './world-brokers.ts';
import type { WorldSettings } from './world-options.ts';
import type { ClientOfWorld } from '../../fake-options.ts';
import { MemoryServer } from '../../memory-server.ts';
import { clientName } from '../../who-waits.ts';
import type { Randomness } from '../../../platform/random-ids.ts';
import type { Host } from '../../../server/host.ts';
import { HOST_OPTIONS } from '../../../server/host-options.ts';
import type { HostOptions } from '../../../server/host-options.ts';
import { reportAsWarning } from '../../../server/report.ts';
import type { Report } from '../../../server/report.ts';
import type { Routes } from '../../../server/servable.ts';
import { badArgument, checkNames, checkObject } from '../../../core/arguments.ts';
import { UsageError } from '../../../core/errors.ts';
import { namesOf } from '../../../core/options.ts';

/** What hosts and clients have of their world. */
export interface HostsSettings extends Pick<WorldSettings, 'seed' | 'fidelity'> {
  readonly parts: WorldParts;
  readonly brokers: Pick<WorldBrokers, 'check' | 'ofHost' | 'quietWhenDead'>;
  readonly randomness: Randomness;
  /** Undefined where nothing is recorded. */
  readonly story: Story | undefined;
  /** Gives the options of a host that is watched. */
  readonly watched: (options: HostOptions) => HostOptions;
  /** Calls what a host does for a client. */
  readonly inside: Escapes['inside'];
}

const HOST_NAMES = new Set([...namesOf(HOST_OPTIONS)].filter((name) => name !== 'clock'));
const CONNECT_NAMES: ReadonlySet<string> = new Set(['url', 'headers', 'protocols']);

/** Seeds of the worlds, by host; for errors. */
const seeds = new WeakMap<Host, number>();

/** A host of a world. */
interface HostOfWorld {
  readonly server: MemoryServer;
  readonly faults: HostFaults;
  /** Undefined where it has none of its own. */
  readonly report: Report | undefined;
}

/** The hosts and clients of one world. */
export class WorldHosts {
  readonly #settings: HostsSettings;
  /** Undefined where links carry whole messages. */
  readonly #wire: WirePorts | undefined;
  readonly #hosts = new Map<Host, HostOfWorld>();
  readonly #links = new Set<WorldLink>();
  /** Clients so far: each has its number. */
  #clients = 0;

  constructor(settings: HostsSettings) {
    this.#settings = settings;
    this.#wire = settings.fidelity === 'wire' ? new WirePorts(settings.parts) : undefined;
  }

  get servers(): readonly MemoryServer[] {
    return [...this.#hosts.values()].map(({ server }) => server);
  }

  /** That of the first host, where it has its own. */
  get report(): Report {
    const [first] = this.#hosts.values();
    return first?.report ?? reportAsWarning;
  }

  get links(): Iterable<WorldLink> {
    return this.#links;
  }

  /** @throws UsageError `COROSOCK_ARGUMENT`, `COROSOCK_ROUTE`. */
  serve(routes: Routes, options: HostOptions): Host {
    checkObject('w.serve()', options);
    checkNames('w.serve()', options, HOST_NAMES);
    const { seed, parts, brokers, randomness, watched } = this.#settings;
    brokers.check(options.broker);
    const own = brokers.quietWhenDead({ ...options, ...watched(options), clock: parts.agenda });
    const server = new MemoryServer('w.serve()', routes, own, randomness);
    const name = `host ${this.#hosts.size + 1}`;
    const faults = new HostFaults(parts, name, brokers.ofHost(options.broker, name));
    const report = options.report && server.settings.report;
    this.#hosts.set(server.host, { server, faults, report });
    seeds.set(server.host, seed);
    return server.host;
  }

  /** @throws ConnectError, UsageError `COROSOCK_ARGUMENT`. */
  async connect(to: Host, options: Omit<ClientOfWorld, 'params'>): Promise<WorldClient> {
    const host = this.#hosts.get(to);
    if (host === undefined) throw this.#foreign(to);
    const { server, faults } = host;
    checkObject('w.connect()', options);
    checkNames('w.connect()', options, CONNECT_NAMES);
    const request = server.requestOf('w.connect()', options);
    this.#dropLinks();
    this.#clients += 1;
    const { parts, story, inside } = this.#settings;
    const link = new WorldLink(parts, faults, clientName(this.#clients));
    story?.connects(link.name, new URL(request.url).pathname);
    this.#links.add(link);
    const handshake = this.#wire?.handshake(server, link) ?? new WorldHandshake(server, link, parts.agenda);
    try {
      return await inside(() => handshake.open(request, canFallSilent(parts.faults)));
    } catch (error) {
      story?.failsToConnect(link.name, error);
      throw error;
    }
  }

  /** Closes all hosts, without time for their handlers. */
  async close(): Promise<void> {
    await Promise.all([...this.#hosts.keys()].map((host) => host.close({ graceMs: 0 })));
  }

  /** Takes all links out of the agenda. */
  closeLinks(): void {
    for (const link of this.#links) link.close();
  }

  /** Forgets the links that are over. */
  #dropLinks(): void {
    for (const link of this.#links) {
      if (!link.isOver) continue;
      link.close();
      this.#links.delete(link);
    }
  }

  #foreign(host: Host): UsageError {
    const seed = seeds.get(host);
    if (seed === undefined) return badArgument('w.connect()', 'a host that w.serve() has made', host);
    const expected = `a host of this world (seed ${this.#settings.seed}), got one of another (seed ${seed})`;
    return new UsageError('COROSOCK_ARGUMENT', `w.connect(): expected ${expected}`);
  }
}
