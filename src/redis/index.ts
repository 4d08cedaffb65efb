// The entry point `corosock/redis`: the broker over Redis and Valkey. Nothing here imports a
// package: the clients are the caller's.

export { redisBroker } from './redis-broker.ts';
export type { RedisBrokerOptions } from './redis-broker.ts';
export type { RedisClient, RedisClients } from './redis-clients.ts';
export type { IoRedisClient } from './ioredis-link.ts';
export type { NodeRedisClient } from './node-redis-link.ts';
export type { Broker } from '../hub/broker.ts';
