// The behaviour suite behind haproxy.

import { describe } from 'vitest';
import { behaviours } from './behaviours.ts';
import { haproxy } from './proxies.ts';
import { proxyRoad } from './wire-road.ts';

describe.runIf(haproxy.isHere)(`behind haproxy${haproxy.why},`, () => behaviours(proxyRoad(haproxy.start)));
