// The upgrade: the 101, what it negotiates, and the transport that it gives.

import { compressionOf } from '../../../src/core/compression.ts';
import { realClock } from '../../../src/time/real-clock.ts';
import { describe, expect, it, onTestFinished } from 'vitest';
import { WebSocketServer } from 'ws';
import { settle } from 'corosock/testing';
import { WsAcceptor } from '../../../src/transport/ws/acceptor.ts';
import type { WsAcceptorOptions } from '../../../src/transport/ws/acceptor.ts';
import { frame, OPCODE, parseFrame, textFrame } from '../../peers/frames.ts';
import { acceptScripted, ScriptedStream, upgradeOf } from './scripted-stream.ts';

const COMPRESSION = compressionOf('spec', true);
const OPTIONS: WsAcceptorOptions = {
  maxMessageBytes: 1000,
  maxFragments: 16_384,
  compression: undefined,
  clock: realClock,
  closeTimeoutMs: 5000,
};

interface Upgrade {
  readonly options?: Partial<WsAcceptorOptions>;
  readonly headers?: Readonly<Record<string, string>>;
  readonly protocol?: string;
  readonly headerLines?: readonly string[];
  readonly head?: Buffer;
  readonly acceptor?: WsAcceptor;
  readonly stream?: ScriptedStream;
}

/** Accepts one upgrade, and records the outcome and all calls of the sink. */
function upgrade({
  options,
  headers,
  protocol = '',
  headerLines = [],
  head = Buffer.alloc(0),
  acceptor = new WsAcceptor({ ...OPTIONS, ...options }),
  stream = new ScriptedStream(),
}: Upgrade = {}): { readonly stream: ScriptedStream; readonly events: unknown[] } {
  const events: unknown[] = [];
  const request = { request: upgradeOf(headers), stream, head };
  const outcome = acceptor.accept(request, { protocol, headerLines });
  if (outcome instanceof Error) {
    events.push(outcome.message);
  } else if (outcome !== undefined) {
    events.push(`accepted ${outcome.protocol}`);
    outcome.open({
      receive: (data) => events.push(data),
      drain: () => events.push('drain'),
      peerClosed: () => outcome.close(1000, ''),
      stall: () => events.push('stall'),
      begin: () => events.push('begin'),
      end: ({ code, by }) => events.push(`${code} by ${by}`),
    });
  }
  return { stream, events };
}

function linesOf(bytes: Buffer | undefined): readonly string[] {
  return String(bytes).split('\r\n');
}

