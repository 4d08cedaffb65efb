// A million addresses under `limitByAddress`: what the counters hold of them, and whether a handshake
// costs more when many were seen.

import type { Figure, Row } from './row.ts';
import { mib, percentile } from './row.ts';
import type { AddressQuestion } from './servers/addresses.ts';
import { Child } from '../child.ts';

const ADDRESSES = 1_000_000;
const STEP = 100_000;
const MOST_BYTES = 64 * 2 ** 20;
/** Two steps never take the same time; a cost that grows with the addresses would be ten times as high. */
const MOST_DEARER = 1.5;
const STEP_MS = 120_000;

async function measure(): Promise<readonly Figure[]> {
  const program = new URL('servers/addresses.js', import.meta.url);
  const host = new Child<AddressQuestion>(program, { core: 0 });
  try {
    await host.ask({ ask: 'visit', addresses: STEP }, STEP_MS);
    const before = await host.ask({ ask: 'settled' });
    const costs: number[] = [];
    for (let seen = 0; seen < ADDRESSES; seen += STEP) {
      costs.push(await host.ask({ ask: 'visit', addresses: STEP }, STEP_MS));
    }
    const grown = (await host.ask({ ask: 'settled' })) - before;
    const half = costs.length / 2;
    const dearer = percentile(costs.slice(half), 50) / percentile(costs.slice(0, half), 50);
    return [
      {
        what: `resident memory that ${ADDRESSES} addresses leave`,
        ours: mib(grown),
        limit: `at most ${mib(MOST_BYTES)}`,
        isKept: grown <= MOST_BYTES,
      },
      {
        what: 'cost of a handshake in the second half of them, over that in the first',
        ours: `${dearer.toFixed(2)} ×`,
        limit: `at most ${MOST_DEARER} ×`,
        isKept: dearer <= MOST_DEARER,
      },
    ];
  } finally {
    host.stop();
  }
}

export const ADDRESSES_ROW: Row = { name: 'addresses', measure };
