// Our own 101: byte for byte what `ws` writes, with the options that `ws` would have passed on; and
// left to a `ws` that has no `setSocket` of version 8.

import { createHash } from 'node:crypto';
import fc from 'fast-check';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { WebSocket, WebSocketServer } from 'ws';
import { ScriptedStream, upgradeOf } from './scripted-stream.ts';
import { answerQuickly, claim, markOfWs, startWebSocket } from '../../../src/transport/ws/quick-upgrade.ts';
import { WsOrderedSocket } from '../../../src/transport/ws/ordered-socket.ts';

const OPTIONS = {
  noServer: true,
  WebSocket: WsOrderedSocket,
  clientTracking: false,
  maxPayload: 1000,
} as const;

afterEach(() => void vi.restoreAllMocks());

describe('answerQuickly', () => {
  it('writes byte for byte what `ws` writes, for any key, subprotocol and further lines', () => {
    const keys = fc
      .uint8Array({ minLength: 16, maxLength: 16 })
      .map((bytes) => Buffer.from(bytes).toString('base64'));
    const lines = fc.array(fc.stringMatching(/^X-[A-Za-z]{1,8}: [!-~]{1,20}$/), { maxLength: 3 });
    const protocols = fc.constantFrom('', 'chat', 'chat.v2');
    fc.assert(
      fc.property(keys, protocols, lines, (key, protocol, headerLines) => {
        const server = new WebSocketServer({ ...OPTIONS, handleProtocols: () => protocol || false });
        server.on('headers', (headers: string[]) => void headers.push(...headerLines));
        const [theirs, ours] = [new ScriptedStream(), new ScriptedStream()];
        const headers = { 'sec-websocket-key': key, 'sec-websocket-protocol': 'chat, chat.v2' };
        server.handleUpgrade(upgradeOf(headers), theirs, Buffer.alloc(0), () => {});
        answerQuickly(ours, { key, protocol, headerLines });
        expect(String(Buffer.concat(ours.writes))).toBe(String(Buffer.concat(theirs.writes)));
      }),
    );
  });

  it('accepts the key of RFC 6455 §1.3 with the hash given there', () => {
    const stream = new ScriptedStream();
    const key = 'dGhlIHNhbXBsZSBub25jZQ==';
    answerQuickly(stream, { key, protocol: '', headerLines: [] });
    const accept = createHash('sha1').update(`${key}258EAFA5-E914-47DA-95CA-C5AB0DC85B11`).digest('base64');
    expect([accept, String(stream.writes[0])]).toEqual([
      's3pPLMBiTxaQ9kYGzzhZRbK+xOo=',
      expect.stringContaining(`Sec-WebSocket-Accept: ${accept}\r\n`),
    ]);
  });
});

describe('startWebSocket', () => {
  it('puts a WebSocket on the stream with all options that `ws` passes on', () => {
    const server = new WebSocketServer(OPTIONS);
    const set = vi.spyOn(
      WebSocket.prototype as unknown as { setSocket: (...given: unknown[]) => void },
      'setSocket',
    );
    server.handleUpgrade(upgradeOf(), new ScriptedStream(), Buffer.alloc(0), () => {});
    const ws = startWebSocket(new ScriptedStream(), server.options);
    const [theirs, ours] = set.mock.calls.map(
      ([, , options]) => options as Readonly<Record<string, unknown>>,
    );
    const names = Object.keys(theirs ?? {});
    expect(names).toContain('maxPayload');
    expect(names.map((name) => [name, ours?.[name]])).toEqual(Object.entries(theirs ?? {}));
    expect([ws.readyState, ws.extensions, ws.protocol]).toEqual([WebSocket.OPEN, '', '']);
  });
});

describe('claim', () => {
  it('marks a stream once', () => {
    const stream = new ScriptedStream();
    claim(stream);
    expect(() => claim(stream)).toThrow('more than once');
    expect(() => claim(new ScriptedStream())).not.toThrow();
  });

  it('refuses a stream that carries a WebSocket of any `ws`, and marks one that only has a listener', () => {
    const [watched, foreign] = [new ScriptedStream(), new ScriptedStream()];
    watched.on('data', () => {});
    expect(() => claim(watched)).not.toThrow();
    foreign.on('data', () => {});
    Object.assign(foreign, { [Symbol('websocket')]: {} });
    expect(() => claim(foreign)).toThrow('more than once');
  });
});

describe('markOfWs', () => {
  it('is the key by which the `ws` that we have refuses a stream, and answers nothing', () => {
    const stream = new ScriptedStream();
    Reflect.set(stream, markOfWs() as symbol, true);
    const upgrade = (): void =>
      new WebSocketServer(OPTIONS).handleUpgrade(upgradeOf(), stream, Buffer.alloc(0), () => {});
    expect(upgrade).toThrow('called more than once');
    expect(stream.writes).toEqual([]);
  });

  it.each([
    ['is missing, as in Bun', undefined],
    ['takes other parameters', (_stream: unknown, _options: unknown) => {}],
  ])('is undefined where setSocket %s', (_, setSocket) => {
    const descriptor = Object.getOwnPropertyDescriptor(WebSocket.prototype, 'setSocket');
    Object.defineProperty(WebSocket.prototype, 'setSocket', { configurable: true, value: setSocket });
    const answer = markOfWs();
    Object.defineProperty(WebSocket.prototype, 'setSocket', descriptor as PropertyDescriptor);
    expect(answer).toBeUndefined();
  });
});
