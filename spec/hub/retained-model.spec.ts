// The law of what is retained between nodes: for random publishes, removals, lost messages, cuts,
// crashes and publishers without versions, once all is quiet each node retains the same, and of
// each key what some node has published last.

import fc from 'fast-check';
import { expect, it } from 'vitest';
import { settle } from 'corosock/testing';
import { deployment } from './bus-fixtures.ts';
import type { Deployment } from './bus-fixtures.ts';
import { presenceNode } from './presence-nodes.ts';
import type { PresenceNode } from './presence-nodes.ts';
import { LAW, tries } from '../fixtures/law.ts';
import { encodeEnvelope, KIND } from '../../src/hub/envelope.ts';
import { roomBodyOf } from '../../src/hub/room-body.ts';

type Command =
  | { readonly kind: 'put' | 'remove' | 'foreign'; readonly at: number; readonly key: string }
  | { readonly kind: 'cut' | 'mend' | 'crash' | 'leave'; readonly at: number }
  | { readonly kind: 'lose'; readonly percent: number }
  | { readonly kind: 'wait'; readonly ms: number };

const at = fc.nat(2);
const key = fc.constantFrom('', 'a', 'b', '__proto__');
const commands = fc.array(
  fc.oneof(
    { weight: 8, arbitrary: fc.record({ kind: fc.constant('put'), at, key }) },
    { weight: 3, arbitrary: fc.record({ kind: fc.constant('remove'), at, key }) },
    { weight: 2, arbitrary: fc.record({ kind: fc.constant('foreign'), at, key }) },
    {
      weight: 6,
      arbitrary: fc.record({ kind: fc.constantFrom('cut', 'mend', 'mend', 'crash', 'leave'), at }),
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

/** What one node has published under a key, in order. Empty: a removal. */
type Published = Map<string, string[]>;

interface Seat {
  node: PresenceNode;
  published: Published;
  inRoom: Disposable;
}

class Game {
  readonly #deployed: Deployment;
  readonly #seats: Seat[] = [];
  /** Of nodes that have crashed, and of others that do not count: some of it may be lost. */
  readonly #lost: Published[] = [new Map()];
  readonly #choose: () => number;
  #percent = 0;
  #number = 0;

  /** @param choose - Gives numbers from 0 to 99. */
  constructor(choose: () => number) {
    this.#choose = choose;
    this.#deployed = deployment({
      delivery: () =>
        this.#choose() < this.#percent ? { copies: 0, delayMs: 0 } : { copies: 1, delayMs: this.#choose() },
    });
  }

  async begin(): Promise<void> {
    for (let index = 0; index < 3; index += 1) this.#seats.push(await this.#seat());
  }

  async do(command: Command): Promise<void> {
    if (command.kind === 'wait') return this.#deployed.clock.advance(command.ms);
    if (command.kind === 'lose') return void (this.#percent = command.percent);
    const seat = this.#seats[command.at] as Seat;
    if (command.kind === 'put') this.#publish(seat, command.key, `${(this.#number += 1)}`);
    else if (command.kind === 'remove') this.#publish(seat, command.key, '');
    else if (command.kind === 'foreign') this.#publishForeign(seat, command.key);
    else if (command.kind === 'cut') seat.node.link.cut();
    else if (command.kind === 'mend') seat.node.link.mend();
    else if (command.kind === 'leave') await this.#leave(seat);
    else await this.#crash(command.at);
    return settle();
  }

  /** Mends all, waits until all is quiet, and gives what each node retains. */
  async end(): Promise<ReadonlyArray<Readonly<Record<string, string>>>> {
    this.#percent = 0;
    for (const { node } of this.#seats) node.link.mend();
    await this.#deployed.clock.advance(30_000);
    await settle();
    const retained = this.#seats.map(({ node }) => {
      const entries = [...node.registry.retained('r')].map(([each, { data }]) => [keyOf(each), String(data)]);
      return Object.fromEntries(entries.filter(([, data]) => data !== '')) as Record<string, string>;
    });
    await Promise.all([...this.#seats.map(({ node }) => node.close()), this.#deployed.clock.advance(2000)]);
    return retained;
  }

  get timers(): number {
    return this.#deployed.clock.timers;
  }

  /** What may be retained under a key. Undefined: nothing. */
  allowed(of: string): ReadonlySet<string | undefined> {
    const last = this.#seats.map(({ published }) => published.get(of)?.at(-1));
    const some = this.#lost.flatMap((published) => published.get(of) ?? []);
    const isEmpty = last.every((data) => data === undefined);
    const all = [...last.filter((data) => data !== undefined), ...some, ...(isEmpty ? [''] : [])];
    return new Set(all.map((data) => (data === '' ? undefined : data)));
  }

  #publish({ node, published }: Seat, under: string, data: string): void {
    published.set(under, [...(published.get(under) ?? []), data]);
    node.registry.room('r').publish(data, { retain: under === '' ? true : under });
  }

  /** A program that does not count has published it, through the link of a node. */
  #publishForeign({ node }: Seat, under: string): void {
    const data = `foreign ${(this.#number += 1)}`;
    const header = {
      kind: KIND.room,
      node: { id: 'python', epoch: 0 },
      sequence: 0,
      sincePreviousMs: Infinity,
    };
    const body = roomBodyOf({ data, except: [], retain: under === '' ? true : under });
    node.link.publish('room:r', encodeEnvelope(header, body)).catch(() => {});
    const [published] = this.#lost as [Published];
    published.set(under, [...(published.get(under) ?? []), data]);
  }

  async #seat(): Promise<Seat> {
    this.#number += 1;
    const node = await presenceNode(this.#deployed, `node-${this.#number}`);
    return { node, published: new Map(), inRoom: node.registry.room('r').subscribe() };
  }

  /** It has the room only as long as it retains something, and then enters it again. */
  async #leave(seat: Seat): Promise<void> {
    seat.inRoom[Symbol.dispose]();
    await this.#deployed.clock.advance(this.#choose() < 50 ? 1000 : 12_000);
    seat.inRoom = seat.node.registry.room('r').subscribe();
  }

  async #crash(index: number): Promise<void> {
    const { node, published } = this.#seats[index] as Seat;
    this.#lost.push(published);
    node.link.cut();
    node.relay.close();
    node.registry.close();
    void node.bus.close();
    await this.#deployed.clock.advance(1500);
    this.#seats[index] = await this.#seat();
  }
}

function keyOf(key: true | string): string {
  return key === true ? '' : key;
}

it('each node retains the same, once all is quiet, and what some node has published last', LAW, async () => {
  await fc.assert(
    fc.asyncProperty(commands, fc.infiniteStream(fc.nat(99)), async (script, choices) => {
      const game = new Game(() => choices.next().value as number);
      await game.begin();
      for (const command of script) await game.do(command);
      const [first, ...others] = await game.end();
      expect(game.timers).toBe(0);
      expect(others).toEqual(others.map(() => first));
      for (const of of ['', 'a', 'b', '__proto__'])
        expect([...game.allowed(of)]).toContain(Object.hasOwn(first ?? {}, of) ? first?.[of] : undefined);
    }),
    tries(3),
  );
});
