// A Map by id that cannot be changed, over values that are kept elsewhere: `host.sockets`, and the
// members of a room. What extends it says how many there are, finds one, and visits all.

/** A view on values that have ids. */
export abstract class IdMap<V extends { readonly id: string }> implements ReadonlyMap<string, V> {
  abstract get size(): number;

  abstract get(id: string): V | undefined;

  abstract values(): MapIterator<V>;

  has(id: string): boolean {
    return this.get(id) !== undefined;
  }

  *entries(): MapIterator<[string, V]> {
    for (const value of this.values()) yield [value.id, value];
  }

  *keys(): MapIterator<string> {
    for (const { id } of this.values()) yield id;
  }

  [Symbol.iterator](): MapIterator<[string, V]> {
    return this.entries();
  }

  forEach(each: (value: V, id: string, map: ReadonlyMap<string, V>) => void, thisArg?: unknown): void {
    for (const [id, value] of this.entries()) each.call(thisArg, value, id, this);
  }
}
