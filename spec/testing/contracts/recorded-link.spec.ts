// The recording sinks that the checks of the transport contract look at.

import { settle } from 'corosock/testing';
import { describe, expect, it } from 'vitest';
import { RecordedLink } from '../../../src/testing/contracts/recorded-link.ts';
import { memoryLink } from '../../../src/transport/memory-transport.ts';
import type { LinkEnd } from '../../../src/core/close-info.ts';

const END: LinkEnd = { code: 1000, reason: '', clean: true, by: 'peer' };

function makeLink(): RecordedLink {
  const [near, far] = memoryLink();
  return new RecordedLink({ near, far });
}

describe('RecordedLink', () => {
  it('names each method that called a sink before it returned, once', () => {
    const link = makeLink();
    link.during('send', () => link.near.drain());
    link.during('send', () => link.far.drain());
    link.near.drain();
    expect([...link.breaches]).toEqual(['send']);
  });

  it('still knows the outer method when an inner one has returned', () => {
    const link = makeLink();
    link.during('close', () => {
      link.during('pause', () => {});
      link.near.end(END);
    });
    expect([...link.breaches]).toEqual(['close']);
  });
});

describe('RecordedEnd', () => {
  it('records all calls of its sink, in order', async () => {
    const { near, far } = makeLink().open();
    near.send('text');
    near.send(Buffer.from([1]));
    near.close(1000);
    await far.untilEnd();
    expect(far.calls).toEqual([
      { kind: 'message', data: 'text', bytes: 4 },
      { kind: 'message', data: new Uint8Array([1]), bytes: 1 },
      { kind: 'end', end: END },
    ]);
    expect(near.calls.filter(({ kind }) => kind === 'drain')).toEqual([
      { kind: 'drain', bufferedBytes: 7 },
      { kind: 'drain', bufferedBytes: 0 },
    ]);
  });

  it('counts as messages only those before the end', () => {
    const { near } = makeLink();
    near.receive('in time', 7);
    near.end(END);
    near.receive('too late', 8);
    expect(near.messages).toEqual(['in time']);
  });

  it.each([
    ['another text', 'other'],
    ['bytes for text', Buffer.from('text')],
    ['large bytes that differ in one', Buffer.alloc(65_536).fill(1, 65_535)],
  ])('refuses %s', (_, data) => {
    const { near } = makeLink();
    near.receive(typeof data === 'string' || data.length < 10 ? 'text' : Buffer.alloc(65_536), 4);
    expect(() => near.expectMessages([data])).toThrow('strictly deep-equal');
  });

  it('waits until enough messages were received', async () => {
    const { near } = makeLink();
    const order: string[] = [];
    const waiting = near.untilMessages(2).then(() => order.push('enough'));
    near.receive('one', 3);
    await settle();
    order.push('one was not enough');
    near.receive('two', 3);
    await waiting;
    expect(order).toEqual(['one was not enough', 'enough']);
  });

  it('refuses an end other than the expected one, and ignores the cause', async () => {
    const { near } = makeLink();
    near.end({ ...END, cause: new Error('of any kind') });
    await expect(near.expectEnd(END)).resolves.toBe(undefined);
    await expect(near.expectEnd({ ...END, code: 1001 })).rejects.toThrow('1001');
  });

  it.each([
    ['no end', []],
    ['two ends', ['end', 'end']],
    ['something behind the end', ['end', 'drain']],
  ] as const)('refuses %s', (_, calls) => {
    const { near } = makeLink();
    for (const call of calls) near[call](END);
    expect(() => near.expectOneEnd()).toThrow('expected one end');
  });
});
