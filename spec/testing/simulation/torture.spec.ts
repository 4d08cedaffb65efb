// `torture`: a handler that has one bug is found out by the cut that shows it, and a good one
// survives all.

import { describe, expect, it } from 'vitest';
import type { Handler } from 'corosock';
import { torture } from 'corosock/testing';
import type { WorldClient } from 'corosock/testing';
import { failure, good, twoMessages } from './tortured.ts';
import { Echo } from '../../../examples/stories/echo.ts';

describe('torture', { timeout: 30_000 }, () => {
  it('says how many waits and cuts a good handler has survived', async () => {
    const report = await torture(good, twoMessages);
    // Three reads and, with a slow peer, two writes; twelve cuts a read, six a write, one at open.
    expect({ ...report }).toEqual({ waits: 5, cuts: 49, survived: 49 });
    expect(String(report)).toBe('your handler survived 49 cuts');
  });

  it('sends no hostile input where it is told so', async () => {
    expect(await torture(good, twoMessages, { hostile: false })).toMatchObject({ waits: 5, cuts: 30 });
  });

  it('gives the same report for the same seed', async () => {
    const [one, two] = [await torture(Echo, twoMessages), await torture(Echo, twoMessages)];
    expect(one).toEqual(two);
  });
});

describe('torture names the cut, the wait, its line and its seed', { timeout: 30_000 }, () => {
  it('of a handler that fails after a time-out', async () => {
    const handler: Handler = async (ws) => {
      for (;;) {
        const [data, status] = await ws.read({ timeoutMs: 20_000 });
        if (status === 'timeout') throw new Error('planted');
        if (status === 'closed') return;
        await ws.write(data);
      }
    };
    const error = await failure(handler, { seed: 7 });
    expect(error).toMatchObject({ code: 'COROSOCK_SIMULATION', seed: 7, cause: { message: 'planted' } });
    expect(error.message).toMatch(
      /^torture\(\): seed 7, cut \d+ of \d+, time-out while the handler waits in read at \S+torture\.spec\.ts:\d+:\d+ \(wait 1\): error reported by server: Error: planted\n/,
    );
    expect(error.story).toContain('time-out');
  });
});

describe('torture needs a good run: it refuses', { timeout: 30_000 }, () => {
  it.each<[string, Handler, (client: WorldClient) => Promise<void>, RegExp]>([
    [
      'a scenario that fails',
      good,
      async () => {
        throw new Error('of the scenario');
      },
      /before any cut: the scenario fails: Error: of the scenario/,
    ],
    [
      'a scenario that does not end',
      good,
      async () => new Promise(() => {}),
      /before any cut: the scenario does not end/,
    ],
    [
      'a scenario that does not end, beside a handler that waits for ever',
      async (ws) => void (await ws.closed),
      async () => new Promise(() => {}),
      /before any cut: the scenario does not end/,
    ],
    [
      'a scenario that throws what is no error',
      good,
      // oxlint-disable-next-line typescript/prefer-promise-reject-errors -- code of users may
      () => Promise.reject('no error'),
      /before any cut: the scenario fails: no error/,
    ],
    [
      'a handler that fails without a cut',
      () => Promise.reject(new Error('planted')),
      async () => {},
      /before any cut: error reported by server: Error: planted/,
    ],
  ])('%s', async (_, handler, scenario, message) => {
    await expect(torture(handler, scenario)).rejects.toMatchObject({
      code: 'COROSOCK_SIMULATION',
      message: expect.stringMatching(message) as string,
    });
  });

  it.each<[string, () => Promise<unknown>]>([
    ['torture(): expected scenario to be a function', () => torture(good, 1 as never)],
    ['torture(): ', () => torture(good, twoMessages, { sead: 1 } as never)],
    ['torture(): expected hostile to be', () => torture(good, twoMessages, { hostile: 1 as never })],
    ['torture(): expected seed to be a safe integer', () => torture(good, twoMessages, { seed: -1 })],
    ['torture() host', () => torture(good, twoMessages, { host: 1 as never })],
    ['torture(): expected client to be', () => torture(good, twoMessages, { client: 1 as never })],
    ['w.serve()', () => torture(good, twoMessages, { host: { clocks: 1 } as never })],
  ])('refuses: %s', async (message, call) => {
    await expect(call()).rejects.toMatchObject({
      code: 'COROSOCK_ARGUMENT',
      message: expect.stringContaining(message) as string,
    });
  });
});
