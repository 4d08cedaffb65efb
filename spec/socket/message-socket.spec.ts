// The members of every socket, as their docstrings promise: arguments, defaults, results, and that
// a call which is not awaited does not end the process.

import { describe, expect, it } from 'vitest';
import { CLOSED_BY_PEER, scripted } from '../conversation/scripted-transport.ts';
import type { MessageSocket } from '../../src/socket/message-socket.ts';
import type { ReadOptions, WriteOptions } from '../../src/socket/socket.ts';
import type { WaitOptions } from '../../src/core/wait-options.ts';
import { UsageError } from '../../src/core/errors.ts';
import type { Data } from '../../src/core/data.ts';
import { recordCrashes } from '../fixtures/process-events.ts';
import { turn } from '../time/hand-clock.ts';

const refusal = (message: string): UsageError => new UsageError('COROSOCK_ARGUMENT', message);

describe('a socket', () => {
  it('has the negotiated subprotocol', () => {
    expect(scripted().ws.protocol).toBe('chat');
  });

  it('aborts its signal at the end, with an AbortError that carries closeInfo', () => {
    const { link, ws } = scripted();
    const { signal } = ws;
    expect(signal.aborted).toBe(false);
    link.end(CLOSED_BY_PEER);
    expect(signal.reason).toMatchObject({ name: 'AbortError', code: 'ABORT_ERR' });
    expect((signal.reason as { readonly closeInfo: unknown }).closeInfo).toBe(ws.closeInfo);
    expect(ws.signal).toBe(signal);
  });

  it('has an aborted signal when that is first read after the end', () => {
    const { link, ws } = scripted();
    link.end();
    expect([ws.signal.aborted, (ws.signal.reason as Error).name]).toEqual([true, 'AbortError']);
  });

  it('has closeInfo from its end on, and not before', async () => {
    const { link, ws } = scripted();
    expect(ws.closeInfo).toBeUndefined();
    link.end(CLOSED_BY_PEER);
    expect(ws.closeInfo).toEqual({ ...CLOSED_BY_PEER, unread: 0 });
    expect(await ws.closed).toBe(ws.closeInfo);
  });

  it('resolves closed at an end that is not clean, too', async () => {
    const { link, ws } = scripted();
    const { closed } = ws;
    link.end({ cause: new Error('ECONNRESET') });
    expect(await closed).toMatchObject({ code: 1006, clean: false });
  });

  it('counts received messages in queued until they are read', async () => {
    const { link, ws } = scripted();
    link.arrive('€', 'abc');
    expect(ws.queued).toEqual({ messages: 2, bytes: 6 });
    await ws.read();
    expect(ws.queued).toEqual({ messages: 1, bytes: 3 });
  });

  it('counts accepted bytes in bufferedBytes until the system has taken them; a write that waits does not count', () => {
    const { link, ws } = scripted({ writeBufferBytes: 5 });
    void ws.write('12345');
    void ws.write('waiting');
    expect(ws.bufferedBytes).toBe(5);
    link.take();
    expect(ws.bufferedBytes).toBe(7);
  });

  it('says in atEnd whether the last read reached the end of its message; true before the first read', async () => {
    const { link, ws } = scripted();
    const ends = [ws.atEnd];
    link.arrive('abc', '');
    for (const len of [2, 2, 2]) {
      await ws.read(len);
      ends.push(ws.atEnd);
    }
    expect(ends).toEqual([true, false, true, true]);
  });

  it('leaves atEnd as it was when a read takes nothing', async () => {
    const { link, clock, ws } = scripted();
    const ends: boolean[] = [];
    link.arrive('abc');
    await ws.read(2);
    await ws.read({ signal: AbortSignal.abort() }).catch(() => undefined);
    ends.push(ws.atEnd);
    await ws.read(2);
    const timedOut = ws.read(2, 5);
    clock.tick(5);
    await timedOut;
    ends.push(ws.atEnd);
    expect(ends).toEqual([false, true]);
  });

  it('never lets reads and writes wait for each other', async () => {
    const { link, ws } = scripted({ writeBufferBytes: 1, queueMessages: 1 });
    const read = ws.read();
    expect(await ws.write('a')).toBe('ok');
    const write = ws.write('b');
    link.arrive('c');
    expect(await read).toEqual(['c', 'ok']);
    link.arrive('d');
    link.take();
    expect([await write, await ws.read()]).toEqual(['ok', ['d', 'ok']]);
  });

  it('drops the link at terminate()', () => {
    const { link, ws } = scripted();
    ws.terminate();
    expect(link.calls).toEqual(['terminate']);
  });
});

