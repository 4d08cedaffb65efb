// A membership: its three policies for a slow member with exact counts, its frame, and how it ends.

import { describe, expect, it } from 'vitest';
import { counts, ScriptedRooms } from './scripted-rooms.ts';
import type { Data } from '../../src/core/data.ts';

/** The key of `key=value`; undefined for other text. */
const byKey = (data: Data): string | undefined => /^(\w+)=/u.exec(String(data))?.[1];

describe("a slow member with 'skip', the default", () => {
  it('W10: misses what is published until there is room, and counts it', () => {
    const rooms = new ScriptedRooms();
    const room = rooms.room('r');
    const [slow, quick] = [rooms.socket('slow'), rooms.socket('quick')];
    const membership = slow.join('r');
    quick.join('r');
    slow.fill();
    const reports = [room.publish('a'), room.publish('b')];
    slow.link.take();
    reports.push(room.publish('c'));
    expect(reports.map(counts)).toEqual([
      [1, 1, 0, 0],
      [1, 1, 0, 0],
      [2, 0, 0, 0],
    ]);
    expect([slow.sent, quick.sent, membership.skipped]).toEqual([['c'], ['a', 'b', 'c'], 2]);
  });
});

describe("a slow member with 'close'", () => {
  it('is closed with 1013 as a limit, has left at once, and names the option', () => {
    const rooms = new ScriptedRooms();
    const room = rooms.room('r');
    const slow = rooms.socket('slow');
    slow.join('r', { slow: 'close' });
    rooms.socket('quick').join('r', { slow: 'close' });
    slow.fill();
    expect(counts(room.publish('a'))).toEqual([1, 0, 0, 1]);
    expect([room.members.size, counts(room.publish('b'))]).toEqual([1, [1, 0, 0, 0]]);
    slow.link.take();
    expect(slow.link.calls.at(-1)).toBe('close 1013');
    slow.link.end({ code: 1013, by: 'local' });
    expect(slow.conversation.queue.end).toMatchObject({
      code: 1013,
      by: 'limit',
      cause: {
        option: 'writeBufferBytes',
        message: 'A message of the room "r" has found it over its write buffer',
      },
    });
  });
});

describe('a slow member with latestBy', () => {
  it('gets the latest of each key, in the place of the first unsent one', () => {
    const rooms = new ScriptedRooms();
    const room = rooms.room('r');
    const slow = rooms.socket('slow');
    const membership = slow.join('r', { slow: { latestBy: byKey } });
    slow.fill();
    const reports = ['x=1', 'y=1', 'x=2', 'x=3', 'y=2'].map((data) => room.publish(data));
    expect(reports.map(counts)).toEqual([
      [1, 0, 0, 0],
      [1, 0, 0, 0],
      [0, 0, 1, 0],
      [0, 0, 1, 0],
      [0, 0, 1, 0],
    ]);
    slow.link.take();
    expect([slow.sent, membership.replaced, membership.skipped]).toEqual([['x=3', 'y=2'], 3, 0]);
  });

  it('has nothing replaced across a message without a key', () => {
    const rooms = new ScriptedRooms();
    const slow = rooms.socket('slow');
    slow.join('r', { slow: { latestBy: byKey } });
    slow.fill();
    for (const data of ['x=1', 'barrier', 'x=2', 'x=3']) rooms.room('r').publish(data);
    slow.link.take();
    slow.link.take();
    expect(slow.sent).toEqual(['x=1', 'barrier', 'x=3']);
  });

  it('has nothing replaced across a write of the handler', async () => {
    const rooms = new ScriptedRooms();
    const slow = rooms.socket('slow');
    slow.join('r', { slow: { latestBy: byKey } });
    slow.fill();
    rooms.room('r').publish('x=1');
    const options = { binary: false, compress: true };
    const write = slow.conversation.writer.write({
      data: 'write',
      options,
      timeoutMs: Infinity,
      signal: undefined,
    });
    for (const data of ['x=2', 'x=3']) rooms.room('r').publish(data);
    slow.link.take();
    await write;
    expect(slow.sent).toEqual(['x=1', 'write', 'x=3']);
  });

  it('sends at once again when all that waited is sent', () => {
    const rooms = new ScriptedRooms();
    const slow = rooms.socket('slow');
    slow.join('r', { slow: { latestBy: byKey } });
    slow.fill();
    rooms.room('r').publish('x=1');
    slow.link.take();
    expect(counts(rooms.room('r').publish('x=2'))).toEqual([1, 0, 0, 0]);
    expect(slow.sent).toEqual(['x=1', 'x=2']);
  });

  it('still gets what waits after it has left', () => {
    const rooms = new ScriptedRooms();
    const slow = rooms.socket('slow');
    const membership = slow.join('r', { slow: { latestBy: byKey } });
    slow.fill();
    rooms.room('r').publish('x=1');
    membership.leave();
    rooms.room('r').publish('x=2');
    slow.link.take();
    expect(slow.sent).toEqual(['x=1']);
  });

  it('skips what is more than may wait for it, and counts that', () => {
    const rooms = new ScriptedRooms();
    const slow = rooms.socket('slow');
    const membership = slow.join('r', { slow: { latestBy: byKey } });
    slow.fill();
    const reports = Array.from({ length: 1002 }, (_, key) => counts(rooms.room('r').publish(`k${key}=`)));
    expect([reports.filter(([accepted]) => accepted === 1).length, reports.at(-1)]).toEqual([
      1000,
      [0, 1, 0, 0],
    ]);
    expect(membership.skipped).toBe(2);
  });

  it('takes a key that cannot be made for a barrier, and reports why', () => {
    const rooms = new ScriptedRooms();
    const slow = rooms.socket('slow');
    const latestBy = (data: Data): string => {
      if (data === 'throws') throw new Error('no key');
      return (data === 'number' ? 7 : byKey(data)) as string;
    };
    slow.join('r', { slow: { latestBy } });
    slow.fill();
    for (const data of ['x=1', 'throws', 'x=2', 'number', 'x=3']) rooms.room('r').publish(data);
    slow.link.take();
    slow.link.take();
    expect(slow.sent).toEqual(['x=1', 'throws', 'x=2', 'number', 'x=3']);
    expect(rooms.reports).toEqual([
      ['latestBy', new Error('no key')],
      ['latestBy', expect.objectContaining({ code: 'COROSOCK_ARGUMENT' })],
    ]);
  });
});

