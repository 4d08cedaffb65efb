// The behaviour suite behind nginx, and what a proxy tells of its clients.

import { describe } from 'vitest';
import { behaviours } from './behaviours.ts';
import { proxied } from './proxied.ts';
import { nginx } from './proxies.ts';
import { proxyRoad } from './wire-road.ts';

describe.runIf(nginx.isHere)(`behind nginx${nginx.why},`, () => {
  const road = proxyRoad(nginx.start);
  behaviours(road);
  proxied(road, 'ws:');
});
