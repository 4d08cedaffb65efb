// A world whose parts a spec sees: its agenda, its choices, its story. over-wire.spec.ts changes the
// defaults, so that links carry bytes.

import type { WorldOptions } from 'corosock/testing';
import { SeededWorld } from '../../../src/testing/simulation/world/seeded-world.ts';
import type { SimulatedBy } from '../../../src/testing/simulation/world/seeded-world.ts';
import { WORLD_OPTIONS } from '../../../src/testing/simulation/world/world-options.ts';
import { defaultsOf } from '../../../src/core/options.ts';

/** Makes a world. Options that are not given have their defaults. */
export function seededWorld(options: WorldOptions = {}, setup: SimulatedBy = {}): SeededWorld {
  return new SeededWorld({ ...defaultsOf<WorldOptions>(WORLD_OPTIONS), ...options }, setup);
}

/** Such a world with a story, which tells its faults. */
export function recordedWorld(options: WorldOptions): SeededWorld {
  return seededWorld(options, { recording: { watchedFrom: Infinity } });
}

/** Ends the story of a recorded world. @returns The faults in it: `client 2 link reset`. */
export function faultsToldBy({ story }: SeededWorld): readonly string[] {
  const lines = String(story?.finish('over')).split('\n');
  const words = lines.flatMap((line) => line.replace(/^t=\d+ /u, '').split(' · '));
  return words.filter((said) => /^(?:client \d+ link|host \d+ stops|broker)/u.test(said));
}
