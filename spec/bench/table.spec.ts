import { describe, expect, it } from 'vitest';
import { server } from '../../bench/our-servers.ts';
import type { BlockScenario, Limit } from '../../bench/scenario.ts';
import { missOf, table } from '../../bench/table.ts';
import type { Row } from '../../bench/table.ts';

const [RAW, OURS] = [server('ws', 'raw-ws'), server('corosock', 'corosock')];

/** One run of a row that is held to 10 and to the one beside. */
function rowOf(theirs: number, ours: number, bound: Limit['bound'] = 'at most'): Row {
  const scenario: BlockScenario = {
    kind: 'block',
    name: 'blocked',
    sameWork: 'echo',
    servers: [RAW, OURS],
    beside: 'ws',
    messages: 1,
    sockets: 1,
    limit: { by: 'itself and beside', bound, value: 10 },
  };
  const results = [
    new Map([
      [RAW, theirs],
      [OURS, ours],
    ]),
  ];
  return { scenario, results, markSweeps: [] };
}

describe('a limit that holds a figure to the one beside, too', () => {
  it('is kept by what is within both', () => {
    expect(missOf(rowOf(20, 10))).toBeUndefined();
    expect(missOf(rowOf(5, 5))).toBeUndefined();
  });

  it('is missed beyond the value', () => {
    expect(missOf(rowOf(20, 15))).toEqual({ is: '15.0 ms p99', limit: 'at most 10.0 ms p99', percent: 50 });
  });

  it('is missed beyond the one beside', () => {
    const { is, limit } = missOf(rowOf(5, 6)) ?? {};
    expect([is, limit]).toEqual(['6.0 ms p99', 'at most 5.0 ms p99']);
  });

  it('is the greater of both where more is better', () => {
    expect(missOf(rowOf(20, 19, 'at least'))?.limit).toBe('at least 20.0 ms p99');
    expect(missOf(rowOf(5, 10, 'at least'))).toBeUndefined();
  });

  it('is shown with both', () => {
    expect(table([rowOf(5, 6)])).toContain(
      '| blocked | ws | 5.0 ms p99 | 6.0 ms p99 | **6.0 ms p99, beyond the limit** | at most 10.0 ms p99, and ws |',
    );
  });
});
