// What a handler does with one word, over and over, over a link in memory: for what
// the word itself costs where no operating system has a part in it. `servers/in-process.ts`
// carries them out in a process of its own.

import { channel, select } from 'corosock';
import type { ServerSocket } from 'corosock';
import { fakeSocket, runServer, settle } from 'corosock/testing';

export type OperationName =
  | 'plain await'
  | 'queued read'
  | 'parked read'
  | 'ready select'
  | 'parked select'
  | 'join and leave'
  | 'publish in one room'
  | 'publish in one of 100,000 rooms'
  | 'publish in one room, 100,000 objects held'
  | 'join';

/**
 * Makes ready, and gives what is to be done so many times.
 *
 * What is done answers with the µs of processor time that the word itself took: what had
 * to be prepared for it does not count.
 */
type Operation = () => (times: number) => Promise<number>;

const MANY_ROOMS = 100_000;
/** What a room itself takes is shared by so many memberships, and each socket is in a few rooms. */
const MEMBERS = 24_000;

/** So many messages are sent before they are read: their reads fit well into one turn's budget. */
const QUEUED = 500;
const TEXT = 'x'.repeat(64);
/** As large as what is kept of a room. */
const PLAIN = { a: 0, b: 0, c: 0, d: 0, e: 0, f: 0, g: 0, h: 0, i: 0, j: 0, k: 0, l: 0 };

export const OPERATIONS: Readonly<Record<OperationName, Operation>> = {
  /** What every word costs at least that gives a promise. */
  'plain await': () => async (times: number) => {
    const since = cpuMicroseconds();
    for (let n = 0; n < times; n += 1) await plain();
    return cpuMicroseconds() - since;
  },

  'queued read': () => {
    const { ws, client } = fakeSocket({ queueMessages: 2 * QUEUED, writeBufferBytes: 1_048_576 });
    return async (times: number) => {
      let took = 0;
      for (let left = times; left > 0; left -= QUEUED) {
        for (let n = 0; n < QUEUED; n += 1) void client.write(TEXT);
        await settle();
        const since = cpuMicroseconds();
        for (let n = 0; n < QUEUED; n += 1) await ws.read();
        took += cpuMicroseconds() - since;
      }
      return took;
    };
  },

  /** The last of three sources is ready: a channel, which is filled beforehand. */
  'ready select': () => {
    const { ws } = fakeSocket();
    const [empty, full] = [channel<string>(), channel<string>({ capacity: QUEUED })];
    return async (times: number) => {
      let took = 0;
      for (let left = times; left > 0; left -= QUEUED) {
        for (let n = 0; n < QUEUED; n += 1) void full.put(TEXT);
        const since = cpuMicroseconds();
        for (let n = 0; n < QUEUED; n += 1) await select({ ws, empty, full });
        took += cpuMicroseconds() - since;
      }
      return took;
    };
  },

  /** All three sources are empty at first; what wakes it is the `put` of a value, which counts. */
  'parked select': () => {
    const { ws } = fakeSocket();
    const [never, next] = [channel<string>(), channel<string>()];
    return async (times: number) => {
      const since = cpuMicroseconds();
      for (let n = 0; n < times; n += 1) {
        const selected = select({ ws, never, next }, { timeoutMs: 60_000 });
        void next.put(TEXT);
        await selected;
      }
      return cpuMicroseconds() - since;
    };
  },

  /** What wakes it is a message of the other end: its `write` counts. */
  'parked read': () => {
    const { ws, client } = fakeSocket();
    return async (times: number) => {
      const since = cpuMicroseconds();
      for (let n = 0; n < times; n += 1) {
        const read = ws.read();
        void client.write(TEXT);
        await read;
      }
      return cpuMicroseconds() - since;
    };
  },

  'join and leave': () => {
    const { ws } = fakeSocket();
    return async (times: number) => {
      const since = cpuMicroseconds();
      for (let n = 0; n < times; n += 1) (await ws.join('room')).leave();
      return cpuMicroseconds() - since;
    };
  },

  'publish in one room': () => publishIn(1),
  'publish in one of 100,000 rooms': () => publishIn(MANY_ROOMS),
  /** What the size of the heap alone costs: as many plain objects as rooms, members and lists. */
  'publish in one room, 100,000 objects held': () => {
    const held = new Map(
      Array.from(
        { length: MANY_ROOMS },
        (_, n) => [`held ${n}`, { ...PLAIN, list: [{ ...PLAIN }] }] as const,
      ),
    );
    const publish = publishIn(1);
    return (times) => {
      if (held.size < MANY_ROOMS) throw new Error('they are not held');
      return publish(times);
    };
  },

  /** Each socket joins each room once. */
  join: () => {
    const sockets: ServerSocket[] = [];
    const run = runServer(async (ws) => {
      sockets.push(ws);
      await ws.closed;
    });
    const connected = Promise.all(Array.from({ length: MEMBERS }, () => run.connect()));
    let joined = 0;
    return async (times: number) => {
      await connected;
      const since = cpuMicroseconds();
      for (let n = 0; n < times; n += 1, joined += 1)
        await sockets[joined % MEMBERS]?.join(`room ${Math.floor(joined / MEMBERS)}`);
      return cpuMicroseconds() - since;
    };
  },
};

let last: readonly [string, 'ok'] = [TEXT, 'ok'];

/** As `read` does: a fresh pair in a fresh promise. */
function plain(): Promise<readonly [string, 'ok']> {
  last = [TEXT, 'ok'];
  return Promise.resolve(last);
}

/** One message at a time to a room with one member, among others that have a member each. */
function publishIn(rooms: number): (times: number) => Promise<number> {
  const { ws, client } = fakeSocket({ queueMessages: 2 * QUEUED, maxRooms: rooms });
  const joined = Promise.all(Array.from({ length: rooms }, (_, n) => ws.join(`room ${n}`)));
  return async (times: number) => {
    const room = (await joined)[rooms >> 1]?.room;
    let took = 0;
    for (let left = times; left > 0; left -= QUEUED) {
      const since = cpuMicroseconds();
      for (let n = 0; n < QUEUED; n += 1) room?.publish(TEXT);
      took += cpuMicroseconds() - since;
      await settle();
      for (let n = 0; n < QUEUED; n += 1) await client.read();
    }
    return took;
  };
}

/** By the clock on the wall, a busy machine would count as ours. */
function cpuMicroseconds(): number {
  const { user, system } = process.cpuUsage();
  return user + system;
}
