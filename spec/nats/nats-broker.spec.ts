// The broker over a real NATS server, and the connections that it refuses.

import { describe } from 'vitest';
import { contractOver, linkStories, serverStories, slowLinkStories } from '../brokers/broker-stories.ts';
import { lossStories } from '../brokers/loss-stories.ts';
import { isNatsHere, realNats, withoutNats } from './nats-scene.ts';

describe.skipIf(!isNatsHere)(`natsBroker keeps the contract over a real server${withoutNats}`, () => {
  contractOver(realNats);
});

describe.skipIf(!isNatsHere)(`natsBroker over a real server${withoutNats}`, () => {
  linkStories(realNats);
  serverStories(realNats);
  slowLinkStories(realNats);
  lossStories(realNats);
});
