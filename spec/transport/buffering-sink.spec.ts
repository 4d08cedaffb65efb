// What a transport delivers before it has a sink.

import { describe, expect, it } from 'vitest';
import { BufferingSink } from '../../src/transport/buffering-sink.ts';
import type { TransportSink } from '../../src/transport/transport.ts';
import type { LinkEnd } from '../../src/core/close-info.ts';

const END: LinkEnd = { code: 1000, reason: '', clean: true, by: 'peer' };

function recorder(): { readonly sink: TransportSink; readonly calls: unknown[] } {
  const calls: unknown[] = [];
  return {
    calls,
    sink: {
      receive: (data, bytes) => calls.push([data, bytes]),
      drain: () => calls.push('drain'),
      peerClosed: () => calls.push('peer closed'),
      stall: () => calls.push('stall'),
      begin: () => calls.push('begin'),
      end: (end) => calls.push(end),
    },
  };
}

describe('BufferingSink', () => {
  it('gives the sink itself when nothing was buffered', () => {
    const { sink } = recorder();
    expect(new BufferingSink().deliverTo(sink)).toBe(sink);
  });

  it('buffers early calls, and delivers them in order, a microtask later', async () => {
    const early = new BufferingSink();
    const { sink, calls } = recorder();
    early.receive('one', 3);
    early.begin();
    early.stall();
    early.drain();
    early.peerClosed();
    early.end(END);
    early.deliverTo(sink);
    expect(calls).toEqual([]);
    await Promise.resolve();
    expect(calls).toEqual([['one', 3], 'begin', 'stall', 'drain', 'peer closed', END]);
  });

  it('keeps the order of calls before, during and after the delivery', async () => {
    const early = new BufferingSink();
    const { sink, calls } = recorder();
    early.receive('before', 6);
    const standIn = early.deliverTo(sink);
    standIn.receive('during', 6);
    await Promise.resolve();
    standIn.receive('after', 5);
    expect(calls).toEqual([
      ['before', 6],
      ['during', 6],
      ['after', 5],
    ]);
  });
});
