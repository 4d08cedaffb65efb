// The linked list: FIFO, removal from anywhere, and walks during which nodes come and go.

import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { LinkedList } from '../../src/structures/linked-list.ts';
import type { ListNode } from '../../src/structures/linked-list.ts';

interface Numbered extends ListNode<Numbered> {
  readonly number: number;
}

const numbered = (number: number): Numbered => ({ number, previous: undefined, next: undefined });

/** A list of the nodes 0, 1, 2 and so on. */
function listOf(length: number): {
  readonly list: LinkedList<Numbered>;
  readonly nodes: readonly Numbered[];
  readonly order: () => readonly number[];
} {
  const list = new LinkedList<Numbered>();
  const nodes = Array.from({ length }, (_, number) => numbered(number));
  for (const node of nodes) list.append(node);
  return { list, nodes, order: () => Array.from(list, ({ number }) => number) };
}

const nodeOf = (nodes: readonly Numbered[], number: number): Numbered => nodes[number] as Numbered;

describe('LinkedList', () => {
  it('is empty at first', () => {
    const { list, order } = listOf(0);
    expect([list.first, list.last, order(), list.has(numbered(0))]).toEqual([
      undefined,
      undefined,
      [],
      false,
    ]);
  });

  it('keeps the order in which nodes were appended', () => {
    const { list, nodes, order } = listOf(3);
    expect([list.first?.number, list.last?.number, order()]).toEqual([0, 2, [0, 1, 2]]);
    expect(nodes.every((node) => list.has(node))).toBe(true);
  });

  it.each([
    [0, [1, 2]],
    [1, [0, 2]],
    [2, [0, 1]],
  ])('removes node %i and keeps the order of the others', (leaver, others) => {
    const { list, nodes, order } = listOf(3);
    const leaving = nodeOf(nodes, leaver);
    list.remove(leaving);
    expect([order(), list.has(leaving)]).toEqual([others, false]);
    list.append(leaving);
    expect(order()).toEqual([...others, leaver]);
  });

  it('retains no removed node, and no removed node retains the list', () => {
    const { list, nodes } = listOf(3);
    for (const node of nodes) list.remove(node);
    expect(nodes.map(({ previous, next }) => [previous, next])).toEqual(
      nodes.map(() => [undefined, undefined]),
    );
    expect([list.first, [...list]]).toEqual([undefined, []]);
  });

  it('adds no property to a node', () => {
    const { list } = listOf(0);
    const alone = numbered(0);
    const names = Object.keys(alone);
    list.append(alone);
    list.remove(alone);
    expect(Object.keys(alone)).toEqual(names);
  });

  it('keeps an order again after it was empty', () => {
    const { list, nodes, order } = listOf(3);
    for (const node of nodes) list.remove(node);
    for (const node of nodes.toReversed()) list.append(node);
    expect(order()).toEqual([2, 1, 0]);
  });

  it('ignores a node that was removed before or never appended', () => {
    const { list, nodes, order } = listOf(3);
    list.remove(nodeOf(nodes, 1));
    list.remove(nodeOf(nodes, 1));
    list.remove(numbered(3));
    expect(order()).toEqual([0, 2]);
  });

  it('visits the nodes that were there when it began, and passes over those that are removed meanwhile', () => {
    const { list, nodes } = listOf(5);
    const visited: number[] = [];
    for (const node of list) {
      visited.push(node.number);
      list.remove(node);
      if (node.number === 1) for (const gone of [2, 3]) list.remove(nodeOf(nodes, gone));
      list.append(numbered(9));
    }
    expect(visited).toEqual([0, 1, 4]);
  });

  describe('forEach', () => {
    it('visits all nodes, oldest first, and none of an empty list', () => {
      const visited: number[] = [];
      listOf(0).list.forEach(({ number }) => void visited.push(number));
      listOf(3).list.forEach(({ number }) => void visited.push(number));
      expect(visited).toEqual([0, 1, 2]);
    });

    it('visits no node that is appended meanwhile', () => {
      const { list, order } = listOf(2);
      list.forEach(({ number }) => list.append(numbered(number + 10)));
      expect(order()).toEqual([0, 1, 10, 11]);
    });

    it.each([
      ['the node at hand', 1, [1], [0, 1, 2, 3]],
      ['the next one', 1, [2], [0, 1, 3]],
      ['the last one', 1, [3], [0, 1, 2]],
      ['an earlier one', 1, [0], [0, 1, 2, 3]],
      ['all that follow', 1, [3, 2], [0, 1]],
      ['all that follow, from the front', 1, [2, 3], [0, 1]],
      ['all', 1, [0, 1, 2, 3], [0, 1]],
      ['the last one, when it is visited', 3, [3], [0, 1, 2, 3]],
    ])('goes on when %s is removed', (_, at, removed, expected) => {
      const { list, nodes } = listOf(4);
      const visited: number[] = [];
      list.forEach(({ number }) => {
        visited.push(number);
        if (number === at) for (const gone of removed) list.remove(nodeOf(nodes, gone));
      });
      expect(visited).toEqual(expected);
    });

    it('stops where the callback returns false, and can be walked again', () => {
      const { list } = listOf(4);
      const visited: number[] = [];
      const visit = ({ number }: Numbered): false | undefined => {
        visited.push(number);
        return number === 1 ? false : undefined;
      };
      list.forEach(visit);
      list.forEach(visit);
      expect(visited).toEqual([0, 1, 0, 1]);
    });

    it('does not visit again a node that is removed and appended meanwhile', () => {
      const { list, nodes, order } = listOf(3);
      const visited: number[] = [];
      list.forEach((node) => {
        visited.push(node.number);
        list.remove(node);
        list.append(node);
        if (node.number !== 0) return;
        list.remove(nodeOf(nodes, 2));
        list.append(nodeOf(nodes, 2));
      });
      expect([visited, order()]).toEqual([
        [0, 1],
        [0, 2, 1],
      ]);
    });

    it.each([
      ['the next and the last node', [1, 3], ['00', '01', '02', '03', '20', '22', '29']],
      ['all that follow', [1, 2, 3], ['00', '01', '02', '03']],
    ])('lets its callback walk the list, and remove %s there', (_, removed, expected) => {
      const { list } = listOf(4);
      const visited: string[] = [];
      list.forEach((outer) => {
        list.forEach((inner) => {
          visited.push(`${outer.number}${inner.number}`);
          if (removed.includes(inner.number)) list.remove(inner);
        });
        if (outer.number === 0) list.append(numbered(9));
      });
      expect(visited).toEqual(expected);
    });

    it('leaves nothing of a walk that has ended, also where the callback threw', () => {
      const list = new LinkedList<Numbered>();
      let looks = 0;
      for (let number = 0; number < 3; number += 1) {
        let next: Numbered | undefined;
        const node = Object.defineProperty(numbered(number), 'next', {
          get: () => ((looks += 1), next),
          set(later: Numbered | undefined) {
            next = later;
          },
        });
        list.append(node);
      }
      const walk = (): void =>
        list.forEach(() => {
          throw new Error('enough');
        });
      for (let time = 0; time < 100; time += 1) expect(walk).toThrow('enough');
      const second = list.first?.next as Numbered;
      looks = 0;
      list.remove(second);
      expect(looks).toBeLessThan(4);
    });

    it('stops where the callback throws, and walks as before the next time', () => {
      const { list, nodes } = listOf(3);
      const visited: number[] = [];
      expect(() =>
        list.forEach(({ number }) => {
          visited.push(number);
          if (number === 1) throw new Error('enough');
        }),
      ).toThrow('enough');
      list.remove(nodeOf(nodes, 2));
      list.forEach(({ number }) => void visited.push(number));
      expect(visited).toEqual([0, 1, 0, 1]);
    });
  });

  it.each<[string, (list: LinkedList<Numbered>, nodes: readonly Numbered[]) => unknown]>([
    ['appends', (list) => list.append(numbered(1000))],
    ['finds the last', (list, nodes) => list.has(nodeOf(nodes, 999))],
    ['finds no node of no list', (list) => list.has(numbered(1000))],
    ['removes the first', (list, nodes) => list.remove(nodeOf(nodes, 0))],
    ['removes the last', (list, nodes) => list.remove(nodeOf(nodes, 999))],
    ['removes one from the middle', (list, nodes) => list.remove(nodeOf(nodes, 500))],
  ])('%s without a walk along the list', (_, act) => {
    let looks = 0;
    const nodes = Array.from({ length: 1000 }, (__, number) => {
      let next: Numbered | undefined;
      return Object.defineProperty(numbered(number), 'next', {
        get: () => ((looks += 1), next),
        set(node: Numbered | undefined) {
          next = node;
        },
      });
    });
    const list = new LinkedList<Numbered>();
    for (const node of nodes) list.append(node);
    looks = 0;
    act(list, nodes);
    expect(looks).toBeLessThan(4);
  });

  it('does what an array does, whatever is appended and removed', () => {
    const step = fc.record({ number: fc.nat(7), joins: fc.boolean() });
    fc.assert(
      fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
        const { list, order } = listOf(0);
        const nodes = Array.from({ length: 8 }, (_, number) => numbered(number));
        const expected: number[] = [];
        for (const { number, joins } of steps) {
          const node = nodeOf(nodes, number);
          if (!joins) {
            list.remove(node);
            if (expected.includes(number)) expected.splice(expected.indexOf(number), 1);
          } else if (!list.has(node)) {
            list.append(node);
            expected.push(number);
          }
          expect(order()).toEqual(expected);
          expect([list.first?.number, list.last?.number]).toEqual([expected[0], expected.at(-1)]);
        }
      }),
    );
  });
});
