// W10 (spec/faults/README.md, "Writing"): a room on a port. Of its members some read, some have
// stopped to read, and the cable of some is pulled: what `slow: 'skip'`, `slow: 'close'` and
// `latestBy` do with them, and what the others notice of it.

import { serve } from 'corosock';
import type { Host, JoinOptions, Membership, PublishReport, Room, ServerSocket } from 'corosock';
import { settle, virtualClock } from 'corosock/testing';
import { describe, expect, it } from 'vitest';
import { CutProxy } from '../brokers/cut-proxy.ts';
import { OPCODE } from '../peers/frames.ts';
import { openRaw } from '../peers/raw-client.ts';
import type { RawClient } from '../peers/raw-client.ts';
import { until, untilStill } from './until.ts';

const READERS = 30;
const STALLED = 3;
const DEAD = 3;
const SLOW = STALLED + DEAD;
const HIGH_WATER_BYTES = 65_536;
const LONG_BYTES = 60_000;
const HEADER_BYTES = 64;
/** Far more than the kernel buffers of one link, and of a proxy. */
const MOST_LONG = 1000;
const SHORT = Array.from({ length: 20 }, (_, n) => `k=short ${n}`);

interface RoomMember {
  readonly ws: ServerSocket;
  readonly membership: Membership;
  readonly client: RawClient;
}

/** A room whose members have one option `slow`: readers, then those that are stalled, then the dead. */
interface Play {
  readonly host: Host;
  readonly room: Room;
  readonly clock: ReturnType<typeof virtualClock>;
  readonly readers: readonly RoomMember[];
  readonly stalled: readonly RoomMember[];
  readonly dead: readonly RoomMember[];
  /** The long messages, in the order of their calls. */
  readonly long: readonly string[];
  /** What became of the long messages, for members that are slow. */
  readonly reports: readonly PublishReport[];
  /** What the host has reported. */
  readonly told: readonly unknown[];
}

/** Connects members one after another. */
async function gather(
  host: Host,
  joined: Membership[],
  port: number,
  count: number,
): Promise<readonly RoomMember[]> {
  const members: RoomMember[] = [];
  for (let n = 0; n < count; n += 1) {
    const before = joined.length;
    const client = await openRaw(port);
    await until(() => joined.length > before);
    const membership = joined[before] as Membership;
    members.push({ ws: [...host.sockets.values()].at(-1) as ServerSocket, membership, client });
  }
  return members;
}

/**
 * Publishes long messages to those that do not read, until all of them are slow, and no kernel
 * takes any more for them.
 */
async function publishLong(
  room: Room,
  readers: readonly RoomMember[],
  slow: readonly RoomMember[],
): Promise<Pick<Play, 'long' | 'reports'>> {
  const long: string[] = [];
  const reports: PublishReport[] = [];
  const except = readers.map(({ ws }) => ws.id);
  // The second time in a row shows that they stay slow.
  for (let slowTimes = 0; slowTimes < 2;) {
    if (long.length > MOST_LONG) throw new Error('the kernel takes all');
    long.push(`k=long ${long.length}`.padEnd(LONG_BYTES));
    const report = room.publish(long.at(-1) as string, { except });
    reports.push(report);
    await settle();
    const isOver = report.accepted + report.closed === 0;
    slowTimes = isOver ? slowTimes + 1 : 0;
    if (isOver) await untilStill(() => slow.reduce((bytes, { ws }) => bytes + ws.bufferedBytes, 0));
  }
  return { long, reports };
}

/** Plays until all members that do not read are slow. */
async function play(slow: JoinOptions['slow'], claim: (played: Play) => Promise<void>): Promise<void> {
  const clock = virtualClock();
  const told: unknown[] = [];
  const joined: Membership[] = [];
  const member = async (ws: ServerSocket): Promise<void> => {
    joined.push(await ws.join('r', slow === undefined ? {} : { slow }));
    await ws.closed;
  };
  await using host = await serve(member, {
    clock,
    heartbeat: false,
    report: (error) => void told.push(error),
  });
  await using proxy = await CutProxy.to(host.port);
  const readers = await gather(host, joined, host.port, READERS);
  const stalled = await gather(host, joined, host.port, STALLED);
  const dead = await gather(host, joined, proxy.port, DEAD);
  for (const { client } of stalled) client.pause();
  proxy.stall();
  const room = host.room('r');
  const { long, reports } = await publishLong(room, readers, [...stalled, ...dead]);
  await claim({ host, room, clock, readers, stalled, dead, long, reports, told });
  for (const { client } of [...readers, ...stalled, ...dead]) client[Symbol.dispose]();
}

/** Publishes each text, and waits until all that read have it. @returns What each has heard, and the reports. */
async function publishShort({
  room,
  readers,
}: Play): Promise<{ readonly heard: readonly string[][]; readonly counts: readonly unknown[] }> {
  const heard = readers.map(() => [] as string[]);
  const counts: unknown[] = [];
  for (const text of SHORT) {
    counts.push(countsOf(room.publish(text)));
    for (const [at, { client }] of readers.entries()) heard[at]?.push(await client.nextText());
  }
  return { heard, counts };
}

