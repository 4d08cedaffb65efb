// The law of presence between nodes: for random sockets, lost messages, cuts, crashes, goodbyes
// and new nodes, once all is quiet each node lists what a model counts.

import fc from 'fast-check';
import { expect, it } from 'vitest';
import { settle } from 'corosock/testing';
import type { PresenceNode, Tracked } from './presence-nodes.ts';
import { at, playScripts, RandomNodes } from './random-nodes.ts';
import type { Choose, Passing } from './random-nodes.ts';
import { LAW } from '../fixtures/law.ts';

type Command =
  | { readonly kind: 'track'; readonly at: number; readonly key: string }
  | { readonly kind: 'end' | 'cut' | 'mend' | 'crash' | 'goodbye' | 'rejoin'; readonly at: number };

const COMMANDS: ReadonlyArray<fc.WeightedArbitrary<Command>> = [
  {
    weight: 8,
    arbitrary: fc.record({ kind: fc.constant('track'), at, key: fc.constantFrom('ada', 'grace', 'eve') }),
  },
  { weight: 5, arbitrary: fc.record({ kind: fc.constant('end'), at }) },
  {
    weight: 5,
    arbitrary: fc.record({ kind: fc.constantFrom('cut', 'mend', 'crash', 'goodbye', 'rejoin'), at }),
  },
];

/** A node in its place, and the sockets that the model counts there. */
interface Seat {
  node: PresenceNode;
  changes: Disposable;
  readonly tracked: Array<readonly [key: string, socket: Tracked]>;
}

class Game {
  readonly #nodes: RandomNodes;
  readonly #seats: Seat[] = [];
  readonly #choose: Choose;

  constructor(choose: Choose) {
    this.#choose = choose;
    this.#nodes = new RandomNodes(choose, () => undefined);
  }

  async begin(): Promise<void> {
    for (let index = 0; index < 3; index += 1) {
      const node = await this.#nodes.make();
      this.#seats.push({ node, changes: node.presence().changes(), tracked: [] });
    }
  }

  async do(command: Command | Passing): Promise<void> {
    if (command.kind === 'wait' || command.kind === 'lose') return this.#nodes.pass(command);
    const seat = this.#seats[command.at] as Seat;
    const { node, tracked } = seat;
    if (command.kind === 'track') tracked.push([command.key, node.track(command.key)]);
    else if (command.kind === 'end') tracked.shift()?.[1].end();
    else if (command.kind === 'cut') node.link.cut();
    else if (command.kind === 'mend') node.link.mend();
    else if (command.kind === 'rejoin') await this.#leaveRoom(seat);
    else await this.#replace(seat, command.kind);
    return settle();
  }

  /** Mends all, waits until all is quiet, and gives what each node lists and the model counts. */
  async end(): Promise<readonly unknown[]> {
    const nodes = this.#seats.map(({ node }) => node);
    await this.#nodes.quiet(nodes, 90_000);
    const lists = nodes.map((node) => [node.counts(), node.presence().list().missingNodes]);
    await this.#nodes.close(nodes);
    return [...lists, this.#nodes.timers];
  }

  model(): readonly unknown[] {
    const counts: Record<string, number> = {};
    for (const { tracked } of this.#seats) for (const [key] of tracked) counts[key] = (counts[key] ?? 0) + 1;
    return [...this.#seats.map(() => [counts, []]), 0];
  }

  /** All sockets end, and with them the room is not in use; then it is entered again. */
  async #leaveRoom(seat: Seat): Promise<void> {
    for (const [, socket] of seat.tracked.splice(0)) socket.end();
    seat.changes[Symbol.dispose]();
    // After the grace the room is not in use, and five seconds later its node is out of it.
    await this.#nodes.advance(this.#choose() < 50 ? 6000 : 12_000);
    seat.changes = seat.node.presence().changes();
  }

  async #replace(seat: Seat, how: 'crash' | 'goodbye'): Promise<void> {
    const { node, tracked } = seat;
    tracked.length = 0;
    if (how === 'goodbye') await Promise.all([node.close(), this.#nodes.advance(1000)]);
    await this.#nodes.crash(node);
    seat.node = await this.#nodes.make();
    seat.changes = seat.node.presence().changes();
  }
}

it('each node lists what a model counts, once all is quiet', LAW, async () => {
  await playScripts(5, COMMANDS, async (script, choose) => {
    const game = new Game(choose);
    await game.begin();
    for (const command of script) await game.do(command);
    expect(await game.end()).toEqual(game.model());
  });
});
