// The entry point `corosock/nats`: the broker over NATS. Nothing here imports a package: the
// connection is the caller's.

export { natsBroker } from './nats-broker.ts';
export type { NatsBrokerOptions } from './nats-broker.ts';
export type { NatsConnection, NatsSubscription } from './nats-connection.ts';
export type { Broker } from '../hub/broker.ts';
