// The shape of a connection of `@nats-io/transport-node` 3, as far as the broker uses it, and the
// check of what a caller gives. The package itself is not imported: it is an optional peer.

import { show } from '../core/arguments.ts';
import { UsageError } from '../core/errors.ts';
import { propertyOf } from '../core/object-like.ts';

/** One subscription of a connection. */
export interface NatsSubscription {
  unsubscribe(): void;
}

/** A connection of `@nats-io/transport-node` 3: what `connect()` resolves with. */
export interface NatsConnection {
  publish(subject: string, payload: Uint8Array): void;
  subscribe(
    subject: string,
    options: { readonly callback: (error: Error | null, message: { readonly data: Uint8Array }) => void },
  ): NatsSubscription;
  flush(): Promise<void>;
  reconnect(): Promise<void>;
  isClosed(): boolean;
  /** Resolves when the connection has ended for good, with the reason where there is one. */
  closed(): Promise<unknown>;
  status(): AsyncIterable<{ readonly type: string }> & { stop?(): void };
}

const METHODS = ['publish', 'subscribe', 'flush', 'reconnect', 'isClosed', 'closed', 'status'] as const;

const EXPECTED =
  'a connection of @nats-io/transport-node 3 (npm install @nats-io/transport-node): ' +
  'connect({ servers, noEcho: true, maxReconnectAttempts: -1, ignoreAuthErrorAbort: true, ' +
  'reconnectTimeWait: 250, waitOnFirstConnect: true })';

/**
 * Refuses what is no connection, and settings that break the port: without `noEcho` a node hears
 * itself, and a connection that gives up reconnecting stays silent for good: after ten attempts, or
 * after two logins that were refused.
 *
 * @throws UsageError `COROSOCK_ARGUMENT`.
 */
export function checkConnection(connection: NatsConnection): NatsConnection {
  for (const method of METHODS) {
    if (typeof propertyOf(connection, method) !== 'function') throw refused(show(connection));
  }
  const options = propertyOf(connection, 'options');
  if (propertyOf(options, 'noEcho') !== true) throw refused('one without noEcho: true');
  if (propertyOf(options, 'reconnect') === false) throw refused('one with reconnect: false');
  const attempts = propertyOf(options, 'maxReconnectAttempts');
  if (attempts !== -1) throw refused(`one with maxReconnectAttempts: ${show(attempts)}`);
  if (propertyOf(options, 'ignoreAuthErrorAbort') !== true)
    throw refused('one without ignoreAuthErrorAbort: true');
  return connection;
}

function refused(got: string): UsageError {
  return new UsageError('COROSOCK_ARGUMENT', `natsBroker(): expected ${EXPECTED}, got ${got}`);
}
