// A write of an iterable: one message in fragments, which stays first in line from its first
// fragment to its last, and how it ends when it is not finished.

import { AsyncLocalStorage } from 'node:async_hooks';
import { getEventListeners } from 'node:events';
import { describe, expect, it } from 'vitest';
import { scripted } from './scripted-transport.ts';
import { ScriptedBudget } from './scripted-budget.ts';
import { recordCrashes } from '../fixtures/process-events.ts';
import { turn } from '../time/hand-clock.ts';
import type { Data } from '../../src/core/data.ts';

/** An iterable whose parts the spec gives one by one. */
class Tap implements AsyncIterator<Data>, AsyncIterable<Data> {
  asked = 0;
  returned = 0;
  #answer: PromiseWithResolvers | undefined;

  [Symbol.asyncIterator](): this {
    return this;
  }

  next(): Promise<IteratorResult<Data>> {
    this.asked += 1;
    this.#answer = withResolvers();
    return this.#answer.promise;
  }

  async return(): Promise<IteratorResult<Data>> {
    this.returned += 1;
    return { done: true, value: undefined };
  }

  async give(part: Data): Promise<void> {
    this.#answer?.resolve({ done: false, value: part });
    await turn();
  }

  async end(): Promise<void> {
    this.#answer?.resolve({ done: true, value: undefined });
    await turn();
  }

  async fail(error: unknown): Promise<void> {
    this.#answer?.reject(error);
    await turn();
  }
}

interface PromiseWithResolvers {
  readonly promise: Promise<IteratorResult<Data>>;
  readonly resolve: (result: IteratorResult<Data>) => void;
  readonly reject: (error: unknown) => void;
}

function withResolvers(): PromiseWithResolvers {
  let [resolve, reject]: [PromiseWithResolvers['resolve'], PromiseWithResolvers['reject']] = [
    () => {},
    () => {},
  ];
  const promise = new Promise<IteratorResult<Data>>((fulfil, refuse) => {
    [resolve, reject] = [fulfil, refuse];
  });
  return { promise, resolve, reject };
}

/** A write of a tap that was asked for its first part. */
async function begun(options: Parameters<ReturnType<typeof scripted>['ws']['write']>[1] = {}) {
  const all = scripted({ writeBufferBytes: 10 });
  const tap = new Tap();
  const write = all.ws.write(tap, options);
  await turn();
  return { ...all, tap, write };
}

describe('a write of an iterable', () => {
  it('sends its fragments as one message', async () => {
    const { link, ws } = scripted();
    expect(await ws.write(['one', '', 'two'])).toBe('ok');
    expect(link.sentText).toEqual(['one+', 'two+', '.']);
  });

  it('sends each fragment as soon as it comes', async () => {
    const { link, tap, write } = await begun();
    await tap.give('one');
    expect(link.sentText).toEqual(['one+']);
    await tap.give('two');
    await tap.end();
    expect([await write, link.sentText, tap.returned]).toEqual(['ok', ['one+', 'two+', '.'], 0]);
  });

  it('sends an empty text where there is no fragment, and an empty binary message with binaryData', async () => {
    const { link, ws } = scripted();
    await ws.write([]);
    ws.binaryData = true;
    await ws.write([]);
    expect(link.sent).toEqual([
      { data: '', options: { binary: false, compress: true, last: true } },
      { data: '', options: { binary: true, compress: true, last: true } },
    ]);
  });

  it('treats text and bytes as messages, though they are iterable', async () => {
    const { link, ws } = scripted();
    await ws.write('abc');
    await ws.write(new Uint8Array([1, 2]));
    expect(link.sentData).toEqual(['abc', new Uint8Array([1, 2])]);
  });

  it('passes compress on', async () => {
    const { link, ws } = scripted();
    await ws.write(['a'], { compress: false });
    expect(link.sent.map(({ options }) => options.compress)).toEqual([false, false]);
  });

  it('never asks the iterable inside the call', async () => {
    const { ws } = scripted();
    const tap = new Tap();
    void ws.write(tap);
    expect(tap.asked).toBe(0);
    await turn();
    expect(tap.asked).toBe(1);
  });

  it('asks for the next fragment only below the high-water mark', async () => {
    const { link, tap } = await begun();
    await tap.give('0123456789');
    expect(tap.asked).toBe(1);
    link.take(1);
    await turn();
    expect(tap.asked).toBe(2);
  });

  it('lets the event loop have a turn when the budget is spent', async () => {
    const { link, ws } = scripted({ budget: new ScriptedBudget([true, false]) });
    const write = ws.write(['a', 'b', 'c']);
    for (let round = 0; round < 20; round += 1) await Promise.resolve();
    expect(link.sentText.length).toBeLessThan(4);
    expect([await write, link.sentText]).toEqual(['ok', ['a+', 'b+', 'c+', '.']]);
  });

  it('counts each fragment as activity', async () => {
    const { conversation, ws } = scripted();
    let signs = 0;
    conversation.whenActive({ active: () => void (signs += 1) });
    await ws.write(['a', 'b']);
    expect(signs).toBe(3);
  });
});