describe('read', () => {
  it.each<[string, (ws: MessageSocket) => Promise<unknown>]>([
    ['nothing', (ws) => ws.read()],
    ['undefined', (ws) => ws.read(undefined, undefined)],
    ['an empty object', (ws) => ws.read({})],
  ])('waits for one day when it is called with %s', async (_, read) => {
    const { clock, ws } = scripted();
    const waiting = read(ws);
    expect(clock.waits).toEqual([86_400_000]);
    clock.tick(86_400_000);
    expect(await waiting).toEqual([undefined, 'timeout']);
  });

  it.each<[string, (ws: MessageSocket) => Promise<unknown>]>([
    ['two numbers', (ws) => ws.read(2, 5)],
    ['an object', (ws) => ws.read({ len: 2, timeoutMs: 5 })],
  ])('takes len and timeoutMs as %s', async (_, read) => {
    const { link, clock, ws } = scripted();
    link.arrive('abc');
    expect([await read(ws), await read(ws)]).toEqual([
      ['ab', 'ok'],
      ['c', 'ok'],
    ]);
    const waiting = read(ws);
    clock.tick(5);
    expect(await waiting).toEqual([undefined, 'timeout']);
  });

  it('never returns half a surrogate pair; with len 1 it returns a whole pair', async () => {
    const { link, ws } = scripted();
    link.arrive('a😀b');
    expect([await ws.read(2), await ws.read(1), await ws.read(1)]).toEqual([
      ['a', 'ok'],
      ['😀', 'ok'],
      ['b', 'ok'],
    ]);
  });

  it('returns bytes that the caller may change', async () => {
    const { link, ws } = scripted();
    link.arrive(new Uint8Array([1, 2, 3, 4]));
    const [part] = await ws.read(2);
    (part as Uint8Array).fill(9);
    expect(await ws.read()).toEqual([new Uint8Array([3, 4]), 'ok']);
  });

  it.each<[string, (ws: MessageSocket) => Promise<unknown>, string]>([
    ['len 0', (ws) => ws.read(0), 'expected len to be an integer ≥ 1, got 0'],
    ['a text', (ws) => ws.read('5' as unknown as number), 'expected len to be an integer ≥ 1, got "5"'],
    ['null', (ws) => ws.read(null as unknown as ReadOptions), 'expected options to be an object, got null'],
    [
      'a negative time',
      (ws) => ws.read(1, -1),
      'expected timeoutMs to be a number of milliseconds ≥ 0, got -1',
    ],
    [
      'NaN for a time',
      (ws) => ws.read({ timeoutMs: Number.NaN }),
      'expected timeoutMs to be a number of milliseconds ≥ 0, got NaN',
    ],
    [
      'a misspelt option',
      (ws) => ws.read({ timeout: 5 } as ReadOptions),
      'unknown option "timeout"; did you mean "timeoutMs"? The options are len, timeoutMs, signal',
    ],
    [
      'a controller for its signal',
      (ws) => ws.read({ signal: new AbortController() as unknown as AbortSignal }),
      'expected signal to be an AbortSignal, got an object',
    ],
  ])('rejects %s, and takes nothing', async (_, read, expected) => {
    const { link, ws } = scripted();
    link.arrive('kept');
    await expect(read(ws)).rejects.toThrow(refusal(`ws.read(): ${expected}`));
    expect(await ws.read()).toEqual(['kept', 'ok']);
  });
});

describe('readMessage', () => {
  it('returns the oldest message whole, or the rest of it that read has left', async () => {
    const { link, ws } = scripted();
    link.arrive('x'.repeat(100_000), 'abc');
    expect((await ws.readMessage())[0]).toHaveLength(100_000);
    await ws.read(1);
    expect([await ws.readMessage(), ws.atEnd]).toEqual([['bc', 'ok'], true]);
  });

  it('waits for one day by default', async () => {
    const { link, clock, ws } = scripted();
    void ws.readMessage();
    link.arrive('a');
    void ws.readMessage({});
    link.arrive('b');
    expect(clock.waits).toEqual([86_400_000]);
  });

  it.each<[string, (ws: MessageSocket) => Promise<unknown>]>([
    ['a number', (ws) => ws.readMessage(5)],
    ['an object', (ws) => ws.readMessage({ timeoutMs: 5 })],
  ])('takes timeoutMs as %s', async (_, read) => {
    const { clock, ws } = scripted();
    const waiting = read(ws);
    clock.tick(5);
    expect(await waiting).toEqual([undefined, 'timeout']);
  });

  it('rejects with the reason of its signal', async () => {
    const { ws } = scripted();
    const controller = new AbortController();
    const waiting = ws.readMessage({ signal: controller.signal });
    controller.abort('my reason');
    await expect(waiting).rejects.toBe('my reason');
  });

  it.each<[string, (ws: MessageSocket) => Promise<unknown>, string]>([
    ['text', (ws) => ws.readMessage('5s' as never), 'expected milliseconds or options, got "5s"'],
    [
      'a negative time',
      (ws) => ws.readMessage(-1),
      'expected timeoutMs to be a number of milliseconds ≥ 0, got -1',
    ],
    [
      'a len',
      (ws) => ws.readMessage({ len: 5 } as WaitOptions),
      'unknown option "len". The options are timeoutMs, signal',
    ],
    [
      'a text for its signal',
      (ws) => ws.readMessage({ signal: 'x' as unknown as AbortSignal }),
      'expected signal to be an AbortSignal, got "x"',
    ],
  ])('rejects %s, and takes nothing', async (_, read, expected) => {
    const { link, ws } = scripted();
    link.arrive('kept');
    await expect(read(ws)).rejects.toThrow(refusal(`ws.readMessage(): ${expected}`));
    expect(await ws.readMessage()).toEqual(['kept', 'ok']);
  });
});

