// The behaviour suite over a port of this machine.

import { describe } from 'vitest';
import { behaviours } from './behaviours.ts';
import { loopbackRoad } from './wire-road.ts';

describe('over a port of this machine,', () => behaviours(loopbackRoad));