describe('the writes behind a write of an iterable', () => {
  it('wait until the last fragment is sent', async () => {
    const { link, ws, tap, write } = await begun();
    const behind = [ws.write('whole'), ws.write(['in', 'part']), ws.write('z')];
    await tap.give('one');
    expect(link.sentText).toEqual(['one+']);
    await tap.end();
    link.take();
    expect(await Promise.all([write, ...behind])).toEqual(['ok', 'ok', 'ok', 'ok']);
    expect(link.sentText).toEqual(['one+', '.', 'whole', 'in+', 'part+', '.', 'z']);
  });

  it('are sent before an iterable that is written after them', async () => {
    const { link, ws } = scripted({ writeBufferBytes: 10 });
    void ws.write('0123456789');
    const tap = new Tap();
    const writes = [ws.write('first'), ws.write(tap)];
    await turn();
    expect(tap.asked).toBe(0);
    link.take();
    await turn();
    await tap.end();
    expect([await Promise.all(writes), link.sentText.slice(1)]).toEqual([
      ['ok', 'ok'],
      ['first', '.'],
    ]);
  });

  it('end in timeout at once where they may not wait', async () => {
    const { ws, tap } = await begun();
    expect([await ws.write('a', { timeoutMs: 0 }), await ws.write(['a'], { timeoutMs: 0 })]).toEqual([
      'timeout',
      'timeout',
    ]);
    await tap.end();
    expect(await ws.write(['a', 'b'], { timeoutMs: 0 })).toBe('ok');
  });

  it('are sent before the close frame', async () => {
    const { link, conversation, tap, write } = await begun();
    conversation.close(1000, '', 'local');
    await tap.give('one');
    expect(link.calls).toEqual([]);
    await tap.end();
    expect([await write, link.sentText, link.calls]).toEqual(['ok', ['one+', '.'], ['close 1000']]);
  });
});

describe('a write of an iterable of which nothing was sent', () => {
  it('ends in timeout at its time, and lets the other writes go on', async () => {
    const { link, clock, ws, tap, write } = await begun({ timeoutMs: 100 });
    const behind = ws.write('behind');
    clock.tick(100);
    expect([await write, await behind, tap.returned]).toEqual(['timeout', 'ok', 1]);
    await tap.give('too late');
    expect([link.sentText, link.calls]).toEqual([['behind'], []]);
  });

  it('leaves the iterable untouched when its turn has not come by then', async () => {
    const { link, clock, ws } = scripted({ writeBufferBytes: 1 });
    void ws.write('a');
    const tap = new Tap();
    const write = ws.write(tap, { timeoutMs: 100 });
    clock.tick(100);
    link.take();
    await turn();
    expect([await write, tap.asked, tap.returned]).toEqual(['timeout', 0, 0]);
  });

  it('rejects with the reason when its signal aborts, and lets the other writes go on', async () => {
    const controller = new AbortController();
    const { link, ws, tap, write } = await begun({ signal: controller.signal });
    const behind = ws.write('behind');
    controller.abort(new Error('enough'));
    await expect(write).rejects.toThrow('enough');
    expect([await behind, tap.returned, link.sentText]).toEqual(['ok', 1, ['behind']]);
    expect(getEventListeners(controller.signal, 'abort')).toEqual([]);
  });

  it('asks nothing when it is cancelled at the moment at which its turn comes', async () => {
    const { clock, ws } = scripted();
    const tap = new Tap();
    const write = ws.write(tap, { timeoutMs: 100 });
    clock.tick(100);
    expect([await write, tap.asked]).toEqual(['timeout', 0]);
  });

  it('rejects with the reason of a signal that has aborted already, and asks nothing', async () => {
    const { ws } = scripted();
    const tap = new Tap();
    const signal = AbortSignal.abort(new Error('enough'));
    await expect(ws.write(tap, { signal })).rejects.toThrow('enough');
    expect(tap.asked).toBe(0);
  });

  it('rejects with what the iterable throws, and the socket stays open', async () => {
    const { link, ws, tap, write } = await begun();
    const behind = ws.write('behind');
    await tap.fail(new Error('no data'));
    await expect(write).rejects.toThrow('no data');
    expect([await behind, tap.returned, link.calls, link.sentText]).toEqual(['ok', 0, [], ['behind']]);
  });

  it('rejects with UsageError for a fragment that is no data, and the socket stays open', async () => {
    const { link, tap, write } = await begun();
    await tap.give(5 as unknown as string);
    await expect(write).rejects.toMatchObject({ code: 'COROSOCK_ARGUMENT' });
    expect([tap.returned, link.calls, link.sentText]).toEqual([1, [], []]);
  });

  it('is closed when the conversation ends', async () => {
    const { link, tap, write } = await begun();
    link.end();
    await tap.give('too late');
    expect([await write, tap.returned, link.sentText]).toEqual(['closed', 1, []]);
  });

  it('is closed after the end, asks nothing, and sets no timer', async () => {
    const { link, clock, ws } = scripted();
    link.end();
    const tap = new Tap();
    expect([await ws.write(tap, { timeoutMs: 100 }), tap.asked, clock.waits]).toEqual(['closed', 0, []]);
  });

  it('is closed once this side has begun to close, and asks nothing', async () => {
    const { conversation, ws } = scripted();
    const tap = new Tap();
    conversation.close(1000, '', 'local');
    expect([await ws.write(tap), tap.asked]).toEqual(['closed', 0]);
  });

  it('is closed when the link takes no more', async () => {
    const { link, tap, write } = await begun();
    link.close(1000, '');
    await tap.give('too late');
    expect([await write, tap.returned]).toEqual(['closed', 1]);
  });
});

