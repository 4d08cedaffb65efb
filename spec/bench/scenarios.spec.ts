import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { REMARKS } from '../../bench/places.ts';
import { SCENARIOS } from '../../bench/scenarios.ts';

const names = SCENARIOS.map(({ name }) => name);

describe('the rows of the benchmark', () => {
  it('have names of their own', () => {
    expect(names).toEqual([...new Set(names)]);
  });

  it('are those that remarks are about: a run would find that out at its end', () => {
    const remarked = [...readFileSync(REMARKS, 'utf8').matchAll(/^## (.*)$/gm)].map(([, name]) => name);
    expect(remarked.length).toBeGreaterThan(5);
    expect(remarked.filter((name) => !names.includes(name as string))).toEqual([]);
  });

  it('have each server once', () => {
    for (const { servers } of SCENARIOS) {
      const shown = servers.map(({ name }) => name);
      expect(shown).toEqual([...new Set(shown)]);
    }
  });
});