const countsOf = ({ accepted, skipped, replaced, closed }: PublishReport): unknown => ({
  accepted,
  skipped,
  replaced,
  closed,
});
const sumOf = (reports: readonly PublishReport[], of: (report: PublishReport) => number): number =>
  reports.reduce((sum, report) => sum + of(report), 0);
const mostBuffered = (members: readonly RoomMember[]): number =>
  Math.max(...members.map(({ ws }) => ws.bufferedBytes));

/** Reads so many texts that have waited for a member, or all up to its close frame. */
async function textsOf({ client }: RoomMember, count: number = Infinity): Promise<readonly string[]> {
  const texts: string[] = [];
  client.resume();
  while (texts.length < count) {
    const { opcode, payload } = await client.nextFrame();
    if (opcode === OPCODE.close) return [...texts, `close ${payload.readUInt16BE(0)}`];
    texts.push(payload.toString());
  }
  return texts;
}

/** Claims that what a member has heard was published, in this order, and comes once. */
function claimOrder(heard: readonly string[], published: readonly string[]): void {
  const places = heard.map((text) => published.indexOf(text));
  expect(places).toEqual([...new Set(places)].toSorted((a, b) => a - b));
  expect(places).not.toContain(-1);
}

/** What those that read get of it, and what is in the memory for the others. */
async function claimReaders(played: Play, expected: object): Promise<void> {
  const { heard, counts } = await publishShort(played);
  expect(counts).toEqual(
    SHORT.map(() => ({ accepted: READERS, skipped: 0, replaced: 0, closed: 0, ...expected })),
  );
  expect(heard).toEqual(played.readers.map(() => SHORT));
  expect(mostBuffered([...played.stalled, ...played.dead])).toBeLessThan(
    HIGH_WATER_BYTES + LONG_BYTES + HEADER_BYTES,
  );
  // No member has waited for another: no time has passed.
  expect(played.clock.now()).toBe(0);
}

describe('a room whose members are in part stalled or dead', () => {
  it("W10: skips them with 'skip', and the others get everything in order", async () => {
    await play(undefined, async (played) => {
      const { stalled, dead, long, reports } = played;
      await claimReaders(played, { skipped: SLOW });
      expect(reports.map(({ accepted, skipped }) => accepted + skipped)).toEqual(long.map(() => SLOW));
      const skipped = [...stalled, ...dead].map(({ membership }) => membership.skipped);
      expect(skipped.reduce((sum, count) => sum + count)).toBe(
        sumOf(reports, (report) => report.skipped) + SLOW * SHORT.length,
      );
      const published = [...long, ...SHORT];
      for (const member of stalled) {
        const heard = await textsOf(member, published.length - member.membership.skipped);
        claimOrder(heard, published);
      }
    });
  });

  it("W10: closes them with 1013 with 'close', and the others get everything in order", async () => {
    await play('close', async (played) => {
      const { room, stalled, dead, long, reports, clock, host, told } = played;
      await claimReaders(played, {});
      let members = SLOW;
      for (const { accepted, closed, skipped, replaced } of reports) {
        expect([accepted + closed, skipped, replaced]).toEqual([members, 0, 0]);
        members -= closed;
      }
      expect([members, room.members.size]).toEqual([0, READERS]);
      for (const member of stalled) {
        const texts = await textsOf(member);
        expect(texts).toEqual([...long.slice(0, texts.length - 1), 'close 1013']);
      }
      void clock.advance(60_000);
      const ends = await Promise.all([...stalled, ...dead].map(({ ws }) => ws.closed));
      expect(ends).toMatchObject(
        ends.map(() => ({ code: 1013, by: 'limit', cause: { option: 'writeBufferBytes' } })),
      );
      await until(() => host.sockets.size === READERS);
      expect(told).toMatchObject([{ code: 'COROSOCK_LIMIT' }]);
    });
  });
  it('W10: keeps the latest of a key with latestBy, and the others get everything in order', async () => {
    const latestBy = (data: unknown): string => String(data).slice(0, 1);
    await play({ latestBy }, async (played) => {
      const { stalled, dead, long, reports } = played;
      await claimReaders(played, { replaced: SLOW });
      expect(reports.map(({ accepted, replaced }) => accepted + replaced)).toEqual(long.map(() => SLOW));
      const replaced = [...stalled, ...dead].map(({ membership }) => membership.replaced);
      expect(replaced.reduce((sum, count) => sum + count)).toBe(
        sumOf(reports, (report) => report.replaced) + SLOW * SHORT.length,
      );
      const published = [...long, ...SHORT];
      for (const member of stalled) {
        const heard = await textsOf(member, published.length - member.membership.replaced);
        claimOrder(heard, published);
        expect(heard.at(-1)).toBe(SHORT.at(-1));
      }
    });
  });
});
