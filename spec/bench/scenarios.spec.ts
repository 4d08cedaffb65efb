import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { MEASURED, YARDSTICK } from '../../bench/our-servers.ts';
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

  it('beside ws are measured beside the peers, too, in tables of their own', () => {
    // A peer does not tell how long it is blocked, and bursts are no echoes.
    const missing = SCENARIOS.filter(
      ({ kind, beside, servers }) =>
        kind !== 'block' &&
        beside === YARDSTICK &&
        servers.some(({ name, program }) => name === MEASURED && program.href.endsWith('/corosock.js')),
    )
      .filter(({ name }) => !name.startsWith('peers, '))
      .map(({ name }) => `peers, ${name.replace(/^echo, /, '')}`)
      .filter((name) => !names.includes(name));
    expect(missing).toEqual([]);
  });

  it('have each server once', () => {
    for (const { servers } of SCENARIOS) {
      const shown = servers.map(({ name }) => name);
      expect(shown).toEqual([...new Set(shown)]);
    }
  });
});
