// The chat with somebody who does not keep up. The server: examples/stories/chat.ts.

import { serve } from 'corosock';
import { describe, expect, it } from 'vitest';
import { Visitor } from './visitor.ts';
import { chat } from '../../examples/stories/chat.ts';

describe('the chat', () => {
  it('W10: waits for nobody who is too slow', async () => {
    await using host = await serve({ '/chat/:room': chat });
    const ann = await Visitor.of(host, '/chat/lobby?name=Ann');
    const slow = await Visitor.of(host, '/chat/lobby?name=Slow');
    expect([await ann.hears(), await ann.hears()]).toEqual(['Ann comes in.', 'Slow comes in.']);
    slow.stopsListening();

    const speech = 'bla '.repeat(50_000);
    for (let n = 0; n < 100; n += 1) {
      ann.say(speech);
      expect(await ann.hears()).toBe(`Ann: ${speech}`);
    }
    for (const { bufferedBytes } of host.sockets.values()) expect(bufferedBytes).toBeLessThan(500_000);
    slow.vanishes();
    expect(await ann.hears()).toBe('Slow has left.');
  });
});
