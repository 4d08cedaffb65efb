// Random publishes around random joins, on one node and on two: what a new member has written of
// `retained`, and got live behind it, adds up to what a member has that was there before.

import fc from 'fast-check';
import { memoryBroker } from 'corosock';
import type { ClientSocket } from 'corosock/client';
import type { Handler, ServerSocket } from 'corosock';
import { settle, virtualClock } from 'corosock/testing';
import { describe, expect, it } from 'vitest';
import { MemoryHost } from '../fixtures/memory-host.ts';
import { turn } from '../time/hand-clock.ts';

type Command =
  | { readonly kind: 'publish'; readonly at: number; readonly key: string | undefined }
  | { readonly kind: 'join'; readonly at: number; readonly awaits: number }
  | { readonly kind: 'job' | 'turn' };

const at = fc.nat(1);
const commands = fc.array(
  fc.oneof(
    {
      weight: 6,
      arbitrary: fc.record({
        kind: fc.constant('publish'),
        at,
        key: fc.option(fc.constantFrom('x', 'y', 'z'), { freq: 4, nil: undefined }),
      }),
    },
    { weight: 2, arbitrary: fc.record({ kind: fc.constant('join'), at, awaits: fc.nat(3) }) },
    { weight: 5, arbitrary: fc.record({ kind: fc.constantFrom('job', 'turn') }) },
  ) as fc.Arbitrary<Command>,
  { maxLength: 40, size: 'max' },
);

/** One message: who has published it, under which key, and its number. */
interface Said {
  readonly at: string;
  readonly key: string;
  readonly number: number;
}

function saidIn(text: unknown): Said {
  const [at = '', key = '', number] = String(text).split(' ');
  return { at, key, number: Number(number) };
}

/** A handler that writes what is retained, behind so many awaits of its helpers. */
function handlerOf(room: string, awaits: number): Handler {
  const enter = async (ws: ServerSocket, left: number): ReturnType<ServerSocket['join']> =>
    left === 0 ? ws.join(room) : await enter(ws, left - 1);
  return async (ws) => {
    const membership = await enter(ws, awaits);
    for (const data of membership.retained) void ws.write(data);
    await ws.closed;
  };
}

/** Nodes, which know of each other that they retain something; each game has a room of its own. */
async function startNodes(count: number): Promise<readonly MemoryHost[]> {
  const clock = virtualClock();
  const deployment = memoryBroker({ clock });
  const nodes = Array.from(
    { length: count },
    () => new MemoryHost({ clock, ...(count > 1 && { broker: deployment.node() }) }),
  );
  await clock.advance(1000);
  for (const { host } of nodes) host.room('other').publish('x', { retain: true });
  await clock.advance(2000);
  return nodes;
}

class Game {
  readonly #nodes: readonly MemoryHost[];
  readonly #room: string;
  readonly #clients: ClientSocket[] = [];
  #number = 0;

  constructor(nodes: readonly MemoryHost[], room: string) {
    this.#nodes = nodes;
    this.#room = room;
  }

  /** One member is there from the beginning, and its node keeps something; the other may. */
  async begin(isKeptByAll: boolean): Promise<void> {
    this.#join(0, 0);
    await settle();
    this.#publish(0, 'x');
    if (isKeptByAll) this.#publish(1, 'y');
    await settle();
  }

  async do(command: Command): Promise<void> {
    if (command.kind === 'publish') return this.#publish(command.at, command.key);
    if (command.kind === 'join') return this.#join(command.at, command.awaits);
    return command.kind === 'turn' ? turn() : Promise.resolve();
  }

  /** What each client has got, that of the first member first. */
  async end(): Promise<ReadonlyArray<readonly Said[]>> {
    await settle();
    return await Promise.all(this.#clients.map(heardBy));
  }

  #publish(of: number, key: string | undefined): void {
    const node = of % this.#nodes.length;
    this.#number += 1;
    const text = `${node} ${key ?? '-'} ${this.#number}`;
    const options = key === undefined ? {} : { retain: `${node} ${key}` };
    this.#nodes[node]?.host.room(this.#room).publish(text, options);
  }

  #join(of: number, awaits: number): void {
    const visit = this.#nodes[of % this.#nodes.length]?.visit(handlerOf(this.#room, awaits));
    if (visit !== undefined) this.#clients.push(visit.client);
  }
}

async function heardBy(client: ClientSocket): Promise<Said[]> {
  const heard: Said[] = [];
  for (;;) {
    const [text, status] = await client.readMessage(0);
    if (status !== 'ok') return heard;
    heard.push(saidIn(text));
  }
}

/** The last message of each key. */
function stateOf(heard: readonly Said[]): Readonly<Record<string, number>> {
  const kept = heard.filter(({ key }) => key !== '-');
  return Object.fromEntries(kept.map(({ at: node, key, number }) => [`${node} ${key}`, number]));
}

describe.each([1, 2])('what is retained, and then live, with %i nodes', (nodes) => {
  it('adds up to the state of an old member, in order, without doubles', async () => {
    const hosts = await startNodes(nodes);
    let games = 0;
    let joins = 0;
    const property = fc.asyncProperty(commands, fc.boolean(), async (script, isKeptByAll) => {
      const game = new Game(hosts, `room ${(games += 1)}`);
      await game.begin(isKeptByAll);
      for (const command of script) await game.do(command);
      const [old = [], ...others] = await game.end();
      for (const heard of others) {
        joins += 1;
        expect(stateOf(heard)).toEqual(stateOf(old));
        for (const from of ['0', '1']) {
          const numbers = heard.filter(({ at: node }) => node === from).map(({ number }) => number);
          expect(numbers).toEqual([...new Set(numbers)].toSorted((a, b) => a - b));
        }
      }
    });
    await fc.assert(property, { numRuns: 100 });
    expect(joins).toBeGreaterThan(50);
  });
});
