// The line of places in a session: who leaves it, from where, and what is heard of that.

import { describe, expect, it } from 'vitest';
import { SessionPlace } from '../../src/session/session-place.ts';
import type { PlaceKeeper } from '../../src/session/session-place.ts';

/** Three sockets in a line. */
function threeInLine() {
  const events: string[] = [];
  const nameOf = (place: SessionPlace | undefined): string =>
    ['a', 'b', 'c'][places.findIndex((known) => known === place)] ?? 'nobody';
  const keeper: PlaceKeeper = {
    placeOnMessage: () => void events.push('a message'),
    placeOnLeave: (previous, next) => void events.push(`${nameOf(previous)}, ${nameOf(next)}`),
  };
  const socket = (name: string): { close(): void } => ({ close: () => void events.push(`close ${name}`) });
  const a = new SessionPlace(socket('a'), keeper, undefined);
  const b = new SessionPlace(socket('b'), keeper, a);
  const c = new SessionPlace(socket('c'), keeper, b);
  const places: readonly SessionPlace[] = [a, b, c];
  return { a, b, c, events };
}

describe('a place in a session', () => {
  it('tells of each message', () => {
    const { b, events } = threeInLine();
    b.active();
    b.active();
    expect(events).toEqual(['a message', 'a message']);
  });

  it('knows who came next', () => {
    const { a, b, c } = threeInLine();
    expect([a.next, b.next, c.next]).toEqual([b, c, undefined]);
  });

  it('is left once, and leaves its neighbours beside each other', () => {
    const { a, b, c, events } = threeInLine();
    b.leave();
    b.leave();
    expect([a.next, b.next, events]).toEqual([c, undefined, ['a, c']]);
    c.leave();
    a.leave();
    expect([a.next, events]).toEqual([undefined, ['a, c', 'a, nobody', 'nobody, nobody']]);
  });

  it('closes its socket, and none that has left', () => {
    const { a, b, events } = threeInLine();
    a.leave();
    a.close();
    b.close();
    expect(events).toEqual(['nobody, b', 'close b']);
  });
});
