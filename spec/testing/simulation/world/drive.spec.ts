// Time that passes by itself: until something holds, nothing goes on, or it is late.

import { describe, expect, it } from 'vitest';
import type { Handler } from 'corosock';
import type { WorldClient } from 'corosock/testing';
import { Drive, MAX_STEPS_AT_ONCE } from '../../../../src/testing/simulation/world/drive.ts';
import { seededWorld } from '../seeded-worlds.ts';
import { failureOf } from '../told.ts';

const DAY_MS = 86_400_000;

const reads: Handler = async (ws) => {
  for (;;) if ((await ws.readMessage())[1] === 'closed') return;
};

/** A world with one client, whose handler and script read. */
async function reading(heartbeat: false | undefined) {
  const world = seededWorld({}, { driver: { onStep: () => drive.onStep() } });
  const drive = new Drive(world);
  const host = world.serve(reads, heartbeat === undefined ? {} : { heartbeat });
  let client: WorldClient | undefined;
  void world.connect(host).then((opened) => {
    client = opened;
    void opened.read();
  });
  return { world, drive, isOpen: () => client !== undefined };
}

describe('a drive', () => {
  it('ends when what it waits for holds', async () => {
    const { world, drive, isOpen } = await reading(undefined);
    expect([await drive.until(1000, isOpen), world.agenda.now()]).toEqual(['over', 0]);
  });

  it.each([undefined, false] as const)('is idle with heartbeats alone: of the host %s', async (heartbeat) => {
    for (const untilMs of [3_600_000, 2 * DAY_MS]) {
      const { world, drive } = await reading(heartbeat);
      expect(await drive.until(untilMs, () => false)).toBe('idle');
      expect(world.agenda.now()).toBeLessThan(600_000);
    }
  });

  it('is late where code waits for a later timer', async () => {
    const { world, drive } = await reading(undefined);
    world.clock.setTimeout(() => {}, 2000);
    expect(await drive.until(1000, () => false)).toBe('late');
    expect(world.agenda.now()).toBeLessThan(1000);
  });

  it('ends in a circle of steps that takes no time', async () => {
    const { world, drive } = await reading(undefined);
    const again = (): void => void world.clock.setImmediate(again);
    again();
    expect([await drive.until(1000, () => false), drive.isLivelock]).toEqual(['over', true]);
    expect(world.agenda.steps).toBe(MAX_STEPS_AT_ONCE + 1);
  });
});

describe('a deadlock in a run of days', () => {
  it('is one at once', async () => {
    const error = await failureOf(async (w) => void (await (await w.connect(w.serve(reads))).read()), {
      runs: 1,
      untilMs: 2 * DAY_MS,
    });
    expect(error.code).toBe('COROSOCK_DEADLOCK');
  });
});
