// The line of places in a session: who leaves it, from where, and what is heard of that.

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Background } from '../../src/session/background.ts';
import { LiveSession } from '../../src/session/live-session.ts';
import { SessionPlace } from '../../src/session/session-place.ts';
import type { Membership, PlaceKeeper } from '../../src/session/session-place.ts';
import { Alarms } from '../../src/time/alarms.ts';
import { HandClock } from '../time/hand-clock.ts';

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

/** A session that nobody holds yet, and how often it was free. */
function emptySession(): { readonly live: LiveSession; readonly free: number } {
  const clock = new HandClock();
  let free = 0;
  const live = new LiveSession(
    'id',
    {
      store: { touch: async () => {} },
      clock,
      alarms: new Alarms(clock),
      timeoutMs: Infinity,
      background: new Background(clock, () => {}),
    },
    { sessionOnExpiry: () => {}, sessionOnFree: () => void (free += 1) },
  );
  return {
    live,
    get free() {
      return free;
    },
  };
}

describe('the places in a session', () => {
  it('are closed at its end in the order in which they came, but those that were left, by whomever', () => {
    // Socket n joins, leaves, or takes socket m with it when it is closed.
    const steps = fc.array(
      fc.record({ leave: fc.option(fc.nat(4), { nil: undefined, freq: 2 }), takes: fc.nat(4) }),
      {
        maxLength: 20,
        size: 'max',
      },
    );
    fc.assert(
      fc.property(steps, (sequence) => {
        const session = emptySession();
        const { live } = session;
        const places: (Membership | undefined)[] = [];
        const closed: number[] = [];
        const inside: number[] = [];
        const takenBy = new Map<number, number>();
        let emptied = 0;
        for (const { leave, takes } of sequence) {
          if (leave !== undefined) {
            places[leave]?.leave();
            const at = inside.indexOf(leave);
            if (at >= 0) inside.splice(at, 1);
            if (at >= 0 && inside.length === 0) emptied += 1;
            continue;
          }
          const n = places.length;
          live.hold();
          takenBy.set(n, takes);
          const close = (): void => {
            closed.push(n);
            places[n]?.leave();
            places[takes]?.leave();
          };
          places.push(live.join({ close }));
          inside.push(n);
        }
        expect(session.free).toBe(emptied);
        live.finish();
        const expected: number[] = [];
        const gone = new Set<number>();
        for (const n of inside) {
          if (gone.has(n)) continue;
          expected.push(n);
          gone.add(takenBy.get(n) ?? n);
        }
        expect(closed).toEqual(expected);
      }),
    );
  });
});
