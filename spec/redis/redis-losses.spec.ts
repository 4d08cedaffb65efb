// Kills of a real Redis and cuts of links, with each client: nothing is lost in silence, nothing twice.

import { describe } from 'vitest';
import { lossStories } from '../brokers/loss-stories.ts';
import { CLIENTS, isRedisHere, withoutRedis } from './redis-scene.ts';

describe.skipIf(!isRedisHere).each(Object.entries(CLIENTS))(
  `redisBroker over a real server, with %s${withoutRedis}`,
  (_, client) => lossStories(client),
);
