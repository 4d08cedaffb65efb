// The law of presence: for random sockets, keys, ends and news of other nodes, the list is what a
// model counts, and the changes add up to it (once quiet, a key without sockets has left).

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ScriptedRooms } from './scripted-rooms.ts';
import type { ScriptedSocket } from './scripted-rooms.ts';
import type { PresentKey } from '../../src/rooms/relay.ts';

const KEYS = ['ada', 'grace', '__proto__'];
const NODES = ['n', 'm'];
const GRACE_MS = 5000;

type Command =
  | { readonly kind: 'track'; readonly at: number; readonly key: string; readonly meta: number | undefined }
  | { readonly kind: 'end' | 'leave' | 'join'; readonly at: number; readonly key?: never }
  | { readonly kind: 'tell'; readonly node: string; readonly keys: readonly string[] | undefined }
  | { readonly kind: 'tick'; readonly ms: number };

const at = fc.nat(3);
const commands = fc.array(
  fc.oneof(
    {
      weight: 4,
      arbitrary: fc.record({
        kind: fc.constant('track'),
        at,
        key: fc.constantFrom(...KEYS),
        meta: fc.option(fc.nat(9), { nil: undefined }),
      }),
    },
    { weight: 3, arbitrary: fc.record({ kind: fc.constantFrom('end', 'leave', 'join'), at }) },
    {
      weight: 2,
      arbitrary: fc.record({
        kind: fc.constant('tell'),
        node: fc.constantFrom(...NODES),
        keys: fc.option(fc.subarray(KEYS), { nil: undefined }),
      }),
    },
    {
      weight: 3,
      arbitrary: fc.record({ kind: fc.constant('tick'), ms: fc.constantFrom(1, 1000, 2500, 4999, GRACE_MS) }),
    },
  ) as fc.Arbitrary<Command>,
  { maxLength: 60, size: 'max' },
);

/** The rooms, and what a model says of them. */
class Game {
  readonly rooms: ScriptedRooms = new ScriptedRooms();
  readonly changes = this.rooms.room('r').presence.changes();
  readonly seats: ScriptedSocket[] = Array.from({ length: 4 }, (_, index) => this.rooms.socket(`s${index}`));
  /** Of each socket: its keys, each with its meta. */
  readonly own = new Map<ScriptedSocket, Map<string, number | undefined>>();
  readonly others = new Map<string, readonly string[]>();
  /** What the changes have added up to. */
  readonly told = new Set<string>();
  #number = 0;

  do(command: Command): void {
    if (command.kind === 'tick') return this.rooms.clock.tick(command.ms);
    if (command.kind === 'tell') return this.#tell(command.node, command.keys);
    const socket = this.seats[command.at] as ScriptedSocket;
    if (command.kind === 'join') return void socket.join('r');
    if (command.kind === 'leave') {
      // A membership of a socket that is none ends what is counted, too.
      socket.join('r').leave();
      return void this.own.delete(socket);
    }
    if (command.kind !== 'track') return this.#end(socket, command.at);
    const keys = this.own.get(socket) ?? new Map<string, number | undefined>();
    this.own.set(socket, keys.set(command.key, command.meta));
    return this.rooms.room('r').presence.track(socket.ws, command.key, command.meta);
  }

  /** What the model counts, by key. */
  counts(): ReadonlyMap<string, number> {
    const counts = new Map<string, number>();
    for (const keys of [...this.own.values()]
      .map((own) => [...own.keys()])
      .concat([...this.others.values()].map((keys) => [...keys]))) {
      for (const key of keys) counts.set(key, (counts.get(key) ?? 0) + 1);
    }
    return counts;
  }

  takeChanges(): void {
    if (this.changes.size === 0) return;
    void this.changes.take().then(([change]) => {
      for (const key of change?.joined ?? []) this.told.add(key);
      for (const key of change?.left ?? []) this.told.delete(key);
    });
  }

  #tell(node: string, keys: readonly string[] | undefined): void {
    const before = this.others.get(node) ?? [];
    if (keys === undefined) this.others.delete(node);
    else this.others.set(node, keys);
    const told = keys && new Map<string, PresentKey>(keys.map((key) => [key, { sockets: 1, meta: [] }]));
    this.rooms.registry.presentElsewhere('r', node, told, [...before, ...(keys ?? [])]);
  }

  #end(socket: ScriptedSocket, place: number): void {
    socket.end();
    this.own.delete(socket);
    this.#number += 1;
    this.seats[place] = this.rooms.socket(`again ${this.#number}`);
  }
}

function countsOf(members: ReadonlyMap<string, PresentKey>): ReadonlyMap<string, number> {
  return new Map(
    [...members].filter(([, { sockets }]) => sockets > 0).map(([key, { sockets }]) => [key, sockets]),
  );
}

describe('presence', () => {
  it('lists what a model counts, and tells changes that add up to it', async () => {
    await fc.assert(
      fc.asyncProperty(commands, fc.nat(5), async (script, takeEach) => {
        const game = new Game();
        for (const [index, command] of script.entries()) {
          game.do(command);
          if (index % (takeEach + 1) === 0) game.takeChanges();
          expect(countsOf(game.rooms.room('r').presence.list().members)).toEqual(game.counts());
        }
        game.rooms.clock.tick(GRACE_MS);
        game.takeChanges();
        await Promise.resolve();
        const { members } = game.rooms.room('r').presence.list();
        expect([...members.keys()].toSorted()).toEqual([...game.counts().keys()].toSorted());
        expect([...game.told].toSorted()).toEqual([...members.keys()].toSorted());
        expect(game.rooms.clock.timers).toBe(0);
      }),
      { numRuns: 100 },
    );
  });
});
