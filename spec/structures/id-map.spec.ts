// A Map by id over values that are kept elsewhere.

import { describe, expect, it } from 'vitest';
import { IdMap } from '../../src/structures/id-map.ts';

interface Item {
  readonly id: string;
}

class Items extends IdMap<Item> {
  readonly items: readonly Item[] = [{ id: 'b' }, { id: 'a' }];

  get size(): number {
    return this.items.length;
  }

  get(id: string): Item | undefined {
    return this.items.find((item) => item.id === id);
  }

  values(): MapIterator<Item> {
    return this.items.values();
  }
}

describe('an IdMap', () => {
  it('answers as a Map of the same values does', () => {
    const view = new Items();
    const map = new Map(view.items.map((item) => [item.id, item]));
    expect([...view]).toEqual([...map]);
    expect([...view.keys()]).toEqual([...map.keys()]);
    expect([...view.entries()]).toEqual([...map.entries()]);
    expect([view.has('a'), view.has('c')]).toEqual([true, false]);
  });

  it('calls forEach with the value, its id, the map and the given this', () => {
    const view = new Items();
    const calls: unknown[] = [];
    const given = {};
    view.forEach(function each(this: unknown, ...call) {
      calls.push([this, ...call]);
    }, given);
    expect(calls).toEqual(view.items.map((item) => [given, item, item.id, view]));
  });
});
