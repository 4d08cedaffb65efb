// Stops of a real Redis, starts without one, and subscribers that it kills, shared by all clients:
// nothing is lost in silence, nothing comes twice.

import { describe } from 'vitest';
import { outageStories } from '../brokers/loss-stories.ts';
import { CLIENTS, isRedisHere, withoutRedis } from './redis-scene.ts';

describe.skipIf(!isRedisHere)(`redisBroker in outages of a real server${withoutRedis}`, () => {
  outageStories(Object.values(CLIENTS));
});
