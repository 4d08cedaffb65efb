// The law of presence between nodes: for random sockets, lost messages, cuts, crashes, goodbyes
// and new nodes, once all is quiet each node lists what a model counts.

import fc from 'fast-check';
import { expect, it } from 'vitest';
import { settle } from 'corosock/testing';
import { deployment } from './bus-fixtures.ts';
import type { Deployment } from './bus-fixtures.ts';
import { presenceNode } from './presence-nodes.ts';
import { LAW, tries } from '../fixtures/law.ts';
import type { PresenceNode, Tracked } from './presence-nodes.ts';

type Command =
  | { readonly kind: 'track'; readonly at: number; readonly key: string }
  | { readonly kind: 'end' | 'cut' | 'mend' | 'crash' | 'goodbye' | 'rejoin'; readonly at: number }
  | { readonly kind: 'lose'; readonly percent: number }
  | { readonly kind: 'wait'; readonly ms: number };

const at = fc.nat(2);
const commands = fc.array(
  fc.oneof(
    {
      weight: 8,
      arbitrary: fc.record({ kind: fc.constant('track'), at, key: fc.constantFrom('ada', 'grace', 'eve') }),
    },
    { weight: 5, arbitrary: fc.record({ kind: fc.constant('end'), at }) },
    {
      weight: 5,
      arbitrary: fc.record({ kind: fc.constantFrom('cut', 'mend', 'crash', 'goodbye', 'rejoin'), at }),
    },
    { weight: 2, arbitrary: fc.record({ kind: fc.constant('lose'), percent: fc.constantFrom(0, 30, 100) }) },
    {
      weight: 6,
      arbitrary: fc.record({
        kind: fc.constant('wait'),
        ms: fc.constantFrom(1, 60, 700, 3000, 6000, 70_000),
      }),
    },
  ) as fc.Arbitrary<Command>,
  { maxLength: 40, size: 'max' },
);

/** A node in its place, and the sockets that the model counts there. */
interface Seat {
  node: PresenceNode;
  changes: Disposable;
  readonly tracked: Array<readonly [key: string, socket: Tracked]>;
}

class Game {
  readonly #deployed: Deployment;
  readonly #seats: Seat[] = [];
  readonly #choose: () => number;
  #percent = 0;
  #number = 0;

  /** @param choose - Gives numbers from 0 to 99. */
  constructor(choose: () => number) {
    this.#choose = choose;
    this.#deployed = deployment({
      delivery: () => (this.#choose() < this.#percent ? { copies: 0, delayMs: 0 } : undefined),
    });
  }

  async begin(): Promise<void> {
    for (let index = 0; index < 3; index += 1) {
      const node = await this.#node();
      this.#seats.push({ node, changes: node.presence().changes(), tracked: [] });
    }
  }

  async do(command: Command): Promise<void> {
    if (command.kind === 'wait') return this.#deployed.clock.advance(command.ms);
    if (command.kind === 'lose') return void (this.#percent = command.percent);
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
    this.#percent = 0;
    for (const { node } of this.#seats) node.link.mend();
    await this.#deployed.clock.advance(90_000);
    await settle();
    const lists = this.#seats.map(({ node }) => [node.counts(), node.presence().list().missingNodes]);
    await Promise.all([...this.#seats.map(({ node }) => node.close()), this.#deployed.clock.advance(2000)]);
    return [...lists, this.#deployed.clock.timers];
  }

  model(): readonly unknown[] {
    const counts: Record<string, number> = {};
    for (const { tracked } of this.#seats) for (const [key] of tracked) counts[key] = (counts[key] ?? 0) + 1;
    return [...this.#seats.map(() => [counts, []]), 0];
  }

  async #node(): Promise<PresenceNode> {
    this.#number += 1;
    return await presenceNode(this.#deployed, `node-${this.#number}`);
  }

  /** All sockets end, and with them the room is not in use; then it is entered again. */
  async #leaveRoom(seat: Seat): Promise<void> {
    for (const [, socket] of seat.tracked.splice(0)) socket.end();
    seat.changes[Symbol.dispose]();
    // After the grace the room is not in use, and five seconds later its node is out of it.
    await this.#deployed.clock.advance(this.#choose() < 50 ? 6000 : 12_000);
    seat.changes = seat.node.presence().changes();
  }

  async #replace(seat: Seat, how: 'crash' | 'goodbye'): Promise<void> {
    const { node, tracked } = seat;
    tracked.length = 0;
    if (how === 'goodbye') await Promise.all([node.close(), this.#deployed.clock.advance(1000)]);
    node.link.cut();
    node.relay.close();
    node.registry.close();
    void node.bus.close();
    await this.#deployed.clock.advance(1500);
    seat.node = await this.#node();
    seat.changes = seat.node.presence().changes();
  }
}

it('each node lists what a model counts, once all is quiet', LAW, async () => {
  await fc.assert(
    fc.asyncProperty(commands, fc.infiniteStream(fc.nat(99)), async (script, choices) => {
      const game = new Game(() => choices.next().value as number);
      await game.begin();
      for (const command of script) await game.do(command);
      expect(await game.end()).toEqual(game.model());
    }),
    tries(5),
  );
});
