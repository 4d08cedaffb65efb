// Presence of other nodes beyond what a node keeps of all of them.

import { describe, expect, it } from 'vitest';
import { deployment } from './bus-fixtures.ts';
import { presenceNodes } from './presence-nodes.ts';
import { MAX_PRESENT_BYTES } from '../../src/hub/node-presence.ts';
import { keptBytesOf, MAX_META_BYTES } from '../../src/rooms/room-presence.ts';
import { MAX_METAS } from '../../src/rooms/presence-state.ts';

/** Counts with much more than it takes. */
const META = ','.repeat(MAX_META_BYTES - '""'.length);

describe('a node for which there is no room', () => {
  it('K15: is in missingNodes of the rooms in which it counts sockets', async () => {
    const deployed = deployment();
    const [a, b, c] = await presenceNodes(deployed, 'a', 'b', 'c');
    b.presence('q').changes();
    const keys = Math.ceil(MAX_PRESENT_BYTES / (MAX_METAS * keptBytesOf(META)));
    for (let key = 0; key < keys; key += 1) {
      for (let socket = 0; socket < MAX_METAS; socket += 1) a.track(`${key}`, META);
    }
    await deployed.clock.advance(3000);
    expect(b.presence().list().missingNodes).toEqual(['a']);
    // What is left is less than what the smallest presence takes.
    for (let key = 0; key < MAX_METAS; key += 1) a.track(`middle ${key}`, META);
    for (let key = 0; key < 2000; key += 1) a.track(`small ${key}`);
    await deployed.clock.advance(3000);
    c.track('ada', undefined, 'q');
    await deployed.clock.advance(3000);
    expect([b.counts('q'), b.presence('q').list().missingNodes]).toEqual([{}, ['a', 'c']]);
  });
});
