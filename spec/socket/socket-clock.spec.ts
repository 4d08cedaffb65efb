// `ws.clock`: the time of the host, and `sleep`, which a signal ends and `host.waits` finds.

import { describe, expect, it } from 'vitest';
import { channel, every, select, UsageError } from 'corosock';
import type { ServerSocket, SocketClock } from 'corosock';
import { fakeSocket, runServer, settle, virtualClock } from 'corosock/testing';
import type { VirtualClock } from 'corosock/testing';
import { here, lineOf } from '../fixtures/here.ts';
import { looseWaits, MOST_YOUNG } from '../../src/waiting/loose-waits.ts';
import { clockContract } from '../time/clock-contract.ts';

/** The clock of a socket, and the clock of its host. */
function clocks(): { readonly host: VirtualClock; readonly clock: SocketClock; readonly ws: ServerSocket } {
  const host = virtualClock();
  const { ws } = fakeSocket({ clock: host });
  return { host, clock: ws.clock, ws };
}

/** How a wait stands now. */
async function stateOf(wait: Promise<void>): Promise<unknown> {
  let state: unknown = 'waits';
  wait.then(
    () => (state = 'over'),
    (error: unknown) => (state = error),
  );
  await settle();
  return state;
}

describe('ws.clock', () => {
  clockContract(() => {
    const { host, clock } = clocks();
    return { clock, pass: (ms) => host.advance(ms) };
  });

  it('tells the time of its host, and the time of day', async () => {
    const { host, clock } = clocks();
    await host.advance(250);
    expect([clock.now(), clock.wallTimeMs()]).toEqual([250, host.wallTimeMs()]);
  });

  it('is one for all sockets of a host', async () => {
    const seen: SocketClock[] = [];
    await using run = runServer((ws) => void seen.push(ws.clock, ws.clock), { clock: virtualClock() });
    await (
      await run.connect()
    ).closed;
    expect([seen.length, new Set(seen).size]).toEqual([4, 1]);
  });

  it('is a clock for every, channel and select, which then share the timers of the host', async () => {
    const { host, clock } = clocks();
    using tick = every(1000, { clock });
    const jobs = channel<string>({ clock });
    const taken = select({ tick });
    const waits = [jobs.take({ timeoutMs: 1000 }), select({ jobs }, { timeoutMs: 1000, clock })];
    const timers = host.timers;
    await host.advance(1000);
    expect([timers, await taken, ...(await Promise.all(waits))]).toEqual([
      1,
      ['tick', 1],
      [undefined, 'timeout'],
      ['timeout', undefined],
    ]);
  });
});

