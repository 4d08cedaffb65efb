// A channel: each value is taken once and in order, and what its options, time-outs, signals and
// close do. Loops over it and the budget of a turn: value-queue.spec.ts.

import { channel, select } from 'corosock';
import type { Channel } from 'corosock';
import { describe, expect, it } from 'vitest';
import { recordCrashes } from '../fixtures/process-events.ts';
import { HandClock, turn } from '../time/hand-clock.ts';

function made(options: Parameters<typeof channel>[0] = {}) {
  const clock = new HandClock();
  const jobs: Channel<string> = channel({ clock, ...options });
  return { clock, jobs };
}

/** Takes all values that are there. */
async function drain(jobs: Channel<string>): Promise<readonly string[]> {
  const values: string[] = [];
  for (;;) {
    const [value, status] = await jobs.take({ timeoutMs: 0 });
    if (status !== 'ok') return values;
    values.push(value);
  }
}

describe('channel', () => {
  it('gives each value once, in the order of the puts', async () => {
    const { jobs } = made();
    expect([await jobs.put('a'), await jobs.put('b'), jobs.size]).toEqual(['ok', 'ok', 2]);
    expect([await jobs.take(), await jobs.take(), jobs.size]).toEqual([['a', 'ok'], ['b', 'ok'], 0]);
  });

  it('holds any value, undefined and promises included', async () => {
    const odd = channel<unknown>();
    const promise = Promise.resolve('a');
    await odd.put(undefined);
    await odd.put(promise);
    expect([await odd.take(), (await odd.take())[0] === promise]).toEqual([[undefined, 'ok'], true]);
  });

  it('holds 64 values by default', async () => {
    const { jobs } = made();
    for (let n = 0; n < 64; n += 1) expect(await jobs.put('a', { timeoutMs: 0 })).toBe('ok');
    expect([await jobs.put('b', { timeoutMs: 0 }), jobs.size]).toEqual(['timeout', 64]);
  });

  it('makes put wait for room while it is full, and serves puts in the order of the calls', async () => {
    const { jobs } = made({ capacity: 1 });
    const order: string[] = [];
    await jobs.put('a');
    const puts = ['b', 'c'].map(async (value) => order.push(`${value} ${await jobs.put(value)}`));
    expect([await jobs.take(), jobs.size]).toEqual([['a', 'ok'], 1]);
    await turn();
    const during = [...order];
    expect([await jobs.take(), await jobs.take()]).toEqual([
      ['b', 'ok'],
      ['c', 'ok'],
    ]);
    await Promise.all(puts);
    expect([during, order]).toEqual([['b ok'], ['b ok', 'c ok']]);
  });

  it('keeps the order of puts that are not awaited', async () => {
    const { jobs } = made({ capacity: 2 });
    for (const value of 'abcdef') void jobs.put(value);
    const values: string[] = [];
    for (let n = 0; n < 6; n += 1) values.push((await jobs.take())[0] ?? '');
    expect(values.join('')).toBe('abcdef');
  });

  it('drops the oldest value with drop-oldest', async () => {
    const { jobs } = made({ capacity: 2, whenFull: 'drop-oldest' });
    expect([await jobs.put('a'), await jobs.put('b'), await jobs.put('c')]).toEqual(['ok', 'ok', 'ok']);
    expect(await drain(jobs)).toEqual(['b', 'c']);
  });

  it('drops the new value with drop-newest, and answers dropped', async () => {
    const { jobs } = made({ capacity: 2, whenFull: 'drop-newest' });
    expect([await jobs.put('a'), await jobs.put('b'), await jobs.put('c')]).toEqual(['ok', 'ok', 'dropped']);
    expect(await drain(jobs)).toEqual(['a', 'b']);
  });

  it('serves takes in the order of the calls', async () => {
    const { jobs } = made();
    const takes = [jobs.take(), jobs.take()];
    await jobs.put('a');
    await jobs.put('b');
    expect(await Promise.all(takes)).toEqual([
      ['a', 'ok'],
      ['b', 'ok'],
    ]);
  });

  it('serves a waiting take before a waiting select', async () => {
    const { jobs } = made();
    const [selected, take] = [select({ jobs }), jobs.take()];
    await jobs.put('a');
    await jobs.put('b');
    expect([await take, await selected]).toEqual([
      ['a', 'ok'],
      ['jobs', ['b', 'ok']],
    ]);
  });
});

describe('the close of a channel', () => {
  it('leaves the values to be taken; then take gives closed, for ever', async () => {
    const { jobs } = made();
    await jobs.put('a');
    jobs.close();
    jobs.close();
    expect([await jobs.put('b'), jobs.size]).toEqual(['closed', 1]);
    expect([await jobs.take(), await jobs.take(), await jobs.take()]).toEqual([
      ['a', 'ok'],
      [undefined, 'closed'],
      [undefined, 'closed'],
    ]);
  });

  it('ends a waiting put with closed, which puts nothing', async () => {
    const { jobs, clock } = made({ capacity: 1 });
    await jobs.put('a');
    const put = jobs.put('b', { timeoutMs: 10 });
    jobs.close();
    expect([await put, clock.timers, await drain(jobs)]).toEqual(['closed', 0, ['a']]);
  });

  it('ends a waiting take and a waiting select with closed', async () => {
    const { jobs, clock } = made();
    const waits = [jobs.take({ timeoutMs: 10 }), select({ jobs }, { timeoutMs: 10 })];
    jobs.close();
    expect([await Promise.all(waits), clock.timers]).toEqual([
      [
        [undefined, 'closed'],
        ['jobs', [undefined, 'closed']],
      ],
      0,
    ]);
  });

  it('comes at the end of the scope of using', async () => {
    let kept: Channel<string>;
    {
      using jobs = channel<string>();
      kept = jobs;
    }
    expect(await kept.put('a')).toBe('closed');
  });
});

