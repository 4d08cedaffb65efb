// The client's opening handshake in Node, with good and bad servers: each outcome is reported once,
// and no socket is left.

import { compressionOf } from '../../../src/core/compression.ts';
import { createHash } from 'node:crypto';
import { EventEmitter, once } from 'node:events';
import type { IncomingMessage, Server } from 'node:http';
import { createServer } from 'node:net';
import type { AddressInfo } from 'node:net';
import type { Duplex } from 'node:stream';
import { deflateRawSync } from 'node:zlib';
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { settle } from 'corosock/testing';
import { WebSocket, WebSocketServer } from 'ws';
import { listen, listenSecurely } from '../../fixtures/listening-server.ts';
import type { LinkTarget } from '../../../src/transport/connector.ts';
import type { Transport } from '../../../src/transport/transport.ts';
import { connectWs, problemOf } from '../../../src/transport/ws/connector.ts';
import { ConnectError } from '../../../src/core/errors.ts';
import { frame, OPCODE, RSV1 } from '../../peers/frames.ts';
import { HandClock, turn } from '../../time/hand-clock.ts';
import { targetOf } from '../browser/browser-pair.ts';
import { acceptOne, openEnd } from './ws-pair.ts';

/** Waits for the outcome of an opening. */
function outcomeOf(port: number, changes: Partial<LinkTarget> = {}): Promise<Transport | ConnectError> {
  return new Promise((resolve) => {
    connectWs(targetOf(port, changes), { opened: resolve, failed: resolve });
  });
}

/** Waits for a failure. */
async function failureOf(
  port: number,
  changes?: Partial<LinkTarget>,
): Promise<readonly [status: number | undefined, message: string]> {
  const outcome = await outcomeOf(port, changes);
  if (!(outcome instanceof ConnectError)) throw new Error('the link was opened');
  return [outcome.status, outcome.message];
}

/** Closes after the client: a server's stream would stay half open. */
function followEnd(stream: Duplex): void {
  stream.on('error', () => {});
  stream.on('end', () => stream.end());
  stream.resume();
}

/** Accepts each upgrade, and sends these texts compressed in one chunk. */
function sendingDeflated(server: Server, texts: readonly string[]): void {
  server.on('upgrade', ({ headers }, stream: Duplex) => {
    followEnd(stream);
    const accept = createHash('sha1')
      .update(`${headers['sec-websocket-key']}${ACCEPT_GUID}`)
      .digest('base64');
    const lines = [
      'HTTP/1.1 101 Switching Protocols',
      'Upgrade: websocket',
      'Connection: Upgrade',
      'Sec-WebSocket-Extensions: permessage-deflate; server_no_context_takeover; client_no_context_takeover',
      `Sec-WebSocket-Accept: ${accept}`,
    ];
    stream.write(Buffer.concat([Buffer.from([...lines, '', ''].join('\r\n')), ...texts.map(deflatedFrame)]));
  });
}

function deflatedFrame(text: string): Buffer {
  const payload = deflateRawSync(Buffer.from(text), { finishFlush: 2 }).subarray(0, -4);
  return frame({ opcode: OPCODE.text, rsv: RSV1, payload, mask: false });
}

/** Answers each upgrade with these lines. */
function answering(server: Server, ...lines: readonly string[]): void {
  server.on('upgrade', (_, stream: Duplex) => {
    followEnd(stream);
    stream.write([...lines, '', ''].join('\r\n'));
  });
}

const ACCEPT_GUID = '258EAFA5-E914-47DA-95CA-C5AB0DC85B11';

