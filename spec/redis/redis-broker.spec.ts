// The broker over a real Redis, with each client that it takes.

import { describe } from 'vitest';
import { contractOver, linkStories, serverStories, slowLinkStories } from '../brokers/broker-stories.ts';
import { CLIENTS, isRedisHere, withoutRedis } from './redis-scene.ts';

describe.skipIf(!isRedisHere).each(Object.entries(CLIENTS))(
  `redisBroker over a real server, with %s${withoutRedis}`,
  (_, client) => {
    describe('the contract', () => contractOver(client));
    linkStories(client);
    serverStories(client);
    slowLinkStories(client);
  },
);