describe('WsAcceptor', () => {
  it('answers 101 and gives a transport', () => {
    const { stream, events } = upgrade();
    expect(events).toEqual(['accepted ']);
    expect(linesOf(stream.writes[0])).toEqual([
      'HTTP/1.1 101 Switching Protocols',
      'Upgrade: websocket',
      'Connection: Upgrade',
      'Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=',
      '',
      '',
    ]);
  });

  it('agrees to the protocol that it is given, and chooses none by itself', () => {
    const headers = { 'sec-websocket-protocol': 'chat, echo' };
    const agreed = upgrade({ headers, protocol: 'echo' });
    expect(agreed.events).toEqual(['accepted echo']);
    expect(linesOf(agreed.stream.writes[0])).toContain('Sec-WebSocket-Protocol: echo');
    const { stream, events } = upgrade({ headers });
    expect(events).toEqual(['accepted ']);
    expect(String(stream.writes[0])).not.toContain('Sec-WebSocket-Protocol');
  });

  it('adds header lines to one answer, and to no other', () => {
    const acceptor = new WsAcceptor(OPTIONS);
    const marked = upgrade({ acceptor, headerLines: ['X-Mark: 1', 'Set-Cookie: a=1', 'Set-Cookie: b=2'] });
    expect(linesOf(marked.stream.writes[0]).slice(4)).toEqual([
      'X-Mark: 1',
      'Set-Cookie: a=1',
      'Set-Cookie: b=2',
      '',
      '',
    ]);
    expect(linesOf(upgrade({ acceptor }).stream.writes[0]).slice(4)).toEqual(['', '']);
  });

  it.each([
    [false, undefined],
    [
      true,
      'Sec-WebSocket-Extensions: permessage-deflate; server_no_context_takeover; client_no_context_takeover',
    ],
    [{ contextTakeover: true }, 'Sec-WebSocket-Extensions: permessage-deflate'],
  ])('agrees to compression if that is on: %s', (compression, line) => {
    const headers = { 'sec-websocket-extensions': 'permessage-deflate' };
    const { stream } = upgrade({ options: { compression: compressionOf('spec', compression) }, headers });
    expect(linesOf(stream.writes[0]).find((text) => text.startsWith('Sec-WebSocket-Ext'))).toBe(line);
  });

  it('ends a link with 1009 for a message above the limit', async () => {
    const { stream, events } = upgrade({ options: { maxMessageBytes: 4 } });
    stream.push(Buffer.concat([textFrame('four'), textFrame('fiver')]));
    stream.push(null);
    await settle();
    expect(events).toEqual(['accepted ', 'four', '1009 by limit']);
  });

  it('ends a link with 1008 for a message of more fragments than the limit', async () => {
    const { stream, events } = upgrade({ options: { maxFragments: 2 } });
    const fragments = (count: number): readonly Buffer[] => [
      frame({ opcode: OPCODE.text, fin: false, payload: 'a' }),
      ...Array.from({ length: count - 2 }, () => frame({ opcode: OPCODE.continuation, fin: false })),
      frame({ opcode: OPCODE.continuation, payload: 'b' }),
    ];
    stream.push(Buffer.concat([...fragments(2), ...fragments(3)]));
    stream.push(null);
    await settle();
    expect(events).toEqual(['accepted ', 'ab', '1008 by limit']);
  });

  it('delivers what arrived behind the request, after it has given the transport', async () => {
    const { events } = upgrade({ head: textFrame('early bird') });
    expect(events).toEqual(['accepted ']);
    await settle();
    expect(events).toEqual(['accepted ', 'early bird']);
  });

  it('leaves all frames to the ws of Bun, which writes past the stream', () => {
    onTestFinished(() => void delete (process.versions as { bun?: string }).bun);
    Object.defineProperty(process.versions, 'bun', { value: '1', configurable: true });
    const sent = ['short', 'long'.repeat(2000), 'short again'];
    const { stream, transport } = acceptScripted();
    for (const text of sent) transport.send(text, { binary: false, compress: false });
    expect(stream.writes.slice(1).map((write) => String(parseFrame(write)?.frame.payload))).toEqual(sent);
  });

  it('gives the error for malformed extensions, and leaves the answer to its caller', () => {
    const headers = { 'sec-websocket-extensions': ';' };
    const { stream, events } = upgrade({ options: { compression: COMPRESSION }, headers });
    expect(events).toEqual(['Invalid or unacceptable Sec-WebSocket-Extensions header']);
    expect(stream.writes).toEqual([]);
  });

  it('gives each caller its own outcome', () => {
    const acceptor = new WsAcceptor({ ...OPTIONS, compression: COMPRESSION });
    const bad = { 'sec-websocket-extensions': ';' };
    const outcomes = [
      upgrade({ acceptor, headers: bad }),
      upgrade({ acceptor }),
      upgrade({ acceptor, headers: bad }),
    ];
    const INVALID = 'Invalid or unacceptable Sec-WebSocket-Extensions header';
    expect(outcomes.map(({ events }) => events)).toEqual([[INVALID], ['accepted '], [INVALID]]);
  });

  it.each([false, true])(
    'destroys the stream of a peer that has disconnected, and gives nothing; compression: %s',
    (compression) => {
      const acceptor = new WsAcceptor({ ...OPTIONS, compression: compressionOf('spec', compression) });
      upgrade({ acceptor });
      const stream = new ScriptedStream();
      stream.end();
      const { events } = upgrade({ acceptor, stream });
      expect([events, stream.destroyed]).toEqual([[], true]);
    },
  );

  it('gives nothing for a peer whose reset was not reported yet', async () => {
    const stream = new ScriptedStream();
    stream.destroy(new Error('reset'));
    const { events } = upgrade({ stream });
    await settle();
    expect(events).toEqual([]);
  });

  it.each(['', 'chat'])(
    'throws for a stream that ws has upgraded, and writes nothing there: %s',
    (protocol) => {
      const stream = new ScriptedStream();
      const request = upgradeOf();
      new WebSocketServer({ noServer: true }).handleUpgrade(request, stream, Buffer.alloc(0), () => {});
      const headers = { 'sec-websocket-protocol': 'chat' };
      expect(() => upgrade({ stream, protocol, headers })).toThrow('more than once');
      expect(stream.writes).toHaveLength(1);
    },
  );

  it.each(['', 'chat'])('has ws refuse its stream, which goes on as it was: %s', async (protocol) => {
    const { stream, events } = upgrade({ protocol, headers: { 'sec-websocket-protocol': 'chat' } });
    const second = (): void =>
      new WebSocketServer({ noServer: true }).handleUpgrade(upgradeOf(), stream, Buffer.alloc(0), () => {});
    expect(second).toThrow('called more than once');
    stream.push(textFrame('still here'));
    stream.push(frame({ opcode: OPCODE.ping }));
    await settle();
    expect(second).toThrow('called more than once');
    stream.destroy();
    await settle();
    expect(events).toEqual([`accepted ${protocol}`, 'still here', '1006 by link']);
    expect(stream.writes).toHaveLength(2);
  });

  it('agrees to no protocol by itself where it agrees to compression', () => {
    const headers = { 'sec-websocket-protocol': 'chat' };
    const { stream, events } = upgrade({ options: { compression: COMPRESSION }, headers });
    expect(events).toEqual(['accepted ']);
    expect(String(stream.writes[0])).not.toContain('Protocol:');
  });

  it('throws for a stream that was accepted before, and leaves its socket alone', async () => {
    const acceptor = new WsAcceptor(OPTIONS);
    const { stream, events } = upgrade({ acceptor });
    expect(() => upgrade({ acceptor, stream })).toThrow('more than once');
    stream.push(frame({ opcode: OPCODE.text, payload: 'still here' }));
    await settle();
    expect(events).toEqual(['accepted ', 'still here']);
  });
});
