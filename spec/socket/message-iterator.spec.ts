// Iteration over whole messages: order, both kinds of end, and the state after `break` and
// `return()`.

import { settle } from 'corosock/testing';
import { describe, expect, it } from 'vitest';
import { CLOSED_BY_PEER, scripted } from '../conversation/scripted-transport.ts';
import { recordCrashes } from '../fixtures/process-events.ts';
import { turn } from '../time/hand-clock.ts';
import type { Data } from '../../src/core/data.ts';

describe('for await over a socket', () => {
  it('gives whole messages in order, and ends at a clean end', async () => {
    const { link, ws } = scripted();
    const long = 'x'.repeat(100_000);
    link.arrive('a', long, '');
    link.end(CLOSED_BY_PEER);
    const messages: Data[] = [];
    for await (const message of ws) messages.push(message);
    expect(messages).toEqual(['a', long, '']);
  });

  it('throws ConnectionLostError after all messages when the end was not clean', async () => {
    const { link, ws } = scripted();
    link.arrive('a');
    link.end({ cause: new Error('ECONNRESET') });
    const messages: Data[] = [];
    const iterate = async (): Promise<void> => {
      for await (const message of ws) messages.push(message);
    };
    await expect(iterate()).rejects.toMatchObject({
      name: 'ConnectionLostError',
      code: 'COROSOCK_CONNECTION_LOST',
      closeInfo: ws.closeInfo,
      cause: new Error('ECONNRESET'),
    });
    expect(messages).toEqual(['a']);
  });

  it('gives the rest of a message that a read has cut', async () => {
    const { link, ws } = scripted();
    link.arrive('abc');
    link.end(CLOSED_BY_PEER);
    await ws.read(1);
    const messages: Data[] = [];
    for await (const message of ws) messages.push(message);
    expect([messages, ws.atEnd]).toEqual([['bc'], true]);
  });

  it('leaves the socket open when the loop breaks, and loses no message', async () => {
    const { link, ws } = scripted();
    link.arrive('a', 'b', 'c');
    const first: Data[] = [];
    for await (const message of ws) {
      first.push(message);
      break;
    }
    expect([ws.closeInfo, ws.queued.messages]).toEqual([undefined, 2]);
    link.end(CLOSED_BY_PEER);
    const rest: Data[] = [];
    for await (const message of ws) rest.push(message);
    expect([first, rest]).toEqual([['a'], ['b', 'c']]);
  });
});

describe('the iterator of a socket', () => {
  it('is its own iterable', () => {
    const iterator = scripted().ws[Symbol.asyncIterator]();
    expect(iterator[Symbol.asyncIterator]()).toBe(iterator);
  });

  it('stays done after a clean end, and after one that was not clean', async () => {
    const clean = scripted();
    clean.link.end(CLOSED_BY_PEER);
    const iterator = clean.ws[Symbol.asyncIterator]();
    expect([await iterator.next(), await iterator.next()]).toEqual([
      { done: true, value: undefined },
      { done: true, value: undefined },
    ]);
    const broken = scripted();
    broken.link.end();
    const second = broken.ws[Symbol.asyncIterator]();
    await expect(second.next()).rejects.toMatchObject({ code: 'COROSOCK_CONNECTION_LOST' });
    expect(await second.next()).toEqual({ done: true, value: undefined });
  });

  it('is done after return(), and takes no further message', async () => {
    const { link, ws } = scripted();
    link.arrive('a');
    const iterator = ws[Symbol.asyncIterator]();
    expect(await iterator.return?.()).toEqual({ done: true, value: undefined });
    expect(await iterator.next()).toEqual({ done: true, value: undefined });
    expect(ws.queued.messages).toBe(1);
  });

  it('cancels a pending next() at return(): that takes no message, and a read may follow', async () => {
    const { link, ws } = scripted();
    const iterator = ws[Symbol.asyncIterator]();
    const pending = iterator.next();
    expect(await iterator.return?.()).toEqual({ done: true, value: undefined });
    expect(await pending).toEqual({ done: true, value: undefined });
    link.arrive('a');
    expect(await ws.read()).toEqual(['a', 'ok']);
  });

  it('leaves the pending next() of another iterator alone at return()', async () => {
    const { link, ws } = scripted();
    const abandoned = ws[Symbol.asyncIterator]();
    const pending = ws[Symbol.asyncIterator]().next();
    await abandoned.return?.();
    await turn();
    link.arrive('a');
    expect(await pending).toEqual({ done: false, value: 'a' });
  });

  it('gives a message that came before return() to the pending next()', async () => {
    const { link, ws } = scripted();
    const iterator = ws[Symbol.asyncIterator]();
    const pending = iterator.next();
    link.arrive('a', 'b');
    await iterator.return?.();
    expect([await pending, await ws.read()]).toEqual([{ done: false, value: 'a' }, ['b', 'ok']]);
  });

  it('sets no timer', () => {
    const { clock, ws } = scripted();
    void ws[Symbol.asyncIterator]().next();
    expect(clock.waits).toEqual([]);
  });

  it('makes no unhandled rejection of a next() that is not awaited', async () => {
    using crashes = recordCrashes();
    const { link, ws } = scripted();
    const iterator = ws[Symbol.asyncIterator]();
    void iterator.next();
    void iterator.next();
    link.end();
    await settle();
    expect(crashes.errors).toEqual([]);
  });

  it('rejects a second next() while the first waits', async () => {
    const { ws } = scripted();
    const iterator = ws[Symbol.asyncIterator]();
    void iterator.next();
    await expect(iterator.next()).rejects.toMatchObject({ code: 'COROSOCK_CONCURRENT_READ' });
  });
});
