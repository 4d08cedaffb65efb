// The members of a room: in their order, while members come and go, and during a walk.

import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { MemberList } from '../../src/rooms/member-list.ts';
import type { ListedMember } from '../../src/rooms/member-list.ts';

interface Numbered extends ListedMember {
  readonly number: number;
}

const numbersOf = (list: MemberList<Numbered>): readonly number[] => Array.from(list, ({ number }) => number);

/** A list of the members 0, 1, 2 and so on. */
function listOf(length: number): {
  readonly list: MemberList<Numbered>;
  readonly members: readonly Numbered[];
} {
  const list = new MemberList<Numbered>();
  const members = Array.from({ length }, (_, number) => ({ number, place: 0 }));
  for (const member of members) list.append(member);
  return { list, members };
}

describe('MemberList', () => {
  it('keeps the order in which members came, whoever leaves', () => {
    fc.assert(
      fc.property(fc.array(fc.nat({ max: 40 }), { maxLength: 200, size: 'max' }), (choices) => {
        const { list } = listOf(0);
        const model: Numbered[] = [];
        for (const [number, choice] of choices.entries()) {
          const [member] = model.splice(choice, 1);
          if (member !== undefined) list.remove(member);
          else list.append(model[model.push({ number, place: 0 }) - 1] as Numbered);
          expect([numbersOf(list), list.size]).toEqual([model.map((each) => each.number), model.length]);
        }
      }),
    );
  });

  it('keeps no more empty places than members, and a few', () => {
    const { list, members } = listOf(1000);
    for (const member of members.slice(0, 990)) list.remove(member);
    expect([list.size, list.places.length <= 28]).toEqual([10, true]);
  });

  it('passes over a member that is removed meanwhile, and over one that comes meanwhile', () => {
    const { list, members } = listOf(3);
    const visited: number[] = [];
    for (const { number } of list) {
      visited.push(number);
      if (number > 0) continue;
      list.remove(members[1] as Numbered);
      list.append({ number: 3, place: 0 });
    }
    expect([visited, numbersOf(list)]).toEqual([
      [0, 2],
      [0, 2, 3],
    ]);
  });

  it('lets a walk over its places go on where each member that is visited is removed', () => {
    const { list, members } = listOf(100);
    const visited: number[] = [];
    for (const member of list.places) {
      if (member === undefined) continue;
      visited.push(member.number);
      list.remove(member);
    }
    expect([visited, list.size]).toEqual([members.map(({ number }) => number), 0]);
  });
});
