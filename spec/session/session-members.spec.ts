// The members of an active session: which of them are closed at its end, and in which order.

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { setActiveScene } from './active-scene.ts';
import type { SessionMember } from '../../src/session/active-session.ts';

describe('the members of an active session', () => {
  it('are closed at its end in the order in which they joined, without those that have released it', () => {
    // Socket n joins, leaves, or takes socket m with it when it is closed.
    const steps = fc.array(
      fc.record({ leave: fc.option(fc.nat(4), { nil: undefined, freq: 2 }), takes: fc.nat(4) }),
      { maxLength: 20, size: 'max' },
    );
    fc.assert(
      fc.property(steps, (sequence) => {
        const { session, active, events } = setActiveScene({ timeoutMs: Infinity });
        const members: (SessionMember | undefined)[] = [];
        const closed: number[] = [];
        const inside: number[] = [];
        const takenBy = new Map<number, number>();
        let emptied = 0;
        for (const { leave, takes } of sequence) {
          if (leave !== undefined) {
            members[leave]?.release();
            const at = inside.indexOf(leave);
            if (at >= 0) inside.splice(at, 1);
            if (at >= 0 && inside.length === 0) emptied += 1;
            continue;
          }
          const n = members.length;
          // The session of this spec goes on after it was free.
          active.set('id', session);
          session.hold();
          takenBy.set(n, takes);
          const close = (): void => {
            closed.push(n);
            members[n]?.release();
            members[takes]?.release();
          };
          members.push(session.join({ isEnding: false, close }));
          inside.push(n);
        }
        expect(events).toEqual(Array.from({ length: emptied }, () => '0: free'));
        session.evict();
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