describe('ws.clock.sleep', () => {
  it.each([0, 0.5, 1000, 2 ** 31, 3_155_760_000_000])('waits for %d ms, and no less', async (ms) => {
    const { host, clock } = clocks();
    const sleep = clock.sleep(ms);
    await host.advance(Math.max(ms - 1, 0));
    const before = ms === 0 ? 'waits' : await stateOf(sleep);
    await host.advance(1);
    expect([before, await stateOf(sleep), host.timers]).toEqual(['waits', 'over', 0]);
  });

  it('shares one timer with other sleeps of its length', async () => {
    const { host, clock } = clocks();
    const sleeps = [clock.sleep(1000), clock.sleep(1000)];
    const { timers } = host;
    await host.advance(1000);
    expect([timers, await Promise.all(sleeps)]).toEqual([1, [undefined, undefined]]);
  });

  it('ends with the reason of its signal, and leaves no timer', async () => {
    const { host, clock } = clocks();
    const stop = new AbortController();
    const sleep = clock.sleep(1000, { signal: stop.signal });
    const other = clock.sleep(1000);
    await host.advance(400);
    stop.abort('enough');
    expect([await stateOf(sleep), await stateOf(other)]).toEqual(['enough', 'waits']);
    await host.advance(600);
    expect([await stateOf(other), host.timers]).toEqual(['over', 0]);
  });

  it('does not begin where its signal has aborted', async () => {
    const { host, clock } = clocks();
    await expect(clock.sleep(1, { signal: AbortSignal.abort('too late') })).rejects.toBe('too late');
    expect(host.timers).toBe(0);
  });

  it('waits for its signal alone where the time is Infinity', async () => {
    const { host, clock } = clocks();
    const stop = new AbortController();
    const sleep = clock.sleep(Infinity, { signal: stop.signal });
    await host.advance(86_400_000);
    expect([await stateOf(sleep), host.timers]).toEqual(['waits', 0]);
    stop.abort('now');
    expect(await stateOf(sleep)).toBe('now');
  });

  it('goes on after the end of the conversation, without its signal', async () => {
    const { host, clock, ws } = clocks();
    const [sleep, obedient] = [clock.sleep(1000), clock.sleep(1000, { signal: ws.signal })];
    ws.terminate();
    expect([await stateOf(sleep), await stateOf(obedient)]).toEqual(['waits', ws.signal.reason]);
    await host.advance(1000);
    expect(await stateOf(sleep)).toBe('over');
  });

  it('ends a child task that passes its signal, without an error', async () => {
    const reports: unknown[] = [];
    const clock = virtualClock();
    await using run = runServer(
      async (ws) => {
        void ws.spawn((signal) => ws.clock.sleep(3_600_000, { signal }));
        await ws.read();
      },
      { clock, report: (error) => reports.push(error) },
    );
    await (await run.client).close();
    expect([await run.done, reports, clock.timers]).toMatchObject([{ kind: 'returned' }, [], 0]);
  });

  it('is no unhandled rejection where it is not awaited', async () => {
    const { clock, ws } = clocks();
    void clock.sleep(1000, { signal: ws.signal });
    void clock.sleep(-1);
    ws.terminate();
    await settle();
    expect(ws.signal.aborted).toBe(true);
  });

  it.each<[string, (ws: ServerSocket, stop: AbortSignal) => Promise<void>]>([
    ['without a signal', async (ws) => void [(at = here()), await ws.clock.sleep(1000)]],
    ['with a signal', async (ws, signal) => void [(at = here()), await ws.clock.sleep(1000, { signal })]],
  ])('is found by host.waits %s, until it ends', async (_, handler) => {
    const clock = virtualClock();
    await using run = runServer(
      async (ws) => {
        await handler(ws, ws.draining);
        await ws.read();
      },
      { clock },
    );
    const gist = (): unknown => run.host.waits().map((wait) => [wait.waits, lineOf(wait.at)]);
    await settle();
    const during = gist();
    await clock.advance(1000);
    expect([during, gist()]).toEqual([[['other', at]], [['read', expect.any(String)]]]);
  });
  let at = '';

  it('is held by no list once it has ended', async () => {
    const { host, clock } = clocks();
    const stop = new AbortController();
    const before = looseWaits.size;
    void clock.sleep(1000);
    void clock.sleep(1000, { signal: stop.signal });
    const during = looseWaits.size[0] - before[0];
    stop.abort();
    await host.advance(1000);
    expect([during, looseWaits.size]).toEqual([2, before]);
  });

  it('is no longer found where it has ended as one of very many', async () => {
    const { host, clock } = clocks();
    const stop = new AbortController();
    const before = [...looseWaits].length;
    void clock.sleep(1000, { signal: stop.signal });
    for (let n = 0; n < MOST_YOUNG; n += 1) void clock.sleep(1000);
    const during = [...looseWaits].length;
    stop.abort();
    const after = [...looseWaits].length;
    await host.advance(1000);
    const counts = [during - before, after - before, [...looseWaits].length - before];
    expect(counts).toEqual([MOST_YOUNG + 1, MOST_YOUNG, 0]);
  });

  it.each<[string, (clock: SocketClock) => Promise<void>, string]>([
    [
      'no time',
      (clock) => clock.sleep(undefined as unknown as number),
      'ms to be a number of milliseconds ≥ 0',
    ],
    ['a negative time', (clock) => clock.sleep(-1), 'ms to be a number of milliseconds ≥ 0, got -1'],
    ['NaN', (clock) => clock.sleep(Number.NaN), 'ms to be a number of milliseconds ≥ 0, got NaN'],
    [
      'a misspelt option',
      (clock) => clock.sleep(1, { signals: 1 } as object),
      'unknown option "signals"; did you mean "signal"?',
    ],
    ['what is no signal', (clock) => clock.sleep(1, { signal: 1 as never }), 'signal to be an AbortSignal'],
  ])('refuses %s', async (_, call, message) => {
    const { clock, host } = clocks();
    const sleep = call(clock);
    await expect(sleep).rejects.toThrow(UsageError);
    await expect(sleep).rejects.toThrow(message);
    expect(host.timers).toBe(0);
  });

  it('does not hold the process', () => {
    const holding = (): readonly string[] => process.getActiveResourcesInfo().toSorted();
    const before = holding();
    const { ws } = fakeSocket();
    void ws.clock.sleep(60_000);
    expect(holding()).toEqual(before);
  });
});
