// What a host reports in a world: mistakes of code under test fail its run, or its end, and no other.

import { describe, expect, it } from 'vitest';
import type { Handler, HostOptions, Routes, ServerSocket } from 'corosock';
import { settle, simulate, world } from 'corosock/testing';
import { failureOf } from '../told.ts';
import { recordWarnings } from '../../../fixtures/process-events.ts';
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

describe('a handler in a world that a test drives', () => {
  /** Plays one client. @returns What the end of the world rejects with. */
  const endAfter = async (server: Routes, options: HostOptions = {}): Promise<unknown> => {
    const w = world();
    const client = await w.connect(w.serve(server, options));
    await client.writeJson('go');
    await client.closed;
    return await Promise.resolve(w[Symbol.asyncDispose]()).catch((error: unknown) => error);
  };

  it('fails the end of the world with what it throws, and warns of nothing', async () => {
    using warnings = recordWarnings();
    const error = new TypeError('of the handler');
    expect(await endAfter(() => Promise.reject(error))).toBe(error);
    await settle();
    expect(warnings.texts).toEqual([]);
  });

  it.each<[string, object, string]>([
    ['a hook', { server: async () => {}, onPostServer: () => Promise.reject(new Error('late')) }, 'late'],
    [
      'a child task',
      {
        server: async (ws: ServerSocket) => {
          void ws.spawn(() => Promise.reject(new Error('of the task')));
          await ws.closed;
        },
      },
      'of the task',
    ],
  ])('fails it with what is thrown by %s', async (_, server, message) => {
    expect(await endAfter(server as Routes)).toMatchObject({ message });
  });

  it('fails no end where its host has a report of its own', async () => {
    const reported: unknown[] = [];
    const report = (error: unknown): void => void reported.push(String(error));
    expect([await endAfter(failing, { report }), reported]).toEqual([
      undefined,
      ['TypeError: of the handler'],
    ]);
  });

  it('fails no end by what its peer does wrong', async () => {
    expect(await endAfter(async (ws) => void (await ws.readJson()).length)).toBe(undefined);
  });

  it('warns of what is no mistake, such as messages that nobody reads', async () => {
    using warnings = recordWarnings();
    await using w = world();
    const client = await w.connect(w.serve(async (ws) => void (await ws.closed), { queueMessages: 1 }));
    await client.write('a');
    await client.write('b');
    await w.clock.advance(60_000);
    await settle();
    expect(warnings.texts).toEqual([
      expect.stringMatching(
        /COROSOCK_REPORT: .* UsageError: The queue of a socket .* has been full for 30 s/u,
      ) as string,
    ]);
  });

  it('warns of what it throws when its world has ended', async () => {
    using warnings = recordWarnings();
    const w = world();
    let fail: (error: Error) => void = () => {};
    const never = new Promise<void>((_, reject) => (fail = reject));
    await w.connect(w.serve(() => never));
    await w[Symbol.asyncDispose]();
    fail(new TypeError('too late'));
    await settle();
    expect(warnings.texts.filter((text) => text.includes('too late'))).toHaveLength(1);
  });
});
