// Handlers may transfer the memory of a message, as to a worker. No other message, and nothing that
// is kept, lies in it.

import { once } from 'node:events';
import { deflateRawSync } from 'node:zlib';
import { settle } from 'corosock/testing';
import { describe, expect, it } from 'vitest';
import { binaryFrame, frame, OPCODE, RSV1, textFrame } from '../../peers/frames.ts';
import { compressionOf } from '../../../src/core/compression.ts';
import type { Data } from '../../../src/core/data.ts';
import { realClock } from '../../../src/time/real-clock.ts';
import type { Transport } from '../../../src/transport/transport.ts';
import { WsAcceptor } from '../../../src/transport/ws/acceptor.ts';
import { joinedBuffers } from '../../../src/transport/ws/receive-lane.ts';
import { acceptedBy, acceptOver, NO_CALLS, ScriptedStream, upgradeOf } from './scripted-stream.ts';
import { wsLink } from './ws-pair.ts';

function transfer(message: Data | undefined): void {
  structuredClone(0, { transfer: [(message as Uint8Array<ArrayBuffer>).buffer] });
}

/** Opens a transport whose messages are kept. */
function receivedBy(transport: Transport): Data[] {
  const received: Data[] = [];
  transport.open({ ...NO_CALLS, receive: (data) => void received.push(data) });
  return received;
}

describe('where the memory of a message is transferred, nothing that came in the same chunk is lost', () => {
  const payload = Buffer.alloc(50_000, 7);
  const long = binaryFrame(payload);
  const half = frame({ opcode: OPCODE.binary, payload: payload.subarray(0, 40_000), fin: false });
  const otherHalf = frame({ opcode: OPCODE.continuation, payload: payload.subarray(40_000) });
  const fragment = frame({ opcode: OPCODE.binary, payload: 'fragment', fin: false });
  const noMore = frame({ opcode: OPCODE.continuation });
  const first = binaryFrame(Buffer.from('first'));
  const empty = binaryFrame(new Uint8Array(0));
  const emptyParts = Buffer.concat([frame({ opcode: OPCODE.binary, fin: false }), noMore]);

  it.each<readonly [string, readonly Buffer[], Buffer, number]>([
    ['a long message begins behind it', [first, long.subarray(0, 30_000)], long.subarray(30_000), 50_000],
    ['a long fragment comes behind it', [first, half], otherHalf, 50_000],
    ['both come in long fragments', [half, noMore, half], otherHalf, 50_000],
    ['both come in fragments', [fragment, noMore, fragment], otherHalf, 10_008],
    ['both are empty', [empty], empty, 0],
    [
      'both are empty, and come in fragments',
      [emptyParts],
      Buffer.concat([frame({ opcode: OPCODE.ping }), emptyParts]),
      0,
    ],
  ])('%s', async (_, chunk, rest, bytes) => {
    const stream = new ScriptedStream();
    const received = receivedBy(acceptOver(stream));
    stream.push(joinedBuffers(chunk));
    await settle();
    transfer(received[0]);
    stream.push(Buffer.concat([rest, textFrame('last')]));
    await settle();
    expect([received.length, received[2]]).toEqual([3, 'last']);
    expect((received[1] as Uint8Array).slice().length).toBe(bytes);
  });
});

describe('where the memory of a message is transferred, no other message lies in it:', () => {
  it('not a long one that came in the same chunk: the queue copies short ones', async () => {
    const stream = new ScriptedStream();
    const received = receivedBy(acceptOver(stream));
    const sizes = [100, 40_000, 0, 50_000];
    stream.push(Buffer.concat(sizes.map((bytes, index) => binaryFrame(Buffer.alloc(bytes, index)))));
    await settle();
    for (const [index, bytes] of sizes.entries()) {
      expect(received[index]).toEqual(Buffer.alloc(bytes, index));
      transfer(received[index]);
    }
  });

  it('not one that `ws` inflates into the same memory, nor what it inflates later', async () => {
    const stream = new ScriptedStream();
    const acceptor = new WsAcceptor({
      maxMessageBytes: 70_000,
      maxFragments: 16,
      compression: compressionOf('spec', true),
      closeTimeoutMs: 5000,
      clock: realClock,
    });
    const request = upgradeOf({ 'sec-websocket-extensions': 'permessage-deflate' });
    const received = receivedBy(acceptedBy(acceptor, { request, stream, head: Buffer.alloc(0) }));
    const plain = Buffer.alloc(300, 7);
    const payload = deflateRawSync(plain, { finishFlush: 2 }).subarray(0, -4);
    stream.push(Buffer.concat([binaryFrame(plain), frame({ opcode: OPCODE.binary, rsv: RSV1, payload })]));
    while (received.length < 2) await settle();
    expect(received.map(memoryOf)).toEqual([300, 300]);
    received.forEach(transfer);
    stream.push(frame({ opcode: OPCODE.binary, rsv: RSV1, payload }));
    while (received.length < 3) await settle();
    expect(received[2]).toEqual(plain);
  });

  it('not one of a client', async () => {
    await using link = await wsLink();
    const received: Data[] = [];
    const last = new AbortController();
    const receive = (data: Data): void => {
      received.push(data);
      if (received.length === 3) last.abort();
    };
    link.client.open({ ...NO_CALLS, receive });
    for (const bytes of [100, 40_000, 100])
      link.server.send(new Uint8Array(bytes), { binary: true, compress: false });
    await once(last.signal, 'abort');
    expect(received.map(memoryOf)).toEqual([100, 40_000, 100]);
  });

  it('and so it is with that of a ping, also inside of its listener', async () => {
    const stream = new ScriptedStream();
    const transport = acceptOver(stream);
    const received = receivedBy(transport);
    transport.watchControls?.((_, data) => transfer(data));
    const begun = frame({ opcode: OPCODE.binary, payload: 'one', fin: false });
    const control = frame({ opcode: OPCODE.ping, payload: 'p' });
    const noMore = frame({ opcode: OPCODE.continuation });
    // Longer than what Node puts into a memory that cannot be transferred.
    const long = 'x'.repeat(5000);
    stream.push(Buffer.concat([begun, control, noMore, control, textFrame(long)]));
    await settle();
    expect(received).toEqual([Buffer.from('one'), long]);
  });
});

/** The size of the memory that a message is a view on. */
function memoryOf(message: Data): number {
  return (message as Uint8Array).buffer.byteLength;
}
