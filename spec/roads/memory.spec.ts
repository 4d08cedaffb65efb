// The behaviour suite over a link in memory.

import { describe } from 'vitest';
import { behaviours } from './behaviours.ts';
import { memoryRoad } from './memory-road.ts';

describe('over a link in memory,', () => behaviours(memoryRoad));
