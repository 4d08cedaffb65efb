// Requests that wait: how many there may be, what they leave, and where `host.waits` finds them.

import { getEventListeners } from 'node:events';
import { describe, expect, it } from 'vitest';
import { requests } from 'corosock';
import { runServer, settle, virtualClock } from 'corosock/testing';
import { result, scriptedRpc } from './scripted-rpc.ts';

const MANY = 100_000;

describe('100,000 requests in flight', () => {
  it('Q3, Q4: are each answered or time out, on one timer, and leave none', { timeout: 60_000 }, async () => {
    const { rpc, link, clock } = scriptedRpc(
      { maxPending: MANY },
      { writeBufferBytes: 2 ** 30, queueMessages: 2 * MANY, queueBytes: 2 ** 30 },
    );
    const answers = Array.from({ length: MANY }, () => rpc.request<number>('add'));
    const timers = clock.timers;
    await expect(rpc.request('add')).rejects.toMatchObject({ code: 'COROSOCK_PENDING_REQUESTS' });
    for (let id = MANY; id > MANY / 2; id -= 1) link.arrive(JSON.stringify(result(id, id)));
    await settle();
    clock.tick(30_000);
    const seen = await Promise.all(answers);
    const wrong = seen.findIndex(([value, status], at) =>
      at < MANY / 2 ? status !== 'timeout' : value !== at + 1,
    );
    expect([timers, wrong, clock.timers]).toEqual([1, -1, 0]);
  });

  it('end with one signal, a thousand of them, and leave no listener', async () => {
    const { rpc, clock } = scriptedRpc({ maxPending: MANY }, { writeBufferBytes: 2 ** 30 });
    const controller = new AbortController();
    const { signal } = controller;
    const answers = Array.from({ length: 1000 }, () => rpc.request('add', [], { signal }));
    controller.abort('enough');
    const reasons = new Set((await Promise.allSettled(answers)).map((answer) => answer.status));
    expect([[...reasons], clock.timers]).toEqual([['rejected'], 0]);
    expect(getEventListeners(signal, 'abort')).toEqual([]);
  });
});

describe('host.waits', () => {
  it('names the line of a handler that waits for a reply, and for the end', async () => {
    const clock = virtualClock();
    await using run = runServer(
      async (ws) => {
        const rpc = requests(ws);
        await rpc.request('add');
        await rpc.closed;
      },
      { clock },
    );
    const client = await run.client;
    await settle();
    const asking = run.host.waits();
    await client.writeJson(result(1, 3));
    await settle();
    const waiting = run.host.waits();
    await client.close();
    const seen = [...asking, ...waiting].map(({ waits, at }) => `${waits} ${at}`);
    expect(seen).toEqual([
      expect.stringMatching(/^other .*outgoing-requests\.spec\.ts/),
      expect.stringMatching(/^close .*outgoing-requests\.spec\.ts/),
    ]);
  });
});
