// Stops of a real NATS server, starts without one, and subscribers that it kills: nothing is lost in
// silence, nothing comes twice.

import { describe } from 'vitest';
import { outageStories } from '../brokers/loss-stories.ts';
import { isNatsHere, realNats, withoutNats } from './nats-scene.ts';

describe.skipIf(!isNatsHere)(`natsBroker in outages of a real server${withoutNats}`, () => {
  outageStories([realNats]);
});