describe('write', () => {
  it('sends strings as text, compressed where that was agreed on', async () => {
    const { link, ws } = scripted();
    await ws.write('text');
    await ws.write('text', {});
    expect(link.sent).toEqual([
      { data: 'text', options: { binary: false, compress: true } },
      { data: 'text', options: { binary: false, compress: true } },
    ]);
  });

  it.each([1, 'no', null, undefined])('refuses binaryData that is %s', (value) => {
    const { ws } = scripted();
    expect(() => void (ws.binaryData = value as unknown as boolean)).toThrow(
      `ws.binaryData: expected true or false, got ${JSON.stringify(value)}`,
    );
    expect(ws.binaryData).toBe(false);
  });

  it('sends text in binary frames while binaryData is true', async () => {
    const { link, ws } = scripted();
    expect(ws.binaryData).toBe(false);
    ws.binaryData = true;
    await ws.write('text');
    await ws.write('text', { compress: false });
    expect([ws.binaryData, link.sent.map(({ options }) => options)]).toEqual([
      true,
      [
        { binary: true, compress: true },
        { binary: true, compress: false },
      ],
    ]);
  });

  it('sends uncompressed with compress: false', async () => {
    const { link, ws } = scripted();
    await ws.write('text', { compress: false });
    expect(link.sent[0]?.options).toEqual({ binary: false, compress: false });
  });

  it('sends an iterable as the fragments of one message, with the options of a write', async () => {
    const { link, ws } = scripted();
    await ws.write(['a', 'b']);
    ws.binaryData = true;
    await ws.write(['c'], { compress: false });
    expect([link.sentText, link.sent.at(-1)?.options]).toEqual([
      ['a+', 'b+', '.', 'c+', '.'],
      { binary: true, compress: false, last: true },
    ]);
  });

  it('closes the socket with 1011 when an iterable throws after its first part', async () => {
    const { link, ws } = scripted();
    const broken = (function* () {
      yield 'a';
      yield 'b';
      throw new Error('my error');
    })();
    await expect(ws.write(broken)).rejects.toThrow('my error');
    expect([link.sentText, link.calls]).toEqual([['a+', 'b+'], ['close 1011']]);
  });

  it('does not copy bytes: the caller must not change them before bufferedBytes is 0', async () => {
    const { link, ws } = scripted();
    const bytes = new Uint8Array([1, 2]);
    await ws.write(bytes);
    expect(link.sent[0]?.data).toBe(bytes);
  });

  it.each<[string, (ws: MessageSocket) => Promise<unknown>, string]>([
    [
      'a number',
      (ws) => ws.write(1000 as unknown as Data),
      'expected a string, a Uint8Array or an iterable of them, got 1000',
    ],
    [
      'nothing',
      (ws) => ws.write(undefined as unknown as Data),
      'expected a string, a Uint8Array or an iterable of them, got undefined',
    ],
    [
      'null for options',
      (ws) => ws.write('a', null as unknown as WriteOptions),
      'expected options to be an object, got null',
    ],
    [
      'a negative time',
      (ws) => ws.write('a', { timeoutMs: -1 }),
      'expected timeoutMs to be a number of milliseconds ≥ 0, got -1',
    ],
    [
      'a misspelt option',
      (ws) => ws.write('a', { timeout: 5 } as WriteOptions),
      'unknown option "timeout"; did you mean "timeoutMs"? The options are timeoutMs, signal, compress',
    ],
    [
      'a text for its signal',
      (ws) => ws.write('a', { signal: 'x' as unknown as AbortSignal }),
      'expected signal to be an AbortSignal, got "x"',
    ],
    [
      'a number for compress',
      (ws) => ws.write('a', { compress: 1 as unknown as boolean }),
      'expected compress to be true or false, got 1',
    ],
  ])('rejects %s, and sends nothing', async (_, write, expected) => {
    const { link, ws } = scripted();
    await expect(write(ws)).rejects.toThrow(refusal(`ws.write(): ${expected}`));
    expect(link.sent).toEqual([]);
  });
});

describe('a call that is not awaited', () => {
  it('never becomes an unhandled rejection', async () => {
    using crashes = recordCrashes();
    const { link, ws } = scripted({ writeBufferBytes: 1 });
    const controller = new AbortController();
    const { signal } = controller;
    void ws.read(-1);
    void ws.readMessage(-1);
    void ws.write(5 as unknown as Data);
    void ws.read({ signal });
    void ws.read();
    void ws.write('a');
    void ws.write('b', { signal });
    controller.abort();
    void ws.read({ signal });
    void ws.write('c', { signal });
    link.end();
    for (let n = 0; n < 99; n += 1) await ws.read();
    void ws.read();
    await turn();
    await turn();
    expect(crashes.errors).toEqual([]);
  });
});
