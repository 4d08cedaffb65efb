// Publishes under random joins, leaves, writes, slow peers and ends: each member is counted once in
// each report, each message of a member has exactly one fate, and what a socket sends keeps the
// order of the calls (I10, W12).

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { counts, ScriptedRooms } from './scripted-rooms.ts';
import type { ScriptedSocket, ScriptedWs } from './scripted-rooms.ts';
import type { JoinOptions, MembershipOf } from '../../src/rooms/room.ts';
import type { Data } from '../../src/core/data.ts';

const SOCKETS = 4;

type Command =
  | { readonly kind: 'publish'; readonly key: string; readonly except: number | undefined }
  | {
      readonly kind: 'join' | 'leave' | 'take' | 'write' | 'close' | 'lose';
      readonly at: number;
      readonly style: number;
    };

const at = fc.nat(SOCKETS - 1);
const plain = fc.record({
  kind: fc.constantFrom('join', 'leave', 'take', 'take', 'write'),
  at,
  style: fc.nat(3),
});
const ending = fc.record({ kind: fc.constantFrom('close', 'lose'), at, style: fc.constant(0) });
const publish = fc.record({
  kind: fc.constant('publish'),
  key: fc.constantFrom('a=', 'b=', 'none '),
  except: fc.option(at, { nil: undefined, freq: 8 }),
});
const commands = fc.array(
  fc.oneof(
    { weight: 20, arbitrary: publish },
    { weight: 14, arbitrary: plain },
    { weight: 1, arbitrary: ending },
  ) as fc.Arbitrary<Command>,
  { maxLength: 80, size: 'max' },
);

const keyOf = (data: Data): string | undefined => /^(\w)=/u.exec(String(data))?.[1];
const STYLES: readonly JoinOptions[] = [
  {},
  { slow: 'close' },
  { slow: { latestBy: keyOf } },
  { slow: { latestBy: keyOf }, frame: (data) => String(data) },
];

/** One socket, and what the model knows of it. */
interface Seat {
  readonly socket: ScriptedSocket;
  readonly memberships: MembershipOf<ScriptedWs>[];
  /** Messages that were published while it was a member, and not excepted. */
  published: number;
  /** Of these, those that a report has counted as closed. */
  closed: number;
  /** The calls that concern it, in their order. */
  readonly calls: string[];
  isSkipping: boolean;
  isOver: boolean;
}

class Game {
  readonly rooms: ScriptedRooms = new ScriptedRooms();
  readonly seats: readonly Seat[] = Array.from({ length: SOCKETS }, (_, index) => ({
    socket: this.rooms.socket(String(index)),
    memberships: [],
    published: 0,
    closed: 0,
    calls: [],
    isSkipping: true,
    isOver: false,
  }));
  /** Reports that do not count each member once. */
  miscounts = 0;
  #number = 0;

  do(command: Command): void {
    this.#number += 1;
    if (command.kind === 'publish') return this.#publish(`${command.key}${this.#number}`, command.except);
    const seat = this.seats[command.at] as Seat;
    const { socket } = seat;
    if (seat.isOver) return;
    if (command.kind === 'take') return socket.link.take();
    if (command.kind === 'leave') return seat.memberships.at(-1)?.leave();
    if (command.kind === 'join') return this.#join(seat, STYLES[command.style] as JoinOptions);
    if (command.kind === 'write') return this.#write(seat, `write ${this.#number}`);
    if (command.kind === 'close') return socket.conversation.close(1000, '', 'local');
    seat.isOver = true;
    return socket.end();
  }

  #join(seat: Seat, options: JoinOptions): void {
    if (this.rooms.room('r').members.has(seat.socket.ws.id)) return;
    seat.isSkipping &&= options.slow === undefined;
    seat.memberships.push(seat.socket.join('r', options));
  }

  #write(seat: Seat, data: string): void {
    const options = { binary: false, compress: true };
    seat.calls.push(data);
    void seat.socket.conversation.writer.write({ data, options, timeoutMs: Infinity, signal: undefined });
  }

  #publish(data: string, except: number | undefined): void {
    const room = this.rooms.room('r');
    const before = new Set(room.members.keys());
    if (except !== undefined) before.delete(String(except));
    for (const id of before) {
      const seat = this.seats[Number(id)] as Seat;
      seat.published += 1;
      seat.calls.push(data);
    }
    const report = room.publish(data, except === undefined ? {} : { except: [String(except)] });
    const gone = [...before].filter((id) => !room.members.has(id));
    const counted = counts(report).reduce((sum, count) => sum + count, 0);
    if (counted !== before.size || report.closed !== gone.length) this.miscounts += 1;
    for (const id of gone) (this.seats[Number(id)] as Seat).closed += 1;
  }

  /** The peers that are there take all that waits. */
  finish(): readonly Seat[] {
    for (const { socket, isOver } of this.seats)
      while (!isOver && socket.link.bufferedBytes > 0) socket.link.take();
    return this.seats;
  }
}

function expectLaw(holds: (seat: Seat, miscounts: number) => void): void {
  const property = fc.property(commands, (all) => {
    const game = new Game();
    for (const command of all) game.do(command);
    for (const seat of game.finish()) if (!seat.isOver) holds(seat, game.miscounts);
  });
  fc.assert(property, { numRuns: 500 });
}

const isPublished = (data: Data): boolean => !String(data).startsWith('write');

describe('what is published to a member', () => {
  it('is sent, skipped, replaced, or counted as closed: exactly one of them', () => {
    expectLaw(({ socket, memberships, published, closed }, miscounts) => {
      expect(miscounts).toBe(0);
      const skipped = memberships.reduce((sum, one) => sum + one.skipped, 0);
      const replaced = memberships.reduce((sum, one) => sum + one.replaced, 0);
      expect(socket.sent.filter(isPublished).length + skipped + replaced + closed).toBe(published);
    });
  });

  it('is sent once at most, and never across a write or a message without a key', () => {
    expectLaw(({ socket, calls, isSkipping }) => {
      const sent = socket.sent.map(String);
      expect(new Set(sent).size).toBe(sent.length);
      const order = sent.map((data) => calls.indexOf(data));
      const isBarrier = (data: string): boolean => isSkipping || keyOf(data) === undefined;
      for (const [index, data] of sent.entries()) {
        const place = order[index] as number;
        const isCrossed = order.some((other, at) => (at < index ? other > place : other < place));
        expect(isBarrier(data) && isCrossed).toBe(false);
      }
    });
  });

  it('in order of its key: a message is never sent behind a newer one of the same key', () => {
    expectLaw(({ socket, calls }) => {
      for (const key of ['a', 'b']) {
        const order = socket.sent
          .filter((data) => keyOf(data) === key)
          .map((data) => calls.indexOf(String(data)));
        expect(order).toEqual(order.toSorted((a, b) => a - b));
      }
    });
  });
});
