// The broker over NATS: core publish and subscribe, at most once. Takes a connection of
// `@nats-io/transport-node` 3 by its shape and imports nothing of it. Gaps are in
// brokers/engine-broker.ts; what the server refuses is in nats-subscriptions.ts.

import type { NatsConnection } from './nats-connection.ts';
import { checkConnection } from './nats-connection.ts';
import { NatsSubscriptions } from './nats-subscriptions.ts';
import { EngineBroker } from '../brokers/engine-broker.ts';
import type { Engine } from '../brokers/engine-broker.ts';
import { LinkWatch } from '../brokers/link-watch.ts';
import { checkPrefix } from '../brokers/prefix.ts';
import type { Broker } from '../hub/broker.ts';
import { realClock } from '../time/real-clock.ts';
import { checkNames } from '../core/arguments.ts';
import { noop } from '../core/noop.ts';
import { isThenable, propertyOf } from '../core/object-like.ts';
import { complete, namesOf } from '../core/options.ts';
import type { OptionTable } from '../core/options.ts';

/** Options of `natsBroker`. */
export interface NatsBrokerOptions {
  /**
   * Stands in front of each subject, so that deployments can share a server: `<prefix>.<address in
   * base64url>`. 1 to 100 letters, digits, `-`, `_`, and dots between them. Default: `'corosock'`.
   */
  readonly prefix?: string | undefined;
}

const OPTIONS: OptionTable<NatsBrokerOptions> = { prefix: ['corosock', checkPrefix] };

/**
 * Makes the broker of this node over a NATS connection.
 *
 * ```ts
 * import { connect } from '@nats-io/transport-node';
 *
 * const connection = connect({
 *   servers: 'nats://127.0.0.1:4222',
 *   noEcho: true,
 *   maxReconnectAttempts: -1,
 *   ignoreAuthErrorAbort: true,
 *   reconnectTimeWait: 250,
 *   waitOnFirstConnect: true,
 * });
 * const host = await serve(chat, { broker: natsBroker(connection) });
 * ```
 *
 * A message counts as taken when the server has answered a `PING` behind it; the messages of one
 * turn share one. While the link is lost nothing is given to the connection, which would keep it
 * without bound.
 *
 * @param connection - A connection, or the promise of one: until it resolves the broker is down.
 *   Needs `noEcho: true`, `maxReconnectAttempts: -1` and `ignoreAuthErrorAbort: true`. The caller
 *   closes it; the broker then ends, too.
 * @throws UsageError `COROSOCK_ARGUMENT`. For a promise, `subscribe` rejects with it.
 */
export function natsBroker(
  connection: NatsConnection | PromiseLike<NatsConnection>,
  options: NatsBrokerOptions = {},
): Broker {
  checkNames('natsBroker()', options, namesOf(OPTIONS));
  const { prefix } = complete('natsBroker()', options, OPTIONS);
  const engine = new NatsEngine(prefix);
  if (!isThenable(connection)) {
    engine.connect(checkConnection(connection));
    return engine.broker;
  }
  connection
    .then((connected) => engine.connect(checkConnection(connected)))
    .then(undefined, (error: unknown) => engine.broker.fail(error));
  return engine.broker;
}

class NatsEngine implements Engine {
  readonly broker: EngineBroker = new EngineBroker(this, realClock);
  readonly #watch = new LinkWatch(
    realClock,
    () => this.#open.flush(),
    () => this.#silent(),
  );
  readonly #subscriptions: NatsSubscriptions;
  #connection: NatsConnection | undefined;
  /** The acknowledgement of all messages of this turn. */
  #acknowledged: Promise<unknown> | undefined;
  #stopStatus = noop;

  constructor(prefix: string) {
    this.#subscriptions = new NatsSubscriptions(prefix, {
      received: (address, bytes) => {
        this.#watch.heard();
        this.broker.received(address, bytes);
      },
      refused: (address, error) => this.broker.refused(address, error, this.#watch.answeredMs),
    });
  }

  get #open(): NatsConnection {
    return this.#connection as NatsConnection;
  }

  /** Begins. Where the connection is lost at the moment, its answer to the first `PING` fails. */
  connect(connection: NatsConnection): void {
    if (this.broker.isClosed) return;
    this.#connection = connection;
    void this.#follow(connection);
    void connection.closed().then((error) => this.#end(error));
    if (!connection.isClosed()) this.#back();
  }

  async publish(address: string, bytes: Uint8Array): Promise<undefined> {
    this.#open.publish(this.#subscriptions.subjectOf(address), bytes);
    this.#acknowledged ??= Promise.resolve().then(() => {
      this.#acknowledged = undefined;
      return this.#open.flush();
    });
    await this.#acknowledged;
    this.#watch.heard();
    return undefined;
  }

  subscribe(addresses: readonly string[]): Promise<void> {
    return this.#subscriptions.subscribe(this.#open, addresses);
  }

  unsubscribe(address: string): void {
    this.#subscriptions.unsubscribe(address);
  }

  close(): void {
    this.#watch.stop();
    this.#stopStatus();
  }

  async #follow(connection: NatsConnection): Promise<void> {
    const statuses = connection.status();
    this.#stopStatus = () => statuses.stop?.();
    for await (const status of statuses) {
      const { type } = status;
      if (type === 'disconnect') this.#lost();
      else if (type === 'reconnect') this.#back();
      else if (type === 'error') this.#note(propertyOf(status, 'error'));
    }
  }

  #note(error: unknown): void {
    if (!this.#subscriptions.isRefusal(error)) this.broker.noteError(error);
  }

  #back(): void {
    if (this.broker.isClosed) return;
    this.#watch.start();
    this.broker.up();
  }

  #lost(): void {
    this.#watch.stop();
    this.#subscriptions.lost();
    this.broker.down(this.#watch.answeredMs);
  }

  #end(error: unknown): void {
    this.#lost();
    this.broker.fail(error ?? new Error('The connection was closed'), 'The connection has ended for good');
  }

  /** The server has not answered. A new link is asked for: the old one may be dead for good. */
  #silent(): void {
    this.#lost();
    this.#open.reconnect().then(noop, noop);
  }
}
