// K3: links to a real Redis that die before it has answered what a client asks first, with each client.

import { describe } from 'vitest';
import { CLIENTS, isRedisHere, withoutRedis } from './redis-scene.ts';
import { handshakeStories } from '../brokers/broker-stories.ts';

describe.skipIf(!isRedisHere).concurrent.each(Object.entries(CLIENTS))(
  `K3: redisBroker over a real server, with %s${withoutRedis}`,
  (_, client) => handshakeStories(client),
);
