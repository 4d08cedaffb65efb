// What a view of a socket sends: messages, pings, the close; and whom it calls back. What it emits:
// as-ws.spec.ts.

import type { WsView } from 'corosock';
import { settle } from 'corosock/testing';
import { describe, expect, it } from 'vitest';
import { recorded, viewed } from './viewed-socket.ts';

const OVER = 'The conversation is over or ending: nothing was sent';

describe('send of a view', () => {
  it.each([
    ['text', 'text', 'text'],
    ['a number', 42, '42'],
    ['a Buffer', Buffer.from('b'), Buffer.from('b')],
    ['an ArrayBuffer', new Uint8Array([1]).buffer, Buffer.from([1])],
    ['a SharedArrayBuffer', new SharedArrayBuffer(2), Buffer.from([0, 0])],
    ['a view', new DataView(new Uint8Array([1, 2, 3]).buffer, 1, 1), Buffer.from([2])],
  ] as const)('sends %s', async (_, data, expected) => {
    const { client, view } = viewed();
    view.send(data);
    expect(await client.readMessage()).toEqual([expected, 'ok']);
  });

  it('sends text as binary and bytes as text, where it is asked to', async () => {
    const { client, view } = viewed();
    view.send('text', { binary: true });
    view.send(Buffer.from('bytes'), { binary: false, compress: false, mask: true, fin: true });
    expect(await client.readMessage()).toEqual([Buffer.from('text'), 'ok']);
    expect(await client.readMessage()).toEqual(['bytes', 'ok']);
  });

  it('calls back in the order of the calls, once accepted', async () => {
    const { client, view } = viewed({ writeBufferBytes: 10 });
    const done: string[] = [];
    view.send('1234567890', (error) => void done.push(`first ${error}`));
    view.send('second', {}, (error) => void done.push(`second ${error}`));
    await settle();
    expect(done).toEqual(['first undefined', 'second undefined']);
    expect((await client.readMessage())[0]).toBe('1234567890');
  });

  it('waits for room, and counts what waits', async () => {
    const { client, view } = viewed({ writeBufferBytes: 10 });
    const done: string[] = [];
    // The client reads nothing: its link is paused once its queue is full.
    const texts = Array.from({ length: 300 }, (_, index) => `${index}`.padStart(10));
    for (const text of texts) view.send(text, (error) => void done.push(`${text} ${error}`));
    await settle();
    expect(done.length).toBeLessThan(300);
    expect(view.bufferedAmount).toBeGreaterThan((300 - done.length) * 10 - 1);
    for (const text of texts) expect(await client.readMessage()).toEqual([text, 'ok']);
    await settle();
    expect([done.length, view.bufferedAmount]).toEqual([300, 0]);
  });

  it('B15: holds back a client that asks for more than it takes', async () => {
    const { client, view } = viewed({ writeBufferBytes: 10 });
    const answer = 'x'.repeat(100_000);
    let heard = 0;
    view.on('message', () => {
      heard += 1;
      view.send(answer);
    });
    for (let sent = 0; sent < 60; sent += 1) await client.write('?');
    await settle();
    const before = heard;
    expect([before < 30, view.bufferedAmount < 2_000_000]).toEqual([true, true]);
    for (let read = 0; read < 60; read += 1) expect(await client.readMessage()).toEqual([answer, 'ok']);
    expect(heard).toBe(60);
  });

  it('emits all messages at the end, also those that were held back', async () => {
    const { client, view } = viewed({ writeBufferBytes: 10 });
    let heard = 0;
    view.on('message', () => void (heard += 1));
    for (let sent = 0; sent < 30; sent += 1) view.send('x'.repeat(100_000));
    for (let sent = 0; sent < 3; sent += 1) await client.write('?');
    await settle();
    const before = heard;
    client.terminate();
    await settle();
    expect([before, heard]).toEqual([0, 3]);
  });

  it('calls back with an error when the conversation is over or ending', async () => {
    const { client, view } = viewed();
    const errors: (Error | undefined)[] = [];
    view.close();
    expect(view.readyState).toBe(view.CLOSING);
    view.send('after close', (error) => void errors.push(error));
    view.send('nobody asks');
    await client.closed;
    await settle();
    view.send('after the end', (error) => void errors.push(error));
    await settle();
    expect(errors.map((error) => error?.message)).toEqual([OVER, OVER]);
  });

  it.each([[undefined], [null], [{}], [['a']]])('refuses %o', (data) => {
    const { view } = viewed();
    expect(() => view.send(data as never)).toThrow(
      expect.objectContaining({
        code: 'COROSOCK_ARGUMENT',
        message: expect.stringMatching(/^send\(\): expected a string, a Buffer/) as string,
      }),
    );
  });

  it('refuses a part of a message', () => {
    const { view } = viewed();
    expect(() => view.send('part', { fin: false })).toThrow(
      expect.objectContaining({ message: 'send(): expected fin to be true: a whole message, got false' }),
    );
  });
});

describe('close of a view', () => {
  it.each([
    [[], 1000, ''],
    [[4400], 4400, ''],
    [[1011, 'broken'], 1011, 'broken'],
    [[1001, Buffer.from('away')], 1001, 'away'],
  ] as ReadonlyArray<[Parameters<WsView['close']>, number, string]>)(
    '%o closes with %i',
    async (given, code, reason) => {
      const { client, view } = viewed();
      view.close(...given);
      expect(await client.closed).toMatchObject({ code, reason, by: 'peer', clean: true });
    },
  );

  it('refuses a code that cannot be sent, at once', () => {
    const { view } = viewed();
    expect(() => view.close(1006)).toThrow(expect.objectContaining({ code: 'COROSOCK_CLOSE_CODE' }));
    expect(view.readyState).toBe(view.OPEN);
  });

  it('terminates', async () => {
    const { client, view } = viewed();
    const events = recorded(view);
    view.terminate();
    expect(await client.closed).toMatchObject({ code: 1006, by: 'link' });
    await settle();
    expect(events).toEqual([['close', 1006, Buffer.alloc(0), false]]);
  });
});

describe('ping of a view', () => {
  it('is answered by a pong with its data', async () => {
    const { view } = viewed();
    const events = recorded(view);
    view.ping('four');
    view.ping(Buffer.from('b'), false, () => {});
    view.ping(() => {});
    view.ping(7);
    await settle();
    expect(events).toEqual(['four', 'b', '', '7'].map((text) => ['pong', Buffer.from(text)]));
  });

  it('watches pings and pongs once, whatever the number of listeners', async () => {
    const { view } = viewed();
    const events = [...recorded(view), ...recorded(view)];
    const pongs: string[] = [];
    view.on('pong', () => void pongs.push('pong'));
    view.ping();
    await settle();
    expect([events, pongs]).toEqual([[], ['pong']]);
  });

  it('calls back, with an error when the conversation is over', async () => {
    const { view } = viewed();
    const errors: (Error | undefined)[] = [];
    view.pong('', false, (error) => void errors.push(error));
    await settle();
    view.terminate();
    await settle();
    view.ping('', false, (error) => void errors.push(error));
    view.pong();
    await settle();
    expect(errors.map((error) => error?.message)).toEqual([undefined, OVER]);
  });

  it('refuses more than 125 bytes', () => {
    const { view } = viewed();
    expect(() => view.ping('x'.repeat(126))).toThrow(
      expect.objectContaining({ message: 'ping(): expected at most 125 bytes, got 126' }),
    );
  });
});
