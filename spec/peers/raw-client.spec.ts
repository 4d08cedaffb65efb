// The tool itself: what it sends and sees, against a server that is known to
// work. spec/peers mirrors nothing of src.

import { createServer } from 'node:net';
import type { AddressInfo } from 'node:net';
import { once } from 'node:events';
import { serve } from 'corosock';
import { describe, expect, it } from 'vitest';
import { binaryFrame, closeFrame, frame, OPCODE, parseFrame, textFrame } from './frames.ts';
import { parseAnswer } from './http-answer.ts';
import { connectRaw, openRaw, upgradeRequest } from './raw-client.ts';

describe('RawClient', () => {
  it('opens a WebSocket and exchanges frames', async () => {
    await using host = await serve(async (ws) => {
      for await (const data of ws) await ws.write(data);
    });
    using client = await openRaw(host.port);
    await client.send(textFrame('hello'));
    expect(await client.nextText()).toBe('hello');
    await client.send(binaryFrame(Buffer.alloc(70_000, 7)), 1000);
    const echoed = await client.nextFrame();
    expect(echoed).toMatchObject({ opcode: OPCODE.binary, fin: true, rsv: 0 });
    expect(echoed.payload.equals(Buffer.alloc(70_000, 7))).toBe(true);
    await client.send(closeFrame(4000, 'bye'));
    expect(await client.untilCloseFrame()).toEqual({ code: 4000, reason: 'bye' });
    expect(await client.untilClosed()).toBe('fin');
  });

  it('tells a refusal from an upgrade', async () => {
    await using host = await serve(() => {});
    const client = await connectRaw(host.port);
    await client.send(upgradeRequest({ headers: { 'Sec-WebSocket-Version': '8' } }));
    const { status, headers, body } = await client.answer();
    expect([status, headers['sec-websocket-version']]).toEqual([426, '13']);
    expect(body).toContain('version 13');
    expect(await client.untilClosed()).toBe('fin');
    client.halfClose();
    await expect(openRaw(host.port, { requestLine: 'GET / HTTP/1.0' })).rejects.toThrow('got 505');
  });

  it('sees a reset, and says what it waited for', async () => {
    const server = createServer((socket) => socket.once('data', () => socket.resetAndDestroy())).listen(
      0,
      '127.0.0.1',
    );
    await once(server, 'listening');
    using client = await connectRaw((server.address() as AddressInfo).port);
    await client.send('anything');
    await expect(client.nextFrame()).rejects.toThrow('Expected a frame, got reset');
    expect(await client.untilClosed()).toBe('reset');
    server.close();
  });
});

describe('upgradeRequest', () => {
  it('repeats and leaves out lines', () => {
    const request = upgradeRequest({ headers: { Host: ['a', 'b'], Upgrade: undefined } });
    expect(request.split('\r\n').slice(0, 4)).toEqual([
      'GET / HTTP/1.1',
      'Host: a',
      'Host: b',
      'Connection: Upgrade',
    ]);
  });
});

describe('frame', () => {
  it.each([
    ['the shortest length', { payload: 'ab' }, [0x81, 0x02]],
    ['16 bits by need', { payload: Buffer.alloc(126) }, [0x81, 0x7e, 0, 126]],
    ['64 bits by wish', { payload: 'ab', lengthBits: 64 }, [0x81, 0x7f, 0, 0, 0, 0, 0, 0, 0, 2]],
    ['a length that is not true', { announcedBytes: 2n ** 63n }, [0x81, 0x7f, 0x80, 0, 0, 0, 0, 0, 0, 0]],
    ['bits that are not agreed on', { fin: false, rsv: 0b101 }, [0x51, 0x00]],
  ] as const)('writes %s', (_, parts, head) => {
    const built = frame({ opcode: OPCODE.text, mask: false, ...parts });
    expect([...built.subarray(0, head.length)]).toEqual(head);
  });

  it('masks', () => {
    expect([...frame({ opcode: OPCODE.text, payload: 'AB', mask: Buffer.of(1, 2, 3, 4) })]).toEqual([
      0x81, 0x82, 1, 2, 3, 4, 0x40, 0x40,
    ]);
  });

  it.each([0, 125, 126, 65_535, 65_536])('is read back, with %i bytes', (size) => {
    const bytes = frame({ opcode: OPCODE.binary, payload: Buffer.alloc(size, 1), mask: false });
    expect(parseFrame(bytes)?.frame.payload.length).toBe(size);
    expect(parseFrame(bytes.subarray(0, -1))).toBe(undefined);
  });
});

describe('parseAnswer', () => {
  it.each([
    ['by its length', 'Content-Length: 2\r\n\r\nabX', false, 'ab'],
    ['in chunks', 'Transfer-Encoding: chunked\r\n\r\n1\r\na\r\n1\r\nb\r\n0\r\n\r\nX', false, 'ab'],
    ['by the end of the connection', '\r\nab', true, 'ab'],
    ['that is not whole', 'Content-Length: 3\r\n\r\nab', false, undefined],
    ['whose end is not known yet', '\r\nab', false, undefined],
  ])('finds a body %s', (_, rest, isOver, body) => {
    const found = parseAnswer(Buffer.from(`HTTP/1.1 400 Bad Request\r\n${rest}`), isOver);
    expect(found?.answer.body).toBe(body);
  });
});
