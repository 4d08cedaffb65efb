// Reads and writes of a handle on a socket of another node: the true status of writes, and reads
// that fetch nothing ahead.

import { describe, expect, it } from 'vitest';
import { settle } from 'corosock/testing';
import { dropping } from './bus-fixtures.ts';
import { pair, say } from './remote-fixtures.ts';

describe('a write over another node', () => {
  it('gives timeout where the client does not take it, and has then sent nothing', async () => {
    const { caller, client, clock, got } = await pair({}, { writeBufferBytes: 8 });
    client.pause();
    const ws = await caller.handle('owner.one');
    expect(await ws.write('first message')).toBe('ok');
    const late = ws.write('second', { timeoutMs: 50 });
    await clock.advance(50);
    expect(await late).toBe('timeout');
    client.resume();
    await settle();
    expect(got).toEqual(['first message']);
  });

  it('does not wait with timeoutMs 0', async () => {
    const { caller, client } = await pair({}, { writeBufferBytes: 8 });
    client.pause();
    const ws = await caller.handle('owner.one');
    await ws.write('first message');
    expect(await ws.write('second', { timeoutMs: 0 })).toBe('timeout');
  });

  it('is taken back when its signal aborts', async () => {
    const { caller, client, got } = await pair({}, { writeBufferBytes: 8 });
    client.pause();
    const ws = await caller.handle('owner.one');
    await ws.write('first message');
    const abort = new AbortController();
    const write = ws.write('second', { signal: abort.signal });
    await settle();
    abort.abort(new Error('no more'));
    await expect(write).rejects.toThrow('no more');
    client.resume();
    await settle();
    expect(got).toEqual(['first message']);
  });

  it('gives closed once the socket has ended, and the handle has its end', async () => {
    const { caller, client } = await pair();
    const ws = await caller.handle('owner.one');
    client.close(1000, 'bye');
    expect(await ws.closed).toMatchObject({ code: 1000, reason: 'bye', clean: true, by: 'peer' });
    expect([await ws.write('late'), ws.signal.aborted]).toEqual(['closed', true]);
  });

  it('sends large messages and iterables whole', async () => {
    const { caller, got } = await pair();
    const ws = await caller.handle('owner.one');
    expect(await ws.write(new Uint8Array(700_000))).toBe('ok');
    expect(await ws.write(['a', 'b', 'c'])).toBe('ok');
    await settle();
    expect(got).toEqual(['700000 bytes', 'abc']);
  });

  it('ends the handle where it is not acknowledged in time', async () => {
    const { drops, faults } = dropping();
    const { caller, clock } = await pair(faults);
    const ws = await caller.handle('owner.one');
    drops.add('node:owner').add('node:caller');
    const write = ws.write('lost');
    await clock.advance(6000);
    expect(await write).toBe('closed');
    expect(ws.closeInfo).toMatchObject({ code: 1006, by: 'link' });
  });

  it.each(['node:owner', 'node:caller'])(
    'ends the handle where one message to %s is lost',
    async (address) => {
      const { drops, faults } = dropping();
      const { caller, clock } = await pair(faults);
      const ws = await caller.handle('owner.one');
      drops.add(address);
      const write = ws.write('lost');
      await settle();
      drops.clear();
      await clock.advance(3000);
      expect([await write, ws.closeInfo?.by]).toEqual(['closed', 'link']);
    },
  );

  it('is never made twice by a duplicate', async () => {
    const { caller, got } = await pair({ delivery: () => ({ copies: 2, delayMs: 0 }) });
    const ws = await caller.handle('owner.one');
    expect(await ws.write('once')).toBe('ok');
    await settle();
    expect(got).toEqual(['once']);
  });
});

describe('a read over another node', () => {
  it('takes from the queue of the socket, in order, and nothing ahead', async () => {
    const { caller, client, local } = await pair();
    const ws = await caller.handle('owner.one');
    say(client, 'one', 'two', 'three');
    expect(await ws.read()).toEqual(['one', 'ok']);
    await settle();
    expect([local.queued.messages, ws.queued.messages]).toEqual([2, 0]);
    expect(await local.read()).toEqual(['two', 'ok']);
    expect(await ws.read()).toEqual(['three', 'ok']);
  });

  it('takes nothing when it times out', async () => {
    const { caller, client, clock, local } = await pair();
    const ws = await caller.handle('owner.one');
    const read = ws.read({ timeoutMs: 100 });
    await clock.advance(100);
    expect(await read).toEqual([undefined, 'timeout']);
    await settle();
    say(client, 'later');
    expect(await local.read()).toEqual(['later', 'ok']);
  });

  it('gives back what was under way when its signal aborts', async () => {
    let delayMs = 0;
    const { caller, client, clock, local } = await pair({
      delivery: (_from, _to, address) => (address === 'node:caller' ? { copies: 1, delayMs } : undefined),
    });
    const ws = await caller.handle('owner.one');
    const abort = new AbortController();
    const read = ws.read({ signal: abort.signal });
    await settle();
    delayMs = 100;
    say(client, 'one', 'two');
    await settle();
    expect(local.queued.messages).toBe(1);
    abort.abort(new Error('enough'));
    await expect(read).rejects.toThrow('enough');
    await clock.advance(100);
    expect([await local.read(), await local.read()]).toEqual([
      ['one', 'ok'],
      ['two', 'ok'],
    ]);
  });

  it('iterates to the end, over what came before it', async () => {
    const { caller, client } = await pair();
    const ws = await caller.handle('owner.one');
    const all: unknown[] = [];
    const reading = (async () => {
      for await (const message of ws) all.push(message);
    })();
    say(client, 'one', 'two');
    client.close(1000, '');
    await reading;
    expect([all, ws.closeInfo?.by]).toEqual([['one', 'two'], 'peer']);
  });

  it('carries large messages', async () => {
    const { caller, client } = await pair();
    const ws = await caller.handle('owner.one');
    say(client, 'x'.repeat(600_000));
    const [message] = await ws.readMessage();
    expect(message).toHaveLength(600_000);
  });
});
