import { describe, expect, it } from 'vitest';
import { bytesOf } from './body-fixtures.ts';
import { FieldWriter } from '../../src/hub/byte-fields.ts';
import type { Body } from '../../src/hub/envelope.ts';
import { heartbeatsOf, readHeartbeat } from '../../src/hub/heartbeat-body.ts';
import type { Heartbeat } from '../../src/hub/heartbeat-body.ts';
import { SentSequences } from '../../src/hub/sent-sequences.ts';

function read(bodies: readonly Body[]): readonly (Heartbeat | undefined)[] {
  return bodies.map((body) => readHeartbeat(bytesOf(body)));
}

const NOTHING = { has: [], wantsAnswer: false, hasForgotten: false, reads: 1 };

describe('heartbeatsOf', () => {
  it('tells what was sent to each address since an envelope', () => {
    const sent = new SentSequences();
    for (const address of ['room:a', 'room:ü', 'room:a']) sent.next(address, 10);
    expect(read(heartbeatsOf(sent, 2, 25))).toEqual([
      { ...NOTHING, from: 2, to: 3, sent: [{ address: 'room:a', sequence: 2, agoMs: 15 }] },
    ]);
    expect(read(heartbeatsOf(sent, 0, 25))[0]?.sent.map(({ address }) => address)).toEqual([
      'room:ü',
      'room:a',
    ]);
  });

  it('says that there is nothing to tell', () => {
    expect(read(heartbeatsOf(new SentSequences(), 0, 0))).toEqual([{ ...NOTHING, from: 0, to: 0, sent: [] }]);
  });

  it('says what its node says of itself', () => {
    const sent = new SentSequences();
    expect(read(heartbeatsOf(sent, 0, 0, { has: ['retained'] }))).toMatchObject([
      { has: ['retained'], wantsAnswer: false },
    ]);
    expect(read(heartbeatsOf(sent, 0, 0, { wantsAnswer: true }))).toMatchObject([
      { has: [], wantsAnswer: true },
    ]);
  });

  it('says that it has forgotten some of what it is asked for', () => {
    const sent = new SentSequences();
    sent.next('room:a', 0);
    sent.next('room:b', 5);
    sent.forget(1);
    expect([0, 1].map((from) => read(heartbeatsOf(sent, from, 9))[0]?.hasForgotten)).toEqual([true, false]);
  });

  it('cuts a long list into envelopes that tell one after the other', () => {
    const sent = new SentSequences();
    const rooms = Array.from({ length: 1000 }, (_, index) => `room:${'x'.repeat(1000)}${index}`);
    for (const room of rooms) sent.next(room, 0);
    const bodies = heartbeatsOf(sent, 0, 0);
    const heartbeats = read(bodies);
    expect(Math.max(...bodies.map(({ byteLength }) => byteLength))).toBeLessThan(210_000);
    expect(heartbeats.flatMap((heartbeat) => heartbeat?.sent.map(({ address }) => address))).toEqual(rooms);
    expect(heartbeats.length).toBeGreaterThan(5);
    expect(heartbeats.map((heartbeat) => heartbeat?.from)).toEqual([
      0,
      ...heartbeats.slice(0, -1).map((heartbeat) => heartbeat?.to),
    ]);
    expect(heartbeats.at(-1)?.to).toBe(1000);
  });
});

describe('readHeartbeat', () => {
  it.each([
    ['no bytes', new Uint8Array()],
    ['more addresses than bytes', new FieldWriter(22).u8(0).u8(1).u64(0).u64(1).u32(4_000_000_000).bytes],
    ['an end before its beginning', new FieldWriter(22).u8(0).u8(1).u64(2).u64(1).u32(0).bytes],
  ])('refuses %s', (_, bytes) => {
    expect(readHeartbeat(bytes)).toBeUndefined();
  });

  it('skips fields that a newer node has behind those it knows', () => {
    const newer = new FieldWriter(26).u8(255).u8(9).u64(1).u64(2).u32(0).u32(7).bytes;
    expect(readHeartbeat(newer)).toEqual({
      has: ['retained', 'presence'],
      wantsAnswer: true,
      hasForgotten: true,
      reads: 9,
      from: 1,
      to: 2,
      sent: [],
    });
  });
});
