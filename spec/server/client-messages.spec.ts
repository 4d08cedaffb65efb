// The messages of one conversation through a hook: in order, one at a time, with a permit of the
// pool. Through a host: shared-sockets.spec.ts.

import { settle } from 'corosock/testing';
import type { Data } from 'corosock';
import { describe, expect, it } from 'vitest';
import { scripted } from '../conversation/scripted-transport.ts';
import type { ScriptedConversation } from '../conversation/scripted-transport.ts';
import { ClientMessages } from '../../src/server/client-messages.ts';
import { TaskQueue } from '../../src/waiting/task-queue.ts';
import { Deadlines } from '../../src/time/deadline.ts';
import { TurnBudget } from '../../src/time/turn-budget.ts';

type Hook = ConstructorParameters<typeof ClientMessages>[1];

interface SetUp extends ScriptedConversation {
  readonly offering: ClientMessages;
  /** What the listener was told. */
  readonly told: unknown[];
}

function offered(hook: Hook, pool: TaskQueue = new TaskQueue(1)): SetUp {
  const all = scripted();
  const told: unknown[] = [];
  const { clock } = all;
  const settings = { clock, deadlines: new Deadlines(clock), budget: new TurnBudget(clock), pool };
  const offering = new ClientMessages(all.conversation, hook, settings, {
    clientMessagesOnError: (error) => void told.push(error),
    clientMessagesOnStall: () => void told.push('stall'),
    clientMessagesOnIdle: () => void told.push('idle'),
  });
  return { ...all, offering, told };
}

/** A hook whose calls go on when the spec says so. */
function heldHook(): {
  readonly hook: Hook;
  readonly calls: Data[];
  readonly answer: (isConsumed?: boolean) => Promise<void>;
} {
  const calls: Data[] = [];
  const waiting: Array<(isConsumed: boolean) => void> = [];
  const hook = (data: Data): Promise<boolean> => {
    calls.push(data);
    return new Promise((resolve) => void waiting.push(resolve));
  };
  const answer = async (isConsumed = true): Promise<void> => {
    waiting.shift()?.(isConsumed);
    await settle();
  };
  return { hook, calls, answer };
}