describe('frame', () => {
  it('is called once a publish for all members with it, and its message is encoded once', () => {
    const rooms = new ScriptedRooms();
    const calls: unknown[] = [];
    const frame = (data: Data, at: object): Data => {
      calls.push([data, at]);
      return `<${String(data)}>`;
    };
    const framed = rooms.members('r', 3, { frame });
    const plain = rooms.socket('plain');
    plain.join('r');
    expect(counts(rooms.room('r').publish('x'))).toEqual([4, 0, 0, 0]);
    expect(calls).toEqual([['x', { room: 'r', offset: undefined, epoch: undefined }]]);
    expect([...framed, plain].map(({ sent }) => sent[0])).toEqual(['<x>', '<x>', '<x>', 'x']);
    const shared = framed.map(({ link }) => link.sent[0]?.options.shared);
    expect([new Set(shared).size, shared[0] === plain.link.sent[0]?.options.shared]).toEqual([1, false]);
  });

  it('is not asked for members that have gone', () => {
    const rooms = new ScriptedRooms();
    let calls = 0;
    const frame = (data: Data): Data => {
      calls += 1;
      return data;
    };
    const latestBy = (): undefined => undefined;
    const memberships = [
      rooms.socket('a').join('r', { frame }),
      rooms.socket('b').join('r', { frame, slow: { latestBy } }),
      rooms.socket('c').join('r', { frame }),
    ];
    for (const membership of memberships.slice(0, 2)) membership.leave();
    rooms.room('r').publish('x');
    memberships[2]?.leave();
    rooms.room('r').publish('y');
    expect(calls).toBe(1);
  });

  it.each([
    ['throws', new Error('no frame'), new Error('no frame')],
    ['gives no data', 7, expect.objectContaining({ code: 'COROSOCK_ARGUMENT' })],
  ])('that %s leaves its members out, counts them as skipped, and is reported', (_, made, error) => {
    const rooms = new ScriptedRooms();
    const frame = (): Data => {
      if (made instanceof Error) throw made;
      return made as unknown as Data;
    };
    const [a, b] = [rooms.socket('a'), rooms.socket('b')];
    const membership = a.join('r', { frame });
    b.join('r');
    expect(counts(rooms.room('r').publish('x'))).toEqual([1, 1, 0, 0]);
    expect([a.sent, b.sent, membership.skipped, rooms.reports]).toEqual([[], ['x'], 1, [['frame', error]]]);
  });
});

describe('a membership', () => {
  it('ends with leave, with using, and with its socket; further calls do nothing', () => {
    const rooms = new ScriptedRooms();
    const room = rooms.room('r');
    const [a, b, c] = rooms.members('r', 3);
    const sizes = [room.members.size];
    const membership = a?.join('r');
    membership?.leave();
    membership?.leave();
    sizes.push(room.members.size);
    {
      using _ = b?.join('r') ?? { [Symbol.dispose]: () => {} };
    }
    sizes.push(room.members.size);
    c?.join('other');
    c?.end();
    sizes.push(room.members.size, rooms.registry.size);
    expect(sizes).toEqual([3, 2, 1, 0, 0]);
  });

  it('has left once a publish finds its socket closing', () => {
    const rooms = new ScriptedRooms();
    const [a] = rooms.members('r', 1);
    a?.conversation.close(1000, '', 'local');
    expect([counts(rooms.room('r').publish('x')), counts(rooms.room('r').publish('y'))]).toEqual([
      [0, 0, 0, 1],
      [0, 0, 0, 0],
    ]);
  });

  it('names its room, which is the same under each of its objects', () => {
    const rooms = new ScriptedRooms();
    const membership = rooms.socket('a').join('r');
    membership.room.publish('x');
    expect([membership.room.name, [...membership.room.members.keys()]]).toEqual(['r', ['a']]);
  });
});

describe('a member that was sent to', () => {
  it('is sent to past its writer, and the report is the same', () => {
    const rooms = new ScriptedRooms();
    const room = rooms.room('r');
    const socket = rooms.socket('a');
    socket.join('r');
    expect(['a', 'b', 'c'].map((text) => counts(room.publish(text)))).toEqual(
      Array.from({ length: 3 }, () => [1, 0, 0, 0]),
    );
    expect([socket.link.offered, socket.sent]).toEqual([
      ['b', 'c'],
      ['a', 'b', 'c'],
    ]);
  });

  it('gets text as binary as soon as its socket sends that, and as text again', () => {
    const rooms = new ScriptedRooms();
    const room = rooms.room('r');
    const { ws, join, link, conversation } = rooms.socket('a');
    join('r');
    const publish = (text: string): void => void room.publish(text);
    publish('1');
    ws.binaryData = true;
    conversation.writer.sendBinary(true);
    publish('2');
    publish('3');
    ws.binaryData = false;
    conversation.writer.sendBinary(false);
    publish('4');
    publish('5');
    expect([link.sent.map(({ options }) => options.binary), link.offered]).toEqual([
      [false, true, true, false, false],
      ['5'],
    ]);
  });
});
