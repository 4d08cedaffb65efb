// The stream of an upgrade while its hook decides: early data is kept, in bounds, and a client
// that leaves ends the deadline.

import { settle, virtualClock } from 'corosock/testing';
import type { VirtualClock } from 'corosock/testing';
import { describe, expect, it } from 'vitest';
import { HandshakeDeadline } from '../../src/handshake/handshake-deadline.ts';
import { EARLY_BYTES, EarlyData, startReads, stopReads } from '../../src/handshake/early-data.ts';
import { ScriptedStream } from '../transport/ws/scripted-stream.ts';

interface Wait {
  readonly stream: ScriptedStream;
  readonly clock: VirtualClock;
  readonly deadline: HandshakeDeadline;
  readonly waiting: EarlyData;
}

function wait(head = ''): Wait {
  const stream = new ScriptedStream();
  const clock = virtualClock();
  const deadline = new HandshakeDeadline(clock, 700);
  return { stream, clock, deadline, waiting: new EarlyData(stream, Buffer.from(head), deadline, clock) };
}

describe('EarlyData', () => {
  it('gives what came with the request and after it, in order', async () => {
    const { stream, waiting } = wait('1');
    stream.push('2');
    await settle();
    stream.push('3');
    await settle();
    expect([String(waiting.release()), stream.isPaused()]).toEqual(['123', true]);
  });

  it('leaves what comes after its release in the stream', async () => {
    const { stream, waiting } = wait();
    waiting.release();
    stream.push('later');
    await settle();
    expect(String(stream.read())).toBe('later');
  });

  it('pauses the stream above 16 KiB, and loses nothing', async () => {
    const { stream, waiting } = wait();
    const chunks = Array.from({ length: 5 }, (_, index) => Buffer.alloc(EARLY_BYTES / 2, index));
    for (const chunk of chunks) {
      stream.push(chunk);
      await settle();
    }
    expect([stream.isPaused(), stream.readableLength]).toEqual([true, 1.5 * EARLY_BYTES]);
    const head = waiting.release();
    // One call of read() is not all that is buffered on every Node.
    const rest: Buffer[] = [];
    const readOn = (): Buffer | null => stream.read() as Buffer | null;
    for (let chunk = readOn(); chunk !== null; chunk = readOn()) rest.push(chunk);
    expect(Buffer.compare(Buffer.concat([head, ...rest]), Buffer.concat(chunks))).toBe(0);
  });

  it('reads nothing more where the request brought 16 KiB with it', async () => {
    const { stream, waiting } = wait('x'.repeat(EARLY_BYTES));
    stream.push('later');
    await settle();
    expect([stream.isPaused(), stream.readableLength, waiting.release().length]).toEqual([
      true,
      'later'.length,
      EARLY_BYTES,
    ]);
  });

  it.each([
    [true, ['stop', 'start']],
    [false, []],
  ])('stops the reads below the stream, and starts them again, where it reads: %s', (reading, expected) => {
    const calls: string[] = [];
    const handle = { reading, readStop: () => calls.push('stop'), readStart: () => calls.push('start') };
    const stream = Object.assign(new ScriptedStream(), { _handle: handle });
    stopReads(stream);
    startReads(stream);
    expect([calls, stream.isPaused()]).toEqual([expected, true]);
  });

  it('writes no bytes each second while it reads nothing: a reset shows then', async () => {
    const { stream, clock } = wait('x'.repeat(EARLY_BYTES));
    await clock.advance(2500);
    expect([stream.writes.map(String), clock.timers]).toEqual([['', ''], 1]);
  });

  it('writes nothing to a stream that can take nothing, and leaves no timer with its release', async () => {
    const { stream, clock, waiting } = wait('x'.repeat(EARLY_BYTES));
    stream.end();
    await clock.advance(1000);
    expect([stream.writes, clock.timers]).toEqual([[], 1]);
    waiting.release();
    expect(clock.timers).toBe(0);
  });

  it.each<[string, (stream: ScriptedStream) => unknown]>([
    ['ends', (stream) => stream.push(null)],
    ['is destroyed', (stream) => stream.destroy()],
  ])('ends the deadline when the stream %s', async (_, leave) => {
    const { stream, deadline } = wait();
    leave(stream);
    await settle();
    expect(deadline.why).toBe('gone');
  });

  it('ends no deadline after its release, and leaves no listener', async () => {
    const { stream, deadline, waiting } = wait();
    const names = (): unknown => ['data', 'end', 'close'].map((name) => stream.listenerCount(name));
    expect(names()).toEqual([1, 1 + new ScriptedStream().listenerCount('end'), 1]);
    waiting.release();
    expect(names()).toEqual([0, new ScriptedStream().listenerCount('end'), 0]);
    stream.destroy();
    await settle();
    expect(deadline.why).toBe(undefined);
  });

  it('ends the deadline when the stream was destroyed before', () => {
    const stream = new ScriptedStream();
    stream.destroy();
    const deadline = new HandshakeDeadline(virtualClock(), 700);
    expect(new EarlyData(stream, Buffer.alloc(0), deadline, virtualClock()).release().length).toBe(0);
    expect(deadline.why).toBe('gone');
  });
});
