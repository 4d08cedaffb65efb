// A socket's place: its id is drawn once, and only when somebody asks.

import { describe, expect, it } from 'vitest';
import { Place } from '../../src/server/place.ts';

describe('Place', () => {
  it('draws its id when somebody asks for it, once', () => {
    const drawn: unknown[] = [];
    const place = new Place({ draw: (of) => `id ${drawn.push(of)}` });
    const before = [place.isNamed, drawn.length];
    expect([...before, place.id, place.id, place.isNamed]).toEqual([false, 0, 'id 1', 'id 1', true]);
    expect(drawn).toEqual([place]);
  });

  it('is closed and empty until something runs there', () => {
    const place = new Place({ draw: () => 'an id' });
    expect([place.run, place.isOpen]).toEqual([undefined, false]);
  });
});
