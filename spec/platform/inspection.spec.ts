// Objects with private state, as `util.inspect` shows them.

import { inspect } from 'node:util';
import { describe, expect, it } from 'vitest';
import { showAs } from '../../src/platform/inspection.ts';

class Box {
  readonly #facts: unknown;
  readonly noise = 'noise';

  static {
    showAs(Box.prototype, 'Box', (box) => box.#facts as object);
  }

  constructor(facts: unknown) {
    this.#facts = facts;
  }
}

describe('showAs', () => {
  it('shows a name and facts, and nothing else', () => {
    expect(inspect(new Box({ size: 3, lid: { open: true } }))).toBe('Box { size: 3, lid: { open: true } }');
  });

  it('shows the facts also within other objects, and the name alone where it is too deep', () => {
    const box = new Box({ size: 3 });
    expect(inspect({ in: [box] })).toBe('{ in: [ Box { size: 3 } ] }');
    expect(inspect({ a: { b: { c: { box } } } }, { depth: 2 })).toBe('{ a: { b: { c: [Object] } } }');
    expect(inspect({ a: { b: { c: box } } }, { depth: 1 })).toBe('{ a: { b: [Object] } }');
    expect(inspect([box], { depth: 0 })).toBe('[ [Box] ]');
    expect(inspect(box, { depth: null, colors: true })).toContain('\u001B[33m3\u001B[39m');
  });

  it('shows the name alone where the facts throw, and where the object is an impostor', () => {
    const impostor: unknown = Object.create(Box.prototype);
    const hostile = Object.defineProperty({}, inspect.custom, {
      value: () => {
        throw new Error('no');
      },
    });
    expect([inspect(new Box(hostile)), inspect(impostor)]).toEqual(['[Box]', '[Box]']);
    expect(inspect(Box.prototype)).toBe('{}');
  });

  it('adds nothing that is listed', () => {
    expect(Object.keys(new Box({}))).toEqual(['noise']);
    expect(Object.keys(Box.prototype)).toEqual([]);
  });
});