describe('connectWs', () => {
  it('F22: inflates nothing more of a chunk while the client is paused', async () => {
    await using http = await listen();
    sendingDeflated(http.server, ['one', 'two', 'three']);
    const clock = new HandClock();
    const end = openEnd(
      (await outcomeOf(http.port, { compression: compressionOf('spec', true), clock })) as Transport,
    );
    end.onCall = () => end.pause();
    await end.untilMessages(1);
    for (let turns = 0; turns < 20; turns += 1) await turn();
    const whilePaused = end.messages;
    end.onCall = () => {};
    end.resume();
    await end.untilMessages(3);
    end.terminate();
    await end.untilEnd();
    expect([whilePaused, clock.timers]).toEqual([['one'], 0]);
  });

  it('goes without the stream where the answer does not tell it, as with the ws of Bun', async () => {
    const emit = EventEmitter.prototype.emit;
    const spy = vi.spyOn(WebSocket.prototype, 'emit');
    onTestFinished(() => spy.mockRestore());
    spy.mockImplementation(function (this: WebSocket, name, ...given: unknown[]) {
      return emit.call(this, name, ...(name === 'upgrade' ? [{ socket: null }] : given));
    });
    const { http, port, accepted } = await acceptOne(false);
    const transport = (await outcomeOf(port)) as Transport;
    const end = openEnd(transport);
    const server = openEnd(await accepted);
    server.send('hello');
    await end.untilMessages(1);
    expect([transport.receivedBytes, transport.flushedBytes]).toEqual([7, NaN]);
    server.close(4000, 'bye');
    expect(await end.untilEnd()).toMatchObject({ code: 4000, by: 'peer', clean: true });
    http.close();
  });

  it('counts bytes of the connection: a message is a sign of life before it is whole', async () => {
    const { http, port, accepted } = await acceptOne(false);
    const transport = (await outcomeOf(port)) as Transport;
    const end = openEnd(transport);
    expect([transport.receivedBytes > 100, Number.isNaN(transport.flushedBytes)]).toEqual([true, false]);
    (await accepted).terminate();
    await end.untilEnd();
    http.close();
  });

  it('gives a transport, and loses nothing that came with the 101', async () => {
    const { http, port, accepted } = await acceptOne(false);
    void accepted.then((server) => {
      for (const data of ['first', 'second']) server.send(data, { binary: false, compress: false });
      server.close(4000, 'bye');
    });
    const transport = (await outcomeOf(port)) as Transport;
    await settle();
    const end = openEnd(transport);
    expect(await end.untilEnd()).toMatchObject({ code: 4000, reason: 'bye', clean: true, by: 'peer' });
    expect(end.messages).toEqual(['first', 'second']);
    http.close();
  });

  it.each([
    ['401 Unauthorized', 401],
    ['404 Not Found', 404],
    ['503 Service Unavailable', 503],
    ['200 OK', 200],
  ])('fails with the status of an answer other than 101: %s', async (line, status) => {
    await using http = await listen();
    answering(http.server, `HTTP/1.1 ${line}`, 'Content-Length: 0');
    expect(await failureOf(http.port)).toEqual([status, `The handshake was answered with ${status}`]);
  });

  it('follows no redirect', async () => {
    await using http = await listen();
    let requests = 0;
    http.server.on('upgrade', () => (requests += 1));
    answering(
      http.server,
      'HTTP/1.1 302 Found',
      `Location: ws://127.0.0.1:${http.port}/there`,
      'Content-Length: 0',
    );
    expect(await failureOf(http.port)).toEqual([302, 'The handshake was answered with 302']);
    expect(requests).toBe(1);
  });

  it('fails with the cause if no server listens', async () => {
    const { port } = await listen().then(async (http) => {
      await http[Symbol.asyncDispose]();
      return http;
    });
    const error = (await outcomeOf(port)) as ConnectError;
    expect([error.status, error.message, error.cause]).toEqual([
      undefined,
      `The handshake failed: connect ECONNREFUSED 127.0.0.1:${port}`,
      expect.objectContaining({ code: 'ECONNREFUSED' }),
    ]);
  });

  it.each([
    ['an accept of another key', ['Sec-WebSocket-Accept: x'], [], 'Invalid Sec-WebSocket-Accept header'],
    ['no accept', [], [], 'Invalid Sec-WebSocket-Accept header'],
    ['a second Upgrade', ['Upgrade: h2c'], [], 'Invalid Upgrade header'],
  ])('fails for a 101 with %s', async (_, lines, protocols, problem) => {
    await using http = await listen();
    const own = ['HTTP/1.1 101 Switching Protocols', 'Upgrade: websocket', 'Connection: Upgrade'];
    answering(http.server, ...own, ...lines);
    expect(await failureOf(http.port, { protocols })).toEqual([
      101,
      `The handshake was answered with 101, but that opens no WebSocket: ${problem}`,
    ]);
  });

  it.each([
    ['Upgrade', 'Connection: Upgrade'],
    ['Connection', 'Upgrade: websocket'],
    ['both', 'Server: old'],
  ])('fails for a 101 without %s, and says what may have happened', async (_, line) => {
    await using http = await listen();
    answering(http.server, 'HTTP/1.1 101 Switching Protocols', line);
    expect(await failureOf(http.port)).toEqual([
      101,
      'The handshake was answered with 101, but that opens no WebSocket: ' +
        'Upgrade or Connection is missing, which a proxy may have dropped',
    ]);
  });

  it('gives the header lines of a 101 that opens no WebSocket', async () => {
    await using http = await listen();
    const own = ['HTTP/1.1 101 Switching Protocols', 'Upgrade: websocket', 'Connection: Upgrade'];
    answering(http.server, ...own, 'Server: old');
    const { headers, cause } = (await outcomeOf(http.port)) as ConnectError;
    expect([headers?.['server'], (cause as Error).message]).toEqual([
      'old',
      'Invalid Sec-WebSocket-Accept header',
    ]);
  });

  it('fails if the server speaks none of the protocols', async () => {
    const { http, port } = await acceptOne(false);
    expect(await failureOf(port, { protocols: ['chat'] })).toEqual([
      101,
      'The handshake was answered with 101, but that opens no WebSocket: Server sent no subprotocol',
    ]);
    http.close();
  });

  it('fails if the server hangs up, or does not speak HTTP', async () => {
    await using http = await listen();
    http.server.on('upgrade', (_, stream: Duplex) => stream.destroy());
    expect(await failureOf(http.port)).toEqual([undefined, 'The handshake failed: socket hang up']);
    const mail = createServer((stream) => stream.end('220 mail.example ESMTP\r\n'));
    mail.listen(0, '127.0.0.1');
    await once(mail, 'listening');
    const { port } = mail.address() as AddressInfo;
    expect((await failureOf(port))[1]).toMatch(/^The handshake failed: Parse Error/);
    mail.close();
  });

  it('fails for a certificate that is not trusted', async () => {
    await using https = await listenSecurely();
    const error = (await outcomeOf(https.port, {
      url: new URL(`wss://localhost:${https.port}`),
    })) as ConnectError;
    expect(error.cause).toMatchObject({ code: 'DEPTH_ZERO_SELF_SIGNED_CERT' });
  });

  it('sends the headers given', async () => {
    await using http = await listen();
    const asked = once(http.server, 'upgrade') as Promise<[{ headers: Record<string, string> }, Duplex]>;
    answering(http.server, 'HTTP/1.1 403 Forbidden', 'Content-Length: 0');
    await failureOf(http.port, { headers: { Authorization: 'Bearer 1', Origin: 'http://a' } });
    const [{ headers }] = await asked;
    expect([headers['authorization'], headers['origin']]).toEqual(['Bearer 1', 'http://a']);
  });

  it.each([true, false])('offers compression if that is on: %s', async (compression) => {
    await using http = await listen();
    const asked = once(http.server, 'upgrade') as Promise<[{ headers: Record<string, string> }, Duplex]>;
    answering(http.server, 'HTTP/1.1 403 Forbidden', 'Content-Length: 0');
    await failureOf(http.port, { compression: compressionOf('spec', compression) });
    const [{ headers }] = await asked;
    expect(headers['sec-websocket-extensions']?.split(';')[0]).toBe(
      compression ? 'permessage-deflate' : undefined,
    );
  });

  it('ends a link with 1009 for a message above the limit', async () => {
    const { http, port, accepted } = await acceptOne(false);
    void accepted.then((server) => openEnd(server).send('x'.repeat(11)));
    const end = openEnd((await outcomeOf(port, { maxMessageBytes: 10 })) as Transport);
    expect(await end.untilEnd()).toMatchObject({ code: 1009, reason: '', clean: false, by: 'limit' });
    http.close();
  });

  it('ends a link with 1008 for a message of more fragments than the limit', async () => {
    const { http, port, accepted } = await acceptOne(false);
    void accepted.then((server) => {
      const end = openEnd(server);
      for (const last of [false, false, true]) end.sendFragment('a', { last });
    });
    const end = openEnd((await outcomeOf(port, { maxFragments: 2 })) as Transport);
    expect(await end.untilEnd()).toMatchObject({ code: 1008, reason: '', clean: false, by: 'limit' });
    http.close();
  });

  it('F24: survives 5,000 pings in one chunk, and answers the last', async () => {
    const server = new WebSocketServer({ port: 0, host: '127.0.0.1' });
    await once(server, 'listening');
    const connected = once(server, 'connection') as Promise<[WebSocket, IncomingMessage]>;
    const end = openEnd((await outcomeOf((server.address() as AddressInfo).port)) as Transport);
    const [peer, { socket }] = await connected;
    const pongs: string[] = [];
    peer.on('pong', (payload: Buffer) => pongs.push(String(payload)));
    const isAnswered = new Promise<void>((resolve) => {
      peer.on('pong', (payload: Buffer) => String(payload) === '5000' && resolve());
    });
    const pings = Array.from({ length: 5000 }, (_, n) =>
      frame({ opcode: OPCODE.ping, payload: `${n + 1}`, mask: false }),
    );
    socket.write(Buffer.concat(pings));
    await isAnswered;
    expect([pongs.length > 256, end.calls]).toEqual([true, []]);
    peer.terminate();
    await end.untilEnd();
    server.close();
  });

  it.each([
    ['before there is an answer', ''],
    ['in the middle of an answer', 'HTTP/1.1 101 Swit'],
  ])('calls nothing after cancel, and leaves no socket: %s', async (_, answer) => {
    await using http = await listen();
    const asked = once(http.server, 'upgrade') as Promise<[unknown, Duplex]>;
    const events: unknown[] = [];
    const cancel = connectWs(targetOf(http.port), {
      opened: () => events.push('opened'),
      failed: (error) => events.push(error),
    });
    const [, stream] = await asked;
    followEnd(stream);
    stream.write(answer);
    await settle();
    const closed = once(stream, 'close');
    cancel();
    cancel();
    await closed;
    await settle();
    expect(events).toEqual([]);
  });
});

describe('problemOf', () => {
  it.each([
    ['the message', new Error('socket hang up'), 'socket hang up'],
    [
      'the code if there is no message',
      Object.assign(new AggregateError([]), { code: 'ECONNREFUSED' }),
      'ECONNREFUSED',
    ],
    ['the name if there is neither', new AggregateError([]), 'AggregateError'],
  ])('gives %s', (_, error, problem) => {
    expect(problemOf(error)).toBe(problem);
  });
});
