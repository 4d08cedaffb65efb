// Presence of a node that is killed while another waits for its answer.

import { describe, expect, it } from 'vitest';
import { losingNodes } from './presence-nodes.ts';

describe('a node', () => {
  it('that is killed before it has answered a question is missing, and not absent', async () => {
    const { deployed, drops, nodes } = await losingNodes('a', 'b');
    const [a, b] = nodes;
    a.track('ada');
    await deployed.clock.advance(1000);
    drops.add('room:r');
    b.link.cut();
    b.link.mend();
    await deployed.clock.advance(1500);
    a.link.cut();
    const listed: unknown[] = [];
    for (let second = 0; second < 15; second += 1) {
      await deployed.clock.advance(1000);
      listed.push(b.counts());
    }
    expect(listed).toEqual(Array.from(listed, () => ({ ada: 1 })));
    expect(b.presence().list().missingNodes).toEqual(['a']);
  });
});
