// The table of limits in docs/reference/limits.md: each option of a host is in it, or is none that
// limits clients, and the table holds the default and the unit.

import { describe, expect, it } from 'vitest';
import { readProjectFile } from './source-files.ts';
import { HOST_OPTIONS } from '../../src/server/host-options.ts';

/** Options that say how, and not how much. */
const NO_LIMITS: ReadonlySet<string> = new Set([
  'broker',
  'clock',
  'expiryCode',
  'onClose',
  'onOpen',
  'onPreServer',
  'onRefused',
  'overflow',
  'protocols',
  'report',
  'sessions',
  'trustProxy',
  'whenBrokerDown',
]);

interface LimitRow {
  readonly option: string;
  readonly unit: string;
  readonly fallback: string;
  readonly disabledBy: string;
  readonly attackerGets: string;
}

/** The rows of the table whose first cell is the name of an option. */
function limitRows(page: string): readonly LimitRow[] {
  return [...page.matchAll(/^\| `(\w+)` \| (.+?) \| (.+?) \| (.+?) \| (.+?) \|$/gm)].map(
    ([, option = '', unit = '', fallback = '', disabledBy = '', attackerGets = '']) => ({
      option,
      unit,
      fallback,
      disabledBy,
      attackerGets,
    }),
  );
}

/** The default of an option as the page of options shows it. */
function shownDefaults(page: string): ReadonlyMap<string, string> {
  const [, hosts = ''] = page.split('## Hosts and clients');
  const [own = ''] = hosts.split('## `sessions`');
  const rows = [...own.matchAll(/^\| `(\w+)` \| (.+?) \| /gm)];
  return new Map(rows.map(([, option = '', fallback = '']) => [option, fallback]));
}

describe('docs/reference/limits.md', () => {
  const rows = limitRows(readProjectFile('docs/reference/limits.md'));
  const named = rows.map(({ option }) => option);

  it('has one row for each option of a host that limits clients', () => {
    const limits = Object.keys(HOST_OPTIONS).filter((name) => !NO_LIMITS.has(name));
    expect(named.toSorted()).toEqual(limits.toSorted());
  });

  it('shows the default that the page of options shows', () => {
    const defaults = shownDefaults(readProjectFile('docs/reference/options.md'));
    const heartbeat = '25,000 and 20,000';
    for (const { option, fallback } of rows) {
      expect(fallback, option).toBe(option === 'heartbeat' ? heartbeat : defaults.get(option));
    }
  });

  it('has the unit that the name of the option ends with', () => {
    for (const { option, unit } of rows) {
      expect(option.endsWith('Ms'), option).toBe(unit === 'milliseconds' && option !== 'heartbeat');
      if (option.endsWith('Bytes')) expect(unit, option).toMatch(/^bytes/u);
    }
  });

  it('says what disables each, and what an attacker gets', () => {
    expect(rows.length).toBeGreaterThan(10);
    for (const row of rows) expect([row.disabledBy, row.attackerGets]).not.toContain('–');
  });
});
