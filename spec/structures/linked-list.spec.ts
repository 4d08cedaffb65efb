// The chain: first come, first served, and who leaves from anywhere.

import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { LinkedList } from '../../src/structures/linked-list.ts';
import type { ListNode } from '../../src/structures/linked-list.ts';

interface Numbered extends ListNode<Numbered> {
  readonly number: number;
}

const numbered = (number: number): Numbered => ({ number, previous: undefined, next: undefined });

/** A chain of 0, 1, 2 and so on. */
function chainOf(length: number): {
  readonly chain: LinkedList<Numbered>;
  readonly links: readonly Numbered[];
  readonly order: () => readonly number[];
} {
  const chain = new LinkedList<Numbered>();
  const links = Array.from({ length }, (_, number) => numbered(number));
  for (const link of links) chain.append(link);
  return { chain, links, order: () => Array.from(chain, ({ number }) => number) };
}

const linkOf = (links: readonly Numbered[], number: number): Numbered => links[number] as Numbered;

describe('Chain', () => {
  it('is empty at first', () => {
    const { chain, order } = chainOf(0);
    expect([chain.first, chain.last, order(), chain.has(numbered(0))]).toEqual([
      undefined,
      undefined,
      [],
      false,
    ]);
  });

  it('has them in the order in which they came', () => {
    const { chain, links, order } = chainOf(3);
    expect([chain.first?.number, chain.last?.number, order()]).toEqual([0, 2, [0, 1, 2]]);
    expect(links.every((link) => chain.has(link))).toBe(true);
  });

  it.each([
    [0, [1, 2]],
    [1, [0, 2]],
    [2, [0, 1]],
  ])('lets number %i leave, and keeps the order of the others', (leaver, others) => {
    const { chain, links, order } = chainOf(3);
    const leaving = linkOf(links, leaver);
    chain.remove(leaving);
    expect([order(), chain.has(leaving)]).toEqual([others, false]);
    chain.append(leaving);
    expect(order()).toEqual([...others, leaver]);
  });

  it('holds nobody who has left, and is held by nobody of them', () => {
    const { chain, links } = chainOf(3);
    for (const link of links) chain.remove(link);
    expect(links.map(({ previous, next }) => [previous, next])).toEqual(
      links.map(() => [undefined, undefined]),
    );
    expect([chain.first, [...chain]]).toEqual([undefined, []]);
  });

  it('is not disturbed by who leaves twice, or was never there', () => {
    const { chain, links, order } = chainOf(3);
    chain.remove(linkOf(links, 1));
    chain.remove(linkOf(links, 1));
    chain.remove(numbered(3));
    expect(order()).toEqual([0, 2]);
  });

  it('visits those that were there when it began, and passes over who leaves meanwhile', () => {
    const { chain, links } = chainOf(5);
    const visited: number[] = [];
    for (const link of chain) {
      visited.push(link.number);
      chain.remove(link);
      if (link.number === 1) for (const gone of [2, 3]) chain.remove(linkOf(links, gone));
      chain.append(numbered(9));
    }
    expect(visited).toEqual([0, 1, 4]);
  });

  it.each<[string, (chain: LinkedList<Numbered>, links: readonly Numbered[]) => unknown]>([
    ['appends', (chain) => chain.append(numbered(1000))],
    ['knows the last', (chain, links) => chain.has(linkOf(links, 999))],
    ['knows a stranger', (chain) => chain.has(numbered(1000))],
    ['lets the first leave', (chain, links) => chain.remove(linkOf(links, 0))],
    ['lets the last leave', (chain, links) => chain.remove(linkOf(links, 999))],
    ['lets one leave from the middle', (chain, links) => chain.remove(linkOf(links, 500))],
  ])('%s without going along the chain', (_, act) => {
    let looks = 0;
    const links = Array.from({ length: 1000 }, (__, number) => {
      let next: Numbered | undefined;
      return Object.defineProperty(numbered(number), 'next', {
        get: () => ((looks += 1), next),
        set(link: Numbered | undefined) {
          next = link;
        },
      });
    });
    const chain = new LinkedList<Numbered>();
    for (const link of links) chain.append(link);
    looks = 0;
    act(chain, links);
    expect(looks).toBeLessThan(4);
  });

  it('is what a list would be, however they come and leave', () => {
    const step = fc.record({ number: fc.nat(7), joins: fc.boolean() });
    fc.assert(
      fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
        const { chain, order } = chainOf(0);
        const links = Array.from({ length: 8 }, (_, number) => numbered(number));
        const list: number[] = [];
        for (const { number, joins } of steps) {
          const link = linkOf(links, number);
          if (!joins) {
            chain.remove(link);
            if (list.includes(number)) list.splice(list.indexOf(number), 1);
          } else if (!chain.has(link)) {
            chain.append(link);
            list.push(number);
          }
          expect(order()).toEqual(list);
          expect([chain.first?.number, chain.last?.number]).toEqual([list[0], list.at(-1)]);
        }
      }),
    );
  });
});
