// A server that knows nothing of us is asked for its port and its memory. It runs as it does
// in the benchmark; its memory is read from the operating system, which Linux alone tells.

import { afterEach, describe, expect, it } from 'vitest';
import { withFiles } from '../../bench/child.ts';
import { canAccount, commandFor, ForeignServer } from '../../bench/foreign-server.ts';
import { PEERS } from '../../bench/places.ts';

const MEBIBYTE = 2 ** 20;

describe.runIf(canAccount)('ForeignServer, on Linux', () => {
  const server = new ForeignServer(commandFor('node', new URL('ws-stream.js', PEERS)) ?? []);
  afterEach(() => server.stop());

  it('tells its port, and what is resident once its garbage is collected', async () => {
    expect(await server.ask({ ask: 'port' })).toBeGreaterThan(0);
    const bytes = await server.ask({ ask: 'memory' });
    expect(bytes).toBeGreaterThan(10 * MEBIBYTE);
    expect(bytes % 1024).toBe(0);
  });
});

describe('withFiles', () => {
  it('raises the limit of the command behind it', () => {
    expect(withFiles(5100)).toEqual(['sh', '-c', 'ulimit -n 5100 && exec "$@"', 'sh']);
  });

  it('leaves the limit as it is without a number', () => {
    expect(withFiles(undefined)).toEqual([]);
  });
});
