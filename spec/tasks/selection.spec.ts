// A select over a source that throws: it rejects with that error, unsubscribes from all sources,
// and takes nothing from the others. And when a waiting select takes.

import { select, source } from 'corosock';
import type { Source } from 'corosock';
import { describe, expect, it } from 'vitest';
import { handSource } from './hand-source.ts';
import type { BrokenPart } from './hand-source.ts';
import { recordCrashes } from '../fixtures/process-events.ts';
import { scripted } from '../conversation/scripted-transport.ts';
import { turn } from '../time/hand-clock.ts';
import { Selection } from '../../src/tasks/selection.ts';
import { realClock } from '../../src/time/real-clock.ts';
import { schedulingOf } from '../../src/time/scheduling.ts';

describe('a select over a source that throws', () => {
  it.each<BrokenPart>(['ready', 'take', 'subscribe'])(
    'rejects with the error of %s at once, and takes nothing',
    async (part) => {
      const broken = handSource(...(part === 'take' ? ['a'] : []));
      const other = handSource();
      broken.break(part);
      await expect(select({ other, broken })).rejects.toThrow(`broken in ${part}`);
      expect([other.subscribers, broken.subscribers]).toEqual([0, 0]);
    },
  );

  it.each<BrokenPart>(['ready', 'take', 'unsubscribe'])(
    'rejects with the error of %s during the wait, and takes nothing from the others',
    async (part) => {
      const { ws, link, clock } = scripted();
      const [broken, other] = [handSource(), handSource()];
      const waiting = select({ broken, other, ws }, { timeoutMs: 10 });
      broken.break(part);
      if (part === 'take') broken.fill('x');
      else other.fill('x');
      link.arrive('a');
      await expect(waiting).rejects.toThrow(`broken in ${part}`);
      expect([other.subscribers, broken.subscribers, clock.timers]).toEqual([0, 0, 0]);
      expect([ws.queued.messages, other.values]).toEqual([1, part === 'take' ? [] : ['x']]);
    },
  );

  it('rejects with the error of unsubscribe at the time-out', async () => {
    const { clock, ws } = scripted();
    const broken = handSource();
    const waiting = select({ broken, ws }, { timeoutMs: 10 });
    broken.break('unsubscribe');
    clock.tick(10);
    await expect(waiting).rejects.toThrow('broken in unsubscribe');
  });

  it('rejects with the reason of its signal when unsubscribe throws, and makes no unhandled rejection', async () => {
    using crashes = recordCrashes();
    const broken = handSource();
    const controller = new AbortController();
    const waiting = select({ broken }, { signal: controller.signal });
    broken.break('unsubscribe');
    controller.abort('my reason');
    await expect(waiting).rejects.toBe('my reason');
    await turn();
    expect(crashes.errors).toEqual([]);
  });

  it('rejects with the first of several errors', async () => {
    const [first, second] = [handSource(), handSource()];
    const waiting = select({ first, second });
    second.break('unsubscribe');
    first.break('ready');
    second.fill('x');
    await expect(waiting).rejects.toThrow('broken in ready');
  });
});

describe('a select that is woken', () => {
  it('waits on when no source is ready', async () => {
    const mine = handSource();
    const waiting = select({ mine });
    mine.wakeAll();
    mine.fill('a');
    expect(await waiting).toEqual(['mine', 'a']);
  });

  it('takes once, however often it is woken, also after its end', async () => {
    const mine = handSource();
    const waiting = select({ mine });
    mine.values.push('a', 'b');
    mine.wakeAll();
    mine.wakeAll();
    expect([await waiting, mine.values]).toEqual([['mine', 'a'], ['b']]);
  });

  it('takes nothing before it has subscribed to all sources', async () => {
    const order: string[] = [];
    const eager: Source<string> = {
      [source]: {
        ready: () => order.includes('subscribed'),
        take() {
          order.push('taken');
          return 'a';
        },
        subscribe(wake) {
          order.push('subscribed');
          wake();
          return () => order.push('unsubscribed');
        },
      },
    };
    const last = handSource();
    expect([await select({ eager, last }), order, last.subscribers]).toEqual([
      ['eager', 'a'],
      ['subscribed', 'unsubscribed', 'taken'],
      0,
    ]);
  });

  it('takes once when the ready of one source fills another', async () => {
    const mine = handSource();
    let looks = 0;
    const lively: Source<never> = {
      [source]: {
        ready() {
          looks += 1;
          if (looks === 2) mine.fill('a', 'b');
          return false;
        },
        take: () => undefined as never,
        subscribe: () => () => {},
      },
    };
    expect([await select({ lively, mine }), mine.values]).toEqual([['mine', 'a'], ['b']]);
  });

  it('ends before it takes: a wake inside the take does nothing', async () => {
    const { ws, link } = scripted();
    let takes = 0;
    const chained: Source<number> = {
      [source]: {
        ready: () => ws.queued.messages === 1,
        take() {
          link.arrive('b');
          return (takes += 1);
        },
        subscribe: () => () => {},
      },
    };
    const waiting = select({ chained, ws });
    link.arrive('a');
    expect([await waiting, takes, ws.queued.messages]).toEqual([['chained', 1], 1, 2]);
  });
});

describe('a select, as `host.waits` sees it', () => {
  it('is held while it waits, and no longer once it is done', () => {
    const second = handSource();
    const selection = new Selection(
      {
        keys: ['second'],
        ports: [second[source]],
        scheduling: schedulingOf(realClock),
        mayHaveSettled: false,
      },
      schedulingOf(realClock),
      Infinity,
      () => {},
      () => {},
    );
    selection.begin('arrival', schedulingOf(realClock));
    const [held] = selection.held;
    second.fill('x');
    expect([held, selection.held, selection.isDone]).toEqual([['select', selection], [], true]);
  });
});
