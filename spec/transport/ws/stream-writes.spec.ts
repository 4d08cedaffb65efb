// The stream below a WebSocket, as WsTransport uses it.

import { Socket } from 'node:net';
import { TLSSocket } from 'node:tls';
import { describe, expect, it } from 'vitest';
import { flushedBytesOf, takesAtOnce, writeAll } from '../../../src/transport/ws/stream-writes.ts';
import { ScriptedStream, ScriptedTcp } from './scripted-stream.ts';

describe('takesAtOnce', () => {
  it.each([
    ['TCP', new Socket(), true],
    ['TLS', new TLSSocket(new Socket()), false],
    ['another stream', new ScriptedStream(), false],
    ['a stream that is not known', undefined, false],
  ])('of %s', (_, stream, expected) => {
    expect(takesAtOnce(stream)).toBe(expected);
  });
});

describe('writeAll', () => {
  const parts = [Buffer.from('one'), 'two', Buffer.from('three')] as const;

  it.each([undefined, [], parts.slice(1, 2), parts.slice(1)])(
    'writes %j behind the first, at once, and calls back once',
    async (further) => {
      const stream = new ScriptedStream();
      const calls = await new Promise<number>((resolve) => {
        let count = 0;
        writeAll(stream, parts[0], further, () => (count += 1));
        setImmediate(() => resolve(count));
      });
      const expected = Buffer.concat([parts[0], ...(further ?? [])].map((part) => Buffer.from(part)));
      expect([calls, stream.writes]).toEqual([1, [expected]]);
    },
  );
});

describe('flushedBytesOf', () => {
  it('is NaN for a stream that does not count', () => {
    expect(flushedBytesOf(new ScriptedStream())).toBeNaN();
  });

  it('counts no byte that waits in the stream or in its handle', () => {
    const stream = new ScriptedTcp();
    const counts = { bytesWritten: 10, writableLength: 4, _handle: { writeQueueSize: 2 } };
    const { bytesWritten, writableLength, _handle } = counts;
    const counting = Object.create(stream, {
      bytesWritten: { value: bytesWritten },
      writableLength: { value: writableLength },
      _handle: { value: _handle },
    }) as ScriptedTcp;
    expect(flushedBytesOf(counting)).toBe(6 - 2 / 2 ** 31);
  });
});