describe('a write of an iterable whose first fragment was sent ends the socket with 1011', () => {
  it('when it times out', async () => {
    const { link, clock, ws, tap, write } = await begun({ timeoutMs: 100 });
    const behind = ws.write('behind');
    await tap.give('one');
    clock.tick(100);
    expect([await write, await behind, tap.returned]).toEqual(['closed', 'closed', 1]);
    await tap.give('too late');
    expect([link.sentText, link.calls]).toEqual([['one+'], ['close 1011']]);
  });

  it('when its signal aborts', async () => {
    const controller = new AbortController();
    const { link, ws, tap, write } = await begun({ signal: controller.signal });
    const behind = ws.write(['behind']);
    await tap.give('one');
    controller.abort(new Error('enough'));
    await expect(write).rejects.toThrow('enough');
    expect([await behind, tap.returned, link.calls]).toEqual(['closed', 1, ['close 1011']]);
  });

  it('when the iterable throws', async () => {
    const { link, tap, write } = await begun();
    await tap.give('one');
    await tap.fail(new Error('no more data'));
    await expect(write).rejects.toThrow('no more data');
    expect([tap.returned, link.sentText, link.calls]).toEqual([0, ['one+'], ['close 1011']]);
  });

  it.each([
    ['another kind of part', new Uint8Array(1)],
    ['a part that is no data', 5],
  ])('when it gives %s', async (_, part) => {
    const { link, ws, tap, write } = await begun();
    await tap.give('one');
    await tap.give(part as Data);
    await expect(write).rejects.toMatchObject({ code: 'COROSOCK_ARGUMENT' });
    link.end({ code: 1011, by: 'local', clean: true });
    expect([tap.returned, ws.closeInfo]).toMatchObject([1, { code: 1011, by: 'local' }]);
  });

  it('or with the code of a close that came first', async () => {
    const { link, conversation, tap, write } = await begun();
    await tap.give('one');
    conversation.close(4000, '', 'local');
    await tap.fail(new Error('no more data'));
    await expect(write).rejects.toThrow('no more data');
    expect(link.calls).toEqual(['close 4000']);
  });

  it('but not when the conversation has ended: it is closed', async () => {
    const { link, tap, write } = await begun();
    await tap.give('one');
    link.end();
    await tap.fail(new Error('no more data'));
    expect([await write, tap.returned, link.calls]).toEqual(['closed', 1, []]);
  });

  it('but not when the link takes no more by its end: it is closed', async () => {
    const { link, tap, write } = await begun();
    await tap.give('one');
    link.close(1000, '');
    await tap.end();
    expect([await write, link.calls]).toEqual(['closed', ['close 1000']]);
  });

  it('but not when the link takes no more: it is closed', async () => {
    const { link, tap, write } = await begun();
    await tap.give('one');
    link.close(1000, '');
    await tap.give('two');
    expect([await write, link.calls]).toEqual(['closed', ['close 1000']]);
  });
});

describe('the iterable of a write', () => {
  it('is asked in the AsyncLocalStorage context of the call, whichever code makes room', async () => {
    const storage = new AsyncLocalStorage<string>();
    const { link, ws } = scripted({ writeBufferBytes: 1 });
    const seen: unknown[] = [];
    async function* parts(): AsyncGenerator<string> {
      for (const part of 'abc') yield (seen.push(storage.getStore()), part);
    }
    const write = storage.run('writer', () => ws.write(parts()));
    for (const part of ['a', 'b', 'c']) {
      await turn();
      expect(link.sentData.at(-1)).toBe(part);
      storage.run('link', () => link.take());
    }
    expect([await write, seen]).toEqual(['ok', ['writer', 'writer', 'writer']]);
  });
});

describe('a write of an iterable that is not awaited', () => {
  it('never becomes an unhandled rejection', async () => {
    using crashes = recordCrashes();
    const { ws, tap } = await begun();
    void ws.write([5] as unknown as string[]);
    void ws.write(['a'], { signal: AbortSignal.abort() });
    await tap.give('one');
    await tap.fail(new Error('no more data'));
    await turn();
    expect(crashes.errors).toEqual([]);
  });
});