describe('ClientMessages', () => {
  it('drops what the hook consumes, and leaves the rest to readers', async () => {
    const { link, ws, told } = offered((data) => data !== 'b');
    link.arrive('a', 'b', 'c');
    expect([await ws.read(), ws.queued.messages]).toEqual([['b', 'ok'], 1]);
    await settle();
    expect([ws.queued.messages, told]).toEqual([0, ['idle']]);
  });

  it.each([1, 'yes', {}, undefined, null, false])(
    'leaves to readers what the hook answers with %o: only true consumes',
    async (answer) => {
      const { link, ws } = offered(() => Promise.resolve(answer));
      link.arrive('a');
      expect(await ws.read(undefined, 0)).toEqual([undefined, 'timeout']);
      await settle();
      expect(await ws.read(undefined, 0)).toEqual(['a', 'ok']);
    },
  );

  it('says whether a call is running, or only waits for the pool', async () => {
    const pool = new TaskQueue(1);
    const { hook, answer } = heldHook();
    const [one, two] = [offered(hook, pool), offered(hook, pool)];
    one.link.arrive('a');
    two.link.arrive('b');
    await settle();
    const undone = (): unknown => [one, two].map(({ offering }) => offering.undone);
    const [runs, waits] = ['onClientMessage still runs', 'Messages still wait for onClientMessage'];
    expect(undone()).toEqual([runs, waits]);
    await answer();
    expect(undone()).toEqual([undefined, runs]);
    await answer();
    expect(undone()).toEqual([undefined, undefined]);
  });

  it('offers one message at a time, in order, also those that come meanwhile', async () => {
    const { hook, calls, answer } = heldHook();
    const { link, offering } = offered(hook);
    link.arrive('a', 'b');
    await settle();
    expect(calls).toEqual(['a']);
    await answer();
    link.arrive('c');
    await answer();
    expect([calls, offering.isBusy]).toEqual([['a', 'b', 'c'], true]);
    await answer();
    expect(offering.isBusy).toBe(false);
  });

  it('waits for its permit of the pool', async () => {
    const pool = new TaskQueue(1);
    const { hook, calls, answer } = heldHook();
    const [one, two] = [offered(hook, pool), offered(hook, pool)];
    one.link.arrive('a');
    two.link.arrive('b');
    await settle();
    expect([calls, two.ws.queued.messages, two.offering.isBusy]).toEqual([['a'], 1, true]);
    await answer();
    expect(calls).toEqual(['a', 'b']);
  });

  it('pauses the link for messages that wait for the pool, until enough are consumed', async () => {
    const pool = new TaskQueue(1);
    const { hook, answer } = heldHook();
    const [one, two] = [offered(hook, pool), offered(hook, pool)];
    one.link.arrive('a');
    two.link.arrive(...Array.from({ length: 64 }, () => 'b'));
    await settle();
    expect([two.link.calls, two.ws.queued.messages]).toEqual([['pause'], 64]);
    for (let n = 0; n < 32; n += 1) await answer();
    expect(two.link.calls).toEqual(['pause']);
    await answer();
    expect(two.link.calls).toEqual(['pause', 'resume']);
  });

  it('releases its permit to another socket after 6 ms', async () => {
    const pool = new TaskQueue(1);
    const { hook, calls, answer } = heldHook();
    const [one, two] = [offered(hook, pool), offered(hook, pool)];
    one.link.arrive('a1', 'a2', 'a3');
    two.link.arrive('b1');
    await settle();
    one.clock.tick(6);
    for (let n = 0; n < 3; n += 1) await answer();
    expect(calls).toEqual(['a1', 'a2', 'b1', 'a3']);
  });

  it.each<[string, Hook]>([
    ['throws', () => raise()],
    ['rejects', async () => raise()],
  ])('stops when the hook %s, and leaves all messages to readers', async (_, hook) => {
    const { link, ws, told, clock } = offered(hook);
    link.arrive('a', 'b');
    await settle();
    expect(told).toEqual([expect.objectContaining({ message: 'no' }), 'idle']);
    expect([await ws.read(), await ws.read(), clock.timers]).toEqual([['a', 'ok'], ['b', 'ok'], 0]);
  });

  it('releases its permit after 30 s, reports that once, and goes on in order, with a new permit', async () => {
    const pool = new TaskQueue(1);
    const { hook, calls, answer } = heldHook();
    const [one, two] = [offered(hook, pool), offered(hook, pool)];
    one.link.arrive('a', 'a2');
    two.link.arrive('b');
    await settle();
    one.clock.tick(29_999);
    await settle();
    expect([one.told, calls]).toEqual([[], ['a']]);
    one.clock.tick(1);
    await settle();
    expect([one.told, calls]).toEqual([['stall'], ['a', 'b']]);
    one.clock.tick(60_000);
    await answer();
    expect([one.told, calls]).toEqual([['stall'], ['a', 'b']]);
    await answer();
    expect(calls).toEqual(['a', 'b', 'a2']);
  });

  it('counts 30 s for each call', async () => {
    const { hook, answer } = heldHook();
    const { link, clock, told } = offered(hook);
    link.arrive('a', 'b');
    await settle();
    clock.tick(29_000);
    await answer();
    clock.tick(29_000);
    await settle();
    expect(told).toEqual([]);
    clock.tick(1000);
    expect(told).toEqual(['stall']);
  });

  it('reports nothing while no call is running', async () => {
    const { link, clock, told } = offered(() => true);
    link.arrive('a');
    await settle();
    clock.tick(30_000);
    expect([told, clock.timers]).toEqual([['idle'], 0]);
  });

  it('offers nothing more once it is stopped, and ignores the result of the running call', async () => {
    const { hook, calls, answer } = heldHook();
    const { link, ws, clock, offering } = offered(hook);
    link.arrive('a', 'b');
    await settle();
    offering.stop();
    expect([await ws.read(), clock.timers]).toEqual([['a', 'ok'], 0]);
    await answer();
    expect([await ws.read(), calls, offering.isBusy]).toEqual([['b', 'ok'], ['a'], false]);
  });

  it('begins nothing once it is stopped', async () => {
    const { hook, calls } = heldHook();
    const { link, offering } = offered(hook);
    offering.stop();
    link.arrive('a');
    await settle();
    expect([calls, offering.isBusy]).toEqual([[], false]);
  });

  it('yields to the event loop between bursts of messages', async () => {
    const calls: string[] = [];
    const { link, clock } = offered((data) => {
      calls.push(String(data));
      clock.nowMs += 1;
      return true;
    });
    link.arrive(...Array.from({ length: 200 }, (_, n) => String(n)));
    for (let n = 0; n < 20; n += 1) await Promise.resolve();
    const early = calls.length;
    setImmediate(() => calls.push('the event loop'));
    await settle();
    expect([early < 200, calls.length]).toEqual([true, 201]);
    expect(calls.indexOf('the event loop')).toBeLessThan(200);
  });
});

function raise(): never {
  throw new Error('no');
}