describe('a time-out on a channel', () => {
  it('of a take takes nothing', async () => {
    const { jobs, clock } = made();
    const take = jobs.take({ timeoutMs: 10 });
    clock.tick(10);
    await jobs.put('a');
    expect([await take, jobs.size]).toEqual([[undefined, 'timeout'], 1]);
  });

  it('of a put puts nothing', async () => {
    const { jobs, clock } = made({ capacity: 1 });
    await jobs.put('a');
    const put = jobs.put('b', { timeoutMs: 10 });
    clock.tick(10);
    expect([await put, await drain(jobs)]).toEqual(['timeout', ['a']]);
  });

  it('ends each waiting put at its own time', async () => {
    const { jobs, clock } = made({ capacity: 1 });
    await jobs.put('a');
    const ends: string[] = [];
    for (const timeoutMs of [30, 10]) {
      void jobs.put('b', { timeoutMs }).then((status) => ends.push(`${timeoutMs} ms: ${status}`));
    }
    for (const ms of [10, 20]) {
      clock.tick(ms);
      await turn();
    }
    expect([ends, clock.timers]).toEqual([['10 ms: timeout', '30 ms: timeout'], 0]);
  });

  it('of 0 takes and puts what is possible at once', async () => {
    const { jobs, clock } = made({ capacity: 1 });
    expect(await jobs.take({ timeoutMs: 0 })).toEqual([undefined, 'timeout']);
    expect([await jobs.put('a', { timeoutMs: 0 }), await jobs.put('b', { timeoutMs: 0 })]).toEqual([
      'ok',
      'timeout',
    ]);
    expect([await jobs.take({ timeoutMs: 0 }), clock.waits]).toEqual([['a', 'ok'], []]);
  });

  it('belongs to one call: each take and each put times out on its own', async () => {
    const { jobs, clock } = made({ capacity: 1 });
    const takes = [
      jobs.take({ timeoutMs: 30 }),
      jobs.take({ timeoutMs: 10 }),
      jobs.take({ timeoutMs: Infinity }),
    ];
    clock.tick(10);
    const second = await takes[1];
    clock.tick(20);
    const first = await takes[0];
    await jobs.put('a');
    await jobs.put('b');
    const puts = [jobs.put('c', { timeoutMs: 30 }), jobs.put('d', { timeoutMs: 10 })];
    clock.tick(10);
    const late = await puts[1];
    expect([second, first, await takes[2], late]).toEqual([
      [undefined, 'timeout'],
      [undefined, 'timeout'],
      ['a', 'ok'],
      'timeout',
    ]);
    expect([await jobs.take(), await puts[0]]).toEqual([['b', 'ok'], 'ok']);
  });
});

describe('a signal on a channel', () => {
  it('rejects a take with its reason, which takes nothing', async () => {
    const { jobs } = made();
    const controller = new AbortController();
    const take = jobs.take({ signal: controller.signal });
    controller.abort('my reason');
    await jobs.put('a');
    await expect(take).rejects.toBe('my reason');
    await expect(jobs.take({ signal: controller.signal })).rejects.toBe('my reason');
    expect(jobs.size).toBe(1);
  });

  it('rejects a put with its reason, which puts nothing', async () => {
    const { jobs } = made({ capacity: 1 });
    const controller = new AbortController();
    await jobs.put('a');
    const put = jobs.put('b', { signal: controller.signal });
    controller.abort('my reason');
    await expect(put).rejects.toBe('my reason');
    await expect(jobs.put('c', { signal: controller.signal })).rejects.toBe('my reason');
    expect(await drain(jobs)).toEqual(['a']);
  });

  it('never makes an unhandled rejection of a call that is not awaited', async () => {
    using crashes = recordCrashes();
    const { jobs } = made({ capacity: 1 });
    const signal = AbortSignal.abort();
    void jobs.put('a', { signal });
    void jobs.take({ signal });
    void jobs.take({ timeoutMs: -1 });
    void jobs.put('a', { timeoutMs: -1 });
    await turn();
    expect(crashes.errors).toEqual([]);
  });
});

describe('the arguments of a channel', () => {
  it.each([
    [{ capacity: 0 }, 'expected capacity to be an integer from 1 to 2147483647, got 0'],
    [{ capacity: 1.5 }, 'expected capacity to be an integer from 1 to 2147483647, got 1.5'],
    [{ capacity: Infinity }, 'expected capacity to be an integer from 1 to 2147483647, got Infinity'],
    [{ whenFull: 'drop' }, `expected whenFull to be 'wait', 'drop-oldest' or 'drop-newest', got "drop"`],
    [{ clock: {} }, 'expected clock to be a Clock, got an object'],
    [{ size: 1 }, 'unknown option "size". The options are capacity, whenFull, clock'],
    [null, 'expected options to be an object, got null'],
  ])('are refused: %j', (options, message) => {
    expect(() => channel(options as object)).toThrow(
      expect.objectContaining({ code: 'COROSOCK_ARGUMENT', message: `channel(): ${message}` }),
    );
  });

  it.each([{ timeoutMs: -1 }, { signal: {} }, { len: 1 }, null])(
    'are refused by put and take: %j',
    async (options) => {
      const { jobs } = made();
      await expect(jobs.put('a', options as object)).rejects.toMatchObject({ code: 'COROSOCK_ARGUMENT' });
      await expect(jobs.take(options as object)).rejects.toMatchObject({ code: 'COROSOCK_ARGUMENT' });
      expect(jobs.size).toBe(0);
    },
  );
});
