// The behaviour suite behind haproxy, and what a proxy tells of its clients.

import { describe } from 'vitest';
import { behaviours } from './behaviours.ts';
import { proxied } from './proxied.ts';
import { haproxy } from './proxies.ts';
import { proxyRoad } from './wire-road.ts';

describe.runIf(haproxy.isHere)(`behind haproxy${haproxy.why},`, () => {
  const road = proxyRoad(haproxy.start);
  behaviours(road);
  proxied(road, 'wss:');
});
