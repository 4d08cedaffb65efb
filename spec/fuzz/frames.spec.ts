// Random frames, well-formed and mutated, against a server on a port: 20,000 clients, each of them
// compared with what a decoder written from the RFC makes of the same bytes.

import { once } from 'node:events';
import { connect } from 'node:net';
import { serve } from 'corosock';
import type { CloseInfo, Data, Host } from 'corosock';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { mutatedFrames } from './mutated-frames.ts';
import { decodeClientBytes } from './reference-decoder.ts';
import type { Decoded, DecodedEnd } from './reference-decoder.ts';
import { underSeeds } from './seeded.ts';
import type { SeededRandom } from './seeded.ts';
import { OPCODE, parseFrame } from '../peers/frames.ts';
import type { ServerFrame } from '../peers/frames.ts';
import { upgradeRequest } from '../peers/raw-client.ts';
import { propertyOf } from '../../src/core/object-like.ts';

const CLIENTS = 20_000;
const AT_ONCE = 32;
const MAX_MESSAGE_BYTES = 500;

/** What the handler of one client has seen. */
interface Witnessed {
  readonly read: readonly Data[];
  readonly end: CloseInfo;
}

describe('20,000 clients with random frames', () => {
  const witnessed = new Map<string, (what: Witnessed) => void>();
  const reports: unknown[] = [];
  let host: Host;

  beforeAll(async () => {
    const options = { maxMessageBytes: MAX_MESSAGE_BYTES, report: (error: unknown) => reports.push(error) };
    host = await serve(async (ws) => {
      const read: Data[] = [];
      for (;;) {
        const [data, status] = await ws.readMessage();
        if (status !== 'ok') break;
        read.push(data);
        await ws.write(data);
      }
      witnessed.get(ws.request.url.searchParams.get('seed') ?? '')?.({ read, end: await ws.closed });
    }, options);
  });

  afterAll(() => host.close({ graceMs: 0 }));

  async function attack(random: SeededRandom, seed: number): Promise<void> {
    const bytes = mutatedFrames(random);
    const expected = decodeClientBytes(bytes, MAX_MESSAGE_BYTES);
    const handler = new Promise<Witnessed>((resolve) => witnessed.set(String(seed), resolve));
    const requestLine = `GET /?seed=${seed} HTTP/1.1`;
    const frames = await converse(host.port, upgradeRequest({ requestLine }), bytes, random, expected);
    const { read, end } = await handler;
    witnessed.delete(String(seed));
    expect(read.map(plain)).toEqual(expected.messages.map(plain));
    expect([end.code, end.by]).toEqual(localEnd(expected.end));
    expectAnswer(frames, expected);
  }

  it(
    'each get their messages back and the end that the RFC asks for, and the server goes on',
    { timeout: 300_000 },
    async () => {
      const clients = await underSeeds('spec/fuzz/frames.spec.ts', CLIENTS, attack, AT_ONCE);
      expect(clients).toBeGreaterThanOrEqual(1);
      // What a limit has ended is told once, and counted from then on.
      expect(reports.filter((error) => !isOfLimit(error))).toEqual([]);
      expect(host.sockets.size).toBe(0);
    },
  );
});

function isOfLimit(error: unknown): boolean {
  return (
    propertyOf(error, 'option') === 'maxMessageBytes' ||
    propertyOf(error, 'kind') === 'limit: maxMessageBytes'
  );
}

/** Sends the bytes in one to three segments, and gives the frames that came back. */
async function converse(
  port: number,
  request: string,
  bytes: Buffer,
  random: SeededRandom,
  expected: Decoded,
): Promise<readonly ServerFrame[]> {
  const socket = connect({ port, host: '127.0.0.1', allowHalfOpen: true, noDelay: true });
  const received: Buffer[] = [];
  const cut = random.isLikely(0.5) ? bytes.length : random.below(bytes.length + 1);
  socket.write(Buffer.concat([Buffer.from(request), bytes.subarray(0, cut)]));
  if (cut < bytes.length) setImmediate(() => socket.write(bytes.subarray(cut)));
  // What is unfinished ends when the client hangs up, after it has got all of its answers.
  const isOpen = expected.end.kind === 'open';
  socket.on('data', (chunk: Buffer) => {
    received.push(chunk);
    if (isOpen && dataFrames(framesOf(received)).length === expected.messages.length) socket.end();
  });
  if (!isOpen) socket.on('end', () => socket.end());
  await once(socket, 'close');
  return framesOf(received);
}

function framesOf(chunks: readonly Buffer[]): readonly ServerFrame[] {
  const bytes = Buffer.concat(chunks);
  const headEnd = bytes.indexOf('\r\n\r\n');
  if (headEnd < 0) return [];
  expect(bytes.toString('latin1', 0, 12)).toBe('HTTP/1.1 101');
  const frames: ServerFrame[] = [];
  let rest = bytes.subarray(headEnd + 4);
  for (let found = parseFrame(rest); found !== undefined; found = parseFrame(rest)) {
    frames.push(found.frame);
    rest = rest.subarray(found.size);
  }
  return frames;
}

function dataFrames(frames: readonly ServerFrame[]): readonly ServerFrame[] {
  return frames.filter(({ opcode }) => opcode === OPCODE.text || opcode === OPCODE.binary);
}

/** Compares what came over the wire: echoes in order, pongs of pings that were sent, the close frame. */
function expectAnswer(frames: readonly ServerFrame[], { messages, pings, end }: Decoded): void {
  const echoes = dataFrames(frames).map(({ opcode, payload }) =>
    opcode === OPCODE.text ? payload.toString() : plain(payload),
  );
  expect(echoes).toEqual(messages.map(plain).slice(0, echoes.length));
  if (end.kind !== 'violation') expect(echoes).toHaveLength(messages.length);
  const pongs = frames.filter(({ opcode }) => opcode === OPCODE.pong).map(({ payload }) => plain(payload));
  expect(pings.map(plain)).toEqual(expect.arrayContaining(pongs));
  const closes = frames.filter(({ opcode }) => opcode === OPCODE.close);
  if (end.kind === 'open') return;
  expect(closes.map(({ payload }) => (payload.length === 0 ? 1005 : payload.readUInt16BE(0)))).toEqual([
    end.code,
  ]);
}

/** Text as it is, bytes in hex: quick to compare, and never alike. */
function plain(data: Data): string {
  return typeof data === 'string' ? data : `bytes ${Buffer.from(data).toString('hex')}`;
}

function localEnd(end: DecodedEnd): readonly [code: number, by: CloseInfo['by']] {
  if (end.kind === 'open') return [1006, 'link'];
  if (end.kind === 'close') return [end.code, 'peer'];
  return [end.code, end.code === 1009 ? 'limit' : 'protocol'];
}
