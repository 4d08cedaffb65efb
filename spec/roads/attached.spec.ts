// The behaviour suite over a host that is attached to an http server.

import { describe } from 'vitest';
import { behaviours } from './behaviours.ts';
import { attachedRoad } from './wire-road.ts';

describe('over a server of node:http,', () => behaviours(attachedRoad));
