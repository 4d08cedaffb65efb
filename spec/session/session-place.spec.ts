// The line of places in a session: who leaves it, from where, and what is heard of that.

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { PendingWork } from '../../src/session/pending-work.ts';
import { ActiveSession } from '../../src/session/active-session.ts';
import { SessionPlace } from '../../src/session/session-place.ts';
import type { Membership, PlaceKeeper } from '../../src/session/session-place.ts';
import { Deadlines } from '../../src/time/deadlines.ts';
import { HandClock } from '../time/hand-clock.ts';

/** The place of one socket, and what is heard of it. */
function onePlace(): { readonly place: SessionPlace; readonly events: readonly string[] } {
  const events: string[] = [];
  const keeper: PlaceKeeper = {
    placeOnMessage: () => void events.push('a message'),
    placeOnLeave: (left) => void events.push(left === place ? 'left' : 'another left'),
  };
  const place: SessionPlace = new SessionPlace({ close: () => void events.push('closed') }, keeper);
  return { place, events };
}

describe('a place in a session', () => {
  it('tells of each message', () => {
    const { place, events } = onePlace();
    place.active();
    place.active();
    expect(events).toEqual(['a message', 'a message']);
  });

  it('is left once', () => {
    const { place, events } = onePlace();
    place.leave();
    place.leave();
    expect(events).toEqual(['left']);
  });

  it('closes its socket, but not after it was left', () => {
    const { place, events } = onePlace();
    place.close();
    place.leave();
    place.close();
    expect(events).toEqual(['closed', 'left']);
  });
});

/** A session that nobody holds yet, and how often it was free. */
function emptySession(): { readonly live: ActiveSession; readonly free: number } {
  const clock = new HandClock();
  let free = 0;
  const live = new ActiveSession(
    'id',
    {
      store: { touch: async () => {} },
      clock,
      deadlines: new Deadlines(clock),
      timeoutMs: Infinity,
      pendingWork: new PendingWork(clock, () => {}),
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
