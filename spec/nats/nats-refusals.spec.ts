// A real NATS server that refuses single addresses: to a user who may not have them, and above
// `max_subscriptions`; when they are asked for, while they are in force, and after a reconnect.

import type { Subscription } from 'corosock';
import { brokerContract } from 'corosock/testing';
import type { Broker } from 'corosock/testing';
import { describe, expect, it } from 'vitest';
import { isNatsHere, StrictNats, withoutNats } from './nats-scene.ts';
import { text, until } from '../brokers/broker-stories.ts';
import { MemoryHost } from '../fixtures/memory-host.ts';
import { quiet, record } from '../../src/testing/contracts/recorded-node.ts';
import type { Recorded } from '../../src/testing/contracts/recorded-node.ts';
import { realClock } from '../../src/time/real-clock.ts';

/** Subscribes to all in one turn. @returns Those that are in force, and why the others are not. */
async function recordAll(
  node: Broker,
  addresses: readonly string[],
): Promise<{ readonly taken: ReadonlyMap<string, Recorded>; readonly refused: ReadonlyMap<string, string> }> {
  const taken = new Map<string, Recorded>();
  const refused = new Map<string, string>();
  await Promise.all(
    addresses.map((address) =>
      record(node, address).then(
        (recorded) => taken.set(address, recorded),
        (error: Error) => refused.set(address, String(error.cause)),
      ),
    ),
  );
  return { taken, refused };
}

/** Says which addresses get what another node publishes. */
async function heard(from: Broker, taken: ReadonlyMap<string, Recorded>): Promise<readonly string[]> {
  for (const recorded of taken.values()) (recorded.events as string[]).length = 0;
  for (const address of taken.keys()) await from.publish(address, text('here'));
  await quiet();
  return [...taken].filter(([, { events }]) => events.includes('here')).map(([address]) => address);
}

/** A host, what it reports, and what comes to a room of it. */
class FollowedHost implements AsyncDisposable {
  readonly events: string[] = [];
  readonly subscription: Subscription;
  readonly #memory: MemoryHost;

  constructor(broker: Broker, room: string) {
    this.#memory = new MemoryHost({ clock: realClock, broker });
    this.subscription = this.#memory.host.room(room).subscribe();
    void this.#follow();
  }

  get reports(): MemoryHost['reports'] {
    return this.#memory.reports;
  }

  /** Publishes until it has come to another host. */
  async say(room: string, words: string, other: FollowedHost): Promise<void> {
    const publish = (): void => void this.#memory.host.room(room).publish(words);
    await until(`${words} has come`, () => {
      if (!other.events.includes(words)) publish();
      return other.events.includes(words);
    });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#memory.host.close({ graceMs: 0 });
  }

  async #follow(): Promise<void> {
    for await (const event of this.subscription)
      this.events.push('gap' in event ? 'gap' : String(event.data));
  }
}

const TOO_MANY = 'ProtocolError: maximum subscriptions exceeded';

describe.skipIf(!isNatsHere)(`a NATS server that refuses addresses${withoutNats}`, () => {
  it.each(brokerContract.filter(({ name }) => name.startsWith('14.')))('$name', async ({ run }) => {
    const running = run(async () => {
      const strict = await StrictNats.start();
      return {
        nodes: [await strict.node(), await strict.node(), await strict.node()] as const,
        refuse: (address) => strict.deny(address),
        allowAll: () => strict.allowAll(),
        [Symbol.asyncDispose]: () => strict[Symbol.asyncDispose](),
      };
    });
    await expect(running).resolves.toBeUndefined();
  });

  it('K14: refuses one address of a turn alone, and says why', async () => {
    await using strict = await StrictNats.start();
    const [one, two] = [await strict.node(), await strict.node()];
    await strict.deny('b');
    const { taken, refused } = await recordAll(two, ['a', 'b', 'c']);
    expect([...refused]).toEqual([['b', expect.stringContaining('Permissions Violation for Subscription')]]);
    expect(await heard(one, taken)).toEqual(['a', 'c']);
  });

  it('K14: refuses one address after a reconnect, and is up with the others', async () => {
    await using strict = await StrictNats.start();
    const [one, two] = [await strict.node(), await strict.node()];
    const { taken } = await recordAll(two, ['a', 'b', 'c']);
    await strict.restart({ deny: ['b'] });
    await until('it is refused', () => taken.get('b')?.events.at(-1) === 'refused');
    await until('both are up', () => one.isUp && two.isUp);
    expect(Array.from(taken.values(), ({ events }) => events)).toEqual([
      ['gap'],
      ['gap', 'refused'],
      ['gap'],
    ]);
    expect(await heard(one, taken)).toEqual(['a', 'c']);
  });

  it('K14: refuses those above max_subscriptions, and has room again when others end', async () => {
    await using strict = await StrictNats.start(3);
    const [one, two] = [await strict.node(), await strict.node()];
    const { taken, refused } = await recordAll(two, ['a', 'b', 'c', 'd', 'e']);
    expect([[...taken.keys()], [...refused]]).toEqual([
      ['a', 'b', 'c'],
      [
        ['d', TOO_MANY],
        ['e', TOO_MANY],
      ],
    ]);
    expect(await heard(one, taken)).toEqual(['a', 'b', 'c']);
    await taken.get('b')?.subscription[Symbol.asyncDispose]();
    const later = await recordAll(two, ['e', 'd']);
    expect([[...later.taken.keys()], [...later.refused.keys()]]).toEqual([['e'], ['d']]);
    expect(await heard(one, new Map([...taken, ...later.taken]))).toEqual(['a', 'c', 'e']);
  });

  it('K14: refuses those above max_subscriptions after a reconnect, and keeps the first ones', async () => {
    await using strict = await StrictNats.start(5);
    const [one, two] = [await strict.node(), await strict.node()];
    const { taken } = await recordAll(two, ['a', 'b', 'c', 'd', 'e']);
    await strict.restart({ limit: 3, deny: ['e'] });
    await until('they are refused', () => taken.get('d')?.events.at(-1) === 'refused');
    await until('both are up', () => one.isUp && two.isUp);
    expect(taken.get('e')?.events).toEqual(['gap', 'refused']);
    expect(await heard(one, taken)).toEqual(['a', 'b', 'c']);
  });

  it('K14: has a host report a refused room once, with a gap, and the room again once it may', async () => {
    await using strict = await StrictNats.start();
    const [one, two] = [await strict.node(), await strict.node()];
    await using far = new FollowedHost(one, 'vip');
    await using near = new FollowedHost(two, 'vip');
    await far.say('vip', 'before', near);
    await strict.deny('room:vip');
    await until('it is reported', () => near.reports.length > 0);
    expect(near.reports).toMatchObject([
      [
        {
          code: 'COROSOCK_BROKER',
          message: 'The broker refuses this node the room "vip": nothing of other nodes arrives there',
          cause: { name: 'PermissionViolationError' },
        },
        { phase: 'broker' },
      ],
    ]);
    const count = near.events.length;
    expect(near.events.at(-1)).toBe('gap');
    await strict.allowAll();
    await far.say('vip', 'after', near);
    expect([near.events.slice(count).filter((event) => event !== 'after'), near.reports.length]).toEqual([
      ['gap'],
      1,
    ]);
  });
});
