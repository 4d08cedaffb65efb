// The law of what is retained between nodes: for random publishes, removals, lost messages, cuts,
// crashes and publishers without versions, once all is quiet each node retains the same, and of
// each key what some node has published last.

import fc from 'fast-check';
import { expect, it } from 'vitest';
import { settle } from 'corosock/testing';
import type { PresenceNode } from './presence-nodes.ts';
import { at, playScripts, RandomNodes } from './random-nodes.ts';
import type { Choose, Passing } from './random-nodes.ts';
import { LAW } from '../fixtures/law.ts';
import { encodeEnvelope, KIND } from '../../src/hub/envelope.ts';
import { roomBodyOf } from '../../src/hub/room-body.ts';

type Command =
  | { readonly kind: 'put' | 'remove' | 'foreign'; readonly at: number; readonly key: string }
  | { readonly kind: 'cut' | 'mend' | 'crash' | 'leave'; readonly at: number };

const key = fc.constantFrom('', 'a', 'b', '__proto__');
const COMMANDS: ReadonlyArray<fc.WeightedArbitrary<Command>> = [
  { weight: 8, arbitrary: fc.record({ kind: fc.constant('put'), at, key }) },
  { weight: 3, arbitrary: fc.record({ kind: fc.constant('remove'), at, key }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('foreign'), at, key }) },
  {
    weight: 6,
    arbitrary: fc.record({ kind: fc.constantFrom('cut', 'mend', 'mend', 'crash', 'leave'), at }),
  },
];

/** What one node has published under a key, in order. Empty: a removal. */
type Published = Map<string, string[]>;

interface Seat {
  node: PresenceNode;
  published: Published;
  inRoom: Disposable;
}

class Game {
  readonly #nodes: RandomNodes;
  readonly #seats: Seat[] = [];
  /** Of nodes that have crashed, and of others that do not count: some of it may be lost. */
  readonly #lost: Published[] = [new Map()];
  readonly #choose: Choose;
  #number = 0;

  constructor(choose: Choose) {
    this.#choose = choose;
    this.#nodes = new RandomNodes(choose, () => ({ copies: 1, delayMs: choose() }));
  }

  async begin(): Promise<void> {
    for (let index = 0; index < 3; index += 1) this.#seats.push(await this.#seat());
  }

  async do(command: Command | Passing): Promise<void> {
    if (command.kind === 'wait' || command.kind === 'lose') return this.#nodes.pass(command);
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
    const nodes = this.#seats.map(({ node }) => node);
    await this.#nodes.quiet(nodes, 30_000);
    const retained = nodes.map((node) => {
      const entries = [...node.registry.retained('r')].map(([each, { data }]) => [keyOf(each), String(data)]);
      return Object.fromEntries(entries.filter(([, data]) => data !== '')) as Record<string, string>;
    });
    await this.#nodes.close(nodes);
    return retained;
  }

  get timers(): number {
    return this.#nodes.timers;
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
    const node = await this.#nodes.make();
    return { node, published: new Map(), inRoom: node.registry.room('r').subscribe() };
  }

  /** It has the room only as long as it retains something, and then enters it again. */
  async #leave(seat: Seat): Promise<void> {
    seat.inRoom[Symbol.dispose]();
    await this.#nodes.advance(this.#choose() < 50 ? 1000 : 12_000);
    seat.inRoom = seat.node.registry.room('r').subscribe();
  }

  async #crash(index: number): Promise<void> {
    const { node, published } = this.#seats[index] as Seat;
    this.#lost.push(published);
    await this.#nodes.crash(node);
    this.#seats[index] = await this.#seat();
  }
}

function keyOf(key: true | string): string {
  return key === true ? '' : key;
}

it('each node retains the same, once all is quiet, and what some node has published last', LAW, async () => {
  await playScripts(3, COMMANDS, async (script, choose) => {
    const game = new Game(choose);
    await game.begin();
    for (const command of script) await game.do(command);
    const [first, ...others] = await game.end();
    expect(game.timers).toBe(0);
    expect(others).toEqual(others.map(() => first));
    for (const of of ['', 'a', 'b', '__proto__'])
      expect([...game.allowed(of)]).toContain(Object.hasOwn(first ?? {}, of) ? first?.[of] : undefined);
  });
});
