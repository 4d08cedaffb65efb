// The behaviour suite over TLS.

import { describe } from 'vitest';
import { behaviours } from './behaviours.ts';
import { tlsRoad } from './wire-road.ts';

describe('over TLS,', () => behaviours(tlsRoad));
