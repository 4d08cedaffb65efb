// What a host reports in a simulation: mistakes of code under test fail the run, and no other.

import { describe, expect, it } from 'vitest';
import type { Handler } from 'corosock';
import { simulate } from 'corosock/testing';
import { failureOf } from '../told.ts';
import { isMistake } from '../../../../src/testing/simulation/story/watched-host.ts';

const failing: Handler = () => Promise.reject(new TypeError('of the handler'));

describe('a handler in a simulation', () => {
  it('fails the run with what it throws', async () => {
    const error = await failureOf(async (w) => void (await w.connect(w.serve(failing))));
    expect(error).toMatchObject({ seed: 1, cause: { name: 'TypeError', message: 'of the handler' } });
  });

  it('fails the run with a wrong call', async () => {
    const error = await failureOf(async (w) => {
      const host = w.serve(async (ws) => {
        void ws.read();
        await ws.read();
      });
      await w.connect(host);
    });
    expect(error).toMatchObject({ cause: { code: 'COROSOCK_CONCURRENT_READ' } });
  });

  it('fails no run where its host has a report of its own', async () => {
    const reported: unknown[] = [];
    const report = (error: unknown): void => void reported.push(String(error));
    await simulate(async (w) => void (await w.connect(w.serve(failing, { report }))), { runs: 1 });
    expect(reported).toEqual(['TypeError: of the handler']);
  });

  it('fails no run by what its peer does wrong, nor by what comes late', async () => {
    const report = await simulate(
      async (w) => {
        const host = w.serve({
          '/json': async (ws) => void (await ws.readJson()),
          '/late': async (ws) => {
            await ws.closed;
            await w.clock.advance(60_000);
          },
        });
        const [json, late] = [
          await w.connect(host, { url: 'ws://localhost/json' }),
          await w.connect(host, { url: 'ws://localhost/late' }),
        ];
        await json.write('{');
        await late.close();
        await w.clock.advance(120_000);
        expect(json.closeInfo?.code).toBe(1007);
      },
      { runs: 1 },
    );
    expect(report.runs).toBe(1);
  });

  it('lets a host have an onOpen of its own, also in a run that is recorded', async () => {
    const opened: string[] = [];
    await failureOf(
      async (w) => {
        await w.connect(w.serve(failing, { onOpen: ({ id }) => void opened.push(id) }));
      },
      { seed: 1 },
    );
    expect(opened.length).toBeGreaterThan(1);
    expect(new Set(opened).size).toBe(1);
  });
});

describe('isMistake', () => {
  const withCode = (code: string, name = 'Error'): Error =>
    Object.assign(new Error('reported'), { code, name });

  it.each([
    ['an error of code under test', new Error('own'), true],
    ['one with a code of Node', withCode('ENOENT'), true],
    ['what is no error', 'text', true],
    [
      'an error whose stack is no text',
      Object.assign(new Error('own'), { stack: Object.create(null) as unknown }),
      true,
    ],
    ['a wrong call', withCode('COROSOCK_CONCURRENT_READ', 'UsageError'), true],
    ['a client that sends too much', withCode('COROSOCK_UNREAD', 'UsageError'), false],
    ['faults of peers', withCode('COROSOCK_PEER_FAULTS'), false],
  ])('takes %s for what it is', (_, error, expected) => {
    expect(isMistake(error)).toBe(expected);
  });
});
