// How long a close may take, over a scripted link and a clock that the spec moves: the peer has
// closeTimeoutMs anew whenever it takes bytes that waited.

import { describe, expect, it } from 'vitest';
import type { Closer, ConversationSettings } from '../../src/conversation/conversation.ts';
import { scripted } from './scripted-transport.ts';
import type { ScriptedConversation } from './scripted-transport.ts';

const TIMEOUT_MS = 5000;
const LONGEST_MS = 300_000;

/** A conversation that closes, with bytes that wait for the peer. */
function closing(
  closer: Closer = 'handler',
  settings: Partial<ConversationSettings> = {},
): ScriptedConversation {
  const visit = scripted(settings);
  void visit.ws.write('x'.repeat(1000));
  visit.link.stall();
  visit.conversation.close(1000, '', closer);
  return visit;
}

/** How long it takes until the link is terminated, while the peer takes a byte every so often. */
function timeOf({ link, clock }: ScriptedConversation, takesEveryMs = Infinity): number {
  const sinceMs = clock.nowMs;
  for (let ms = 1000; !link.calls.includes('terminate') && ms <= 2 * LONGEST_MS; ms += 1000) {
    clock.tick(1000);
    if (ms % takesEveryMs === 0) link.take(1);
  }
  return clock.nowMs - sinceMs;
}

describe('CloseTime', () => {
  it('is closeTimeoutMs where nothing is taken', () => {
    expect(timeOf(closing())).toBe(TIMEOUT_MS);
  });

  it('is closeTimeoutMs where nothing waits', () => {
    const visit = scripted();
    visit.conversation.close(1000, '', 'handler');
    expect(timeOf(visit)).toBe(TIMEOUT_MS);
  });

  it('W9: begins anew while bytes that waited are taken', () => {
    const visit = closing();
    for (let taken = 0; taken < 10; taken += 1) {
      visit.clock.tick(4000);
      visit.link.take(1);
    }
    expect(visit.link.calls).toEqual(['close 1000']);
    expect(timeOf(visit)).toBeLessThanOrEqual(2 * TIMEOUT_MS);
  });

  it('does not begin anew for bytes that were taken before the close', () => {
    const visit = scripted();
    void visit.ws.write('x'.repeat(1000));
    visit.link.stall();
    visit.clock.tick(4000);
    visit.link.take(1);
    visit.clock.tick(4000);
    visit.conversation.close(1000, '', 'handler');
    expect(timeOf(visit)).toBe(TIMEOUT_MS);
  });

  it('goes on while the peer reads what the kernels hold, at its pace', () => {
    const visit = scripted();
    void visit.ws.write('x'.repeat(1000));
    visit.link.take();
    void visit.ws.write('x'.repeat(1000));
    visit.link.stall();
    visit.conversation.close(1000, '', 'handler');
    for (let second = 0; second < 20; second += 1) {
      visit.clock.tick(1000);
      visit.link.take(50);
    }
    // 20 s for the second thousand, and as much for the first.
    const timeMs = timeOf(visit);
    expect([timeMs >= 20_000, timeMs <= 20_000 + 2 * TIMEOUT_MS]).toEqual([true, true]);
  });

  it.each([1000, 4000])('is five minutes at most, though a byte is taken every %d ms', (everyMs) => {
    expect(timeOf(closing(), everyMs)).toBe(LONGEST_MS);
  });

  it('is closeTimeoutMs where that is longer', () => {
    expect(timeOf(closing('handler', { closeTimeoutMs: 400_000 }), 1000)).toBe(400_000);
  });

  it('L4: is closeTimeoutMs in a shut-down, whatever is taken', () => {
    expect(timeOf(closing('shutdown'), 1000)).toBe(TIMEOUT_MS);
  });

  it('L4: is closeTimeoutMs at most from a shut-down on that comes later', () => {
    const visit = closing();
    for (let second = 0; second < 20; second += 1) {
      visit.clock.tick(1000);
      visit.link.take(1);
    }
    visit.conversation.close(1001, '', 'shutdown');
    expect(timeOf(visit, 1000)).toBeLessThanOrEqual(TIMEOUT_MS);
    expect(visit.link.calls[0]).toBe('close 1000');
  });

  it('bounds the answer to a close of the peer, too', () => {
    const visit = scripted();
    void visit.ws.write('x'.repeat(1000));
    visit.link.stall();
    visit.link.peerCloses();
    expect(timeOf(visit)).toBe(TIMEOUT_MS);
  });

  it('L4: bounds it in a shut-down, too', () => {
    const visit = scripted();
    void visit.ws.write('x'.repeat(1000));
    visit.link.stall();
    visit.link.peerCloses();
    visit.conversation.close(1001, '', 'shutdown');
    expect(timeOf(visit, 1000)).toBe(TIMEOUT_MS);
  });

  it('leaves no timer', () => {
    const visit = closing();
    visit.link.end();
    expect(visit.clock.timers).toBe(0);
  });
});
