import { describe, expect, it } from 'vitest';
import { pageWith, readmeWith, SHOWN_ROWS } from '../../bench/page.ts';
import { PARTS } from '../../bench/scenarios.ts';

const RESULTS = `# What was measured

## Sockets of one process

| work | beside | its figure | corosock | compared | limit |
|---|---|---|---|---|---|
| echo, 64 sockets × 64 in flight × 64 B | ws | 6.0 (5.9–6.1) µs | 1.2 (1.1–1.3) µs | 0.20 (0.19–0.21) | at most 0.20 |
| echo, 64 sockets × 1 in flight × 64 B | ws | 8.0 (8.0–8.3) µs | 8.8 (8.5–8.9) µs | **1.10 (1.04–1.20), beyond the limit** | at most 1.00 |
| event loop, 200,000 messages on one socket | ws | 90.0 (80.0–99.0) ms p99 | 9.0 (8.0–9.0) ms p99 | 9.0 (8.0–9.0) ms p99 | at most 10.0 ms p99, and ws |
| no row of the page | ws | 1 | 1 | 1 | 1 |

- 2030-01-02; A Processor, 4 cores, 24 GiB; Linux 6 x64
- Node 30.1.2, ws 8.23.0

## Rooms, and several nodes

| work | beside | its figure | corosock | compared | limit |
|---|---|---|---|---|---|
| kept after 240,000 memberships, 24,000 in each room | – | – | 147.4 (97.5–147.6) B | 147.4 (97.5–147.6) B | at most 200.0 B |

- 2030-01-03; B Processor, 2 cores, 24 GiB; Linux 6 x64
- Node 30.1.3, ws 8.23.0
`;

const HEAD = '| work | beside | corosock | ratio | limit |\n|---|---|---|---|---|\n';
const PAGE = `The figures below are from \`npm run bench\` on 2026-11-28: AMD EPYC, 2 cores, Node 20.20.2. Each.

${HEAD}| an old row | ws 1 | 1 | **1** | 1 |

These figures are of 2026-11-29, Xeon, 2 cores, Node 20.20.2, each.

${HEAD}| an old row | ws 1 | 1 | **1** | 1 |

- what is written by hand
`;

describe('the page', () => {
  it('gets the rows that were measured, in its own words, and where they are from', () => {
    expect(pageWith(RESULTS, PAGE)).toBe(
      `The figures below are from \`npm run bench\` on 2030-01-02: A Processor, 4 cores, Node 30.1.2. Each.

${HEAD}| echo, 64 sockets × 64 in flight × 64 B: server CPU per message | ws 6.0 (5.9–6.1) µs | 1.2 (1.1–1.3) µs | **0.20** (0.19–0.21) | at most 0.20 |
| echo, 64 × 1 in flight × 64 B | ws 8.0 (8.0–8.3) µs | 8.8 (8.5–8.9) µs | **1.10** (1.04–1.20) | at most 1.00 – missed |
| how long 200,000 messages on one socket block the event loop | ws 90.0 (80.0–99.0) ms p99 | 9.0 (8.0–9.0) ms p99 | 9.0 (8.0–9.0) ms p99 | at most 10.0 ms p99, and ws |

These figures are of 2030-01-03, B Processor, 2 cores, Node 30.1.3, each.

${HEAD}| heap of a membership | – | 147.4 (97.5–147.6) B | 147.4 (97.5–147.6) B | at most 200.0 B |

- what is written by hand
`,
    );
  });

  it('shows rows that there are', () => {
    const names = PARTS.map(({ scenarios }) => scenarios.map(({ name }) => name));
    SHOWN_ROWS.forEach((shown, part) => {
      expect(names[part]).toEqual(expect.arrayContaining(Object.keys(shown)));
    });
  });
});

describe("README's line about speed", () => {
  it('gets two ratios', () => {
    const line = (many: string, one: string): string =>
      `# x\n**Speed.** An echo with 64 messages in flight costs ${many} of the CPU that raw \`ws\` takes, with one in flight ${one}: [all](x).\n`;
    expect(readmeWith(RESULTS, line('0.15', '1.05'))).toBe(line('0.20', '1.10'));
  });
});
