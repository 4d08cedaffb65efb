// All scenarios of the simulation suite. simulation.spec.ts plays each under some seeds; run.js
// plays them under as many as it is asked to.

import { ADMISSION } from './admission.ts';
import { CHANNELS } from './channels.ts';
import { DELIVERY } from './delivery.ts';
import { ENDINGS } from './endings.ts';
import { LIFE_CYCLES } from './life-cycles.ts';
import { MEMORY } from './memory.ts';
import type { Scenario } from './scene.ts';
import { SESSIONS } from './sessions.ts';
import { SHARED_SOURCES } from './shared-sources.ts';
import { STORIES } from './stories.ts';

export const SCENARIOS: readonly Scenario[] = [
  ...DELIVERY,
  ...MEMORY,
  ...SHARED_SOURCES,
  ...CHANNELS,
  ...ADMISSION,
  ...ENDINGS,
  ...SESSIONS,
  ...LIFE_CYCLES,
  ...STORIES,
];
