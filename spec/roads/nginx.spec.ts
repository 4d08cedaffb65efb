// The behaviour suite behind nginx.

import { describe } from 'vitest';
import { behaviours } from './behaviours.ts';
import { nginx } from './proxies.ts';
import { proxyRoad } from './wire-road.ts';

describe.runIf(nginx.isHere)(`behind nginx${nginx.why},`, () => behaviours(proxyRoad(nginx.start)));
