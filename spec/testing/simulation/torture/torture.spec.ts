// `torture`: a handler that has one bug is found out by the cut that shows it, and a good one
// survives all.

import { describe, expect, it } from 'vitest';
import type { Handler } from 'corosock';
import { torture } from 'corosock/testing';
import type { TortureOptions, WorldClient } from 'corosock/testing';
import { atEnd, failure, good, twoMessages } from './tortured.ts';
import { Echo } from '../../../../examples/stories/echo.ts';

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

  it.each<[string, TortureOptions]>([
    ['bytes', { fidelity: 'wire' }],
    ['delays', { faults: 'mild' }],
    ['bytes, delays and chunks', { fidelity: 'wire', faults: { delayMs: [1, 50], cutChunks: true } }],
  ])('cuts a good handler as often over links of %s', async (_, options) => {
    const [plain, other] = [await torture(good, twoMessages), await torture(good, twoMessages, options)];
    expect([other.waits, other.survived]).toEqual([plain.waits, plain.survived]);
  });

  it('gives the same report for the same seed', async () => {
    const [one, two] = [await torture(Echo, twoMessages), await torture(Echo, twoMessages)];
    expect(one).toEqual(two);
  });
});

describe('torture names the cut, the wait, its line and its seed', { timeout: 30_000 }, () => {
  it('over bytes and with delays, too', async () => {
    const throws = atEnd((_, end) => {
      if (end === 1006) throw new Error('planted');
    });
    const options: TortureOptions = { fidelity: 'wire', faults: 'mild' };
    expect((await failure(throws, options)).message).toMatch(/link lost .* Error: planted/u);
  });

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
      /^torture\(\): seed 7, cut \d+ of \d+, time-out while the handler waits in read at torture\.spec\.ts:\d+ \(wait 1\): error reported by server: Error: planted\. Return where a call gives 'closed' or 'timeout', or throw ws\.signal\.reason after the end\n/,
    );
  });

  it('with the story of the failing run, as `simulate` tells it', async () => {
    const error = await failure(atEnd((_, end) => end === 'timeout' && Promise.reject(new Error('planted'))));
    expect(error.story.replaceAll(/\.ts:\d+/gu, '.ts').split('\n')).toEqual([
      't=0 client 1 connects to /',
      't=0 host accepts client 1',
      't=0 cut: time-out · client 1 link stalls out · client 1 at tortured.ts writes "a"',
      't=20000 handler of client 1 at tortured.ts readMessage → timeout · handler of client 1 fails: Error: planted · ' +
        'host closes client 1 with 1011: its handler has ended · client 1 link heals',
      't=20000 client 1 at tortured.ts readMessage → closed 1011',
      't=20000 "a" waits for handler of client 1',
      't=20000 socket of client 1 has closed: 1011',
      't=20000 fails: error reported by server: Error: planted',
    ]);
    expect(error.message).toContain(error.story);
  });

  it('and says so where the cut that is played again does not fail', async () => {
    let ends = 0;
    const error = await failure(
      atEnd((_, end) => {
        if (end === 1006) ends += 1;
        if (ends === 1) throw new Error('planted');
      }),
    );
    expect(error.message).toMatch(/link lost .*: Error: planted[^]*The same seed has not failed again/);
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
      /before any cut: the scenario does not end: .*nothing is in flight\. Let it return/,
    ],
    [
      'a scenario that does not end, beside a handler that waits for ever',
      async (ws) => void (await ws.closed),
      async () => new Promise(() => {}),
      /before any cut: the scenario does not end/,
    ],
    [
      'a handler that never waits',
      () => {},
      async (client) => void (await client.closed),
      /before any cut: the handler never waits\. Check client: \{ url \}/,
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
    [
      "torture(): expected fidelity to be 'messages'",
      () => torture(good, twoMessages, { fidelity: 1 as never }),
    ],
    ['beside faults.cutChunks', () => torture(good, twoMessages, { faults: { cutChunks: true } })],
    [
      "torture(): expected faults to be 'none', 'mild' or an object of delayMs and cutChunks: the cuts are the other faults, got an object",
      () => torture(good, twoMessages, { faults: { reset: 0.1 } as never }),
    ],
    [
      'the cuts are the other faults, got "cruel"',
      () => torture(good, twoMessages, { faults: 'cruel' as never }),
    ],
    ['torture(): expected faults to be', () => torture(good, twoMessages, { faults: 1 as never })],
    ['w.serve()', () => torture(good, twoMessages, { host: { clocks: 1 } as never })],
  ])('refuses: %s', async (message, call) => {
    await expect(call()).rejects.toMatchObject({
      code: 'COROSOCK_ARGUMENT',
      message: expect.stringContaining(message) as string,
    });
  });
});
