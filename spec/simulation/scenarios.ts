// All scenarios of the simulation suite. simulation.spec.ts plays each under some seeds; run.js
// plays them under as many as it is asked to.

import { ADMISSION } from './admission.ts';
import { ASKING } from './asking.ts';
import { CHANNELS } from './channels.ts';
import { CLIENTS } from './clients.ts';
import { CLOSES_OF_HOSTS } from './closes-everywhere.ts';
import { CLOSES } from './closes.ts';
import { DELIVERY } from './delivery.ts';
import { ENDINGS } from './endings.ts';
import { FRAGMENTS } from './fragments.ts';
import { HANDLES_OF_HOSTS } from './handles.ts';
import { LIFE_CYCLES } from './life-cycles.ts';
import { LIFETIMES } from './lifetimes.ts';
import { LINES } from './lines.ts';
import { LOCKS } from './locks.ts';
import { MEMORY } from './memory.ts';
import { PRESENCE_OF_HOSTS } from './presence.ts';
import { ROOMS_OF_HOSTS } from './rooms.ts';
import type { Scenario } from './scene.ts';
import { PLACES } from './places.ts';
import { SELECTS } from './selects.ts';
import { SESSIONS } from './sessions.ts';
import { SHARED_SOURCES } from './shared-sources.ts';
import { SLOW_MEMBERS } from './slow-members.ts';
import { SLOW_PEERS } from './slow-peers.ts';
import { STORIES } from './stories.ts';
import { TASKS } from './tasks.ts';
import { WAITS } from './waits.ts';

export const SCENARIOS: readonly Scenario[] = [
  ...DELIVERY,
  ...MEMORY,
  ...SHARED_SOURCES,
  ...CHANNELS,
  ...SELECTS,
  ...LINES,
  ...WAITS,
  ...FRAGMENTS,
  ...ADMISSION,
  ...ENDINGS,
  ...CLOSES,
  ...CLIENTS,
  ...LIFETIMES,
  ...ASKING,
  ...PLACES,
  ...SLOW_PEERS,
  ...SESSIONS,
  ...LOCKS,
  ...TASKS,
  ...LIFE_CYCLES,
  ...STORIES,
  ...ROOMS_OF_HOSTS,
  ...HANDLES_OF_HOSTS,
  ...CLOSES_OF_HOSTS,
  ...SLOW_MEMBERS,
  ...PRESENCE_OF_HOSTS,
];
