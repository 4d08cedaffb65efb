// The opening handshake of a client of a world, whose link fails before there is a conversation.

import { describe, expect, it } from 'vitest';
import type { CloseInfo, Handler, Host } from 'corosock';
import { simulate } from 'corosock/testing';
import type { FakeOptions, World, WorldClient } from 'corosock/testing';
import type { SeededWorld } from '../../../../src/testing/simulation/world/seeded-world.ts';
import { seededWorld } from '../seeded-worlds.ts';
import { WorldHandshake } from '../../../../src/testing/simulation/links/world-handshake.ts';
import { HostFaults } from '../../../../src/testing/simulation/seeded/seeded-faults.ts';
import { WorldLink } from '../../../../src/testing/simulation/links/world-link.ts';
import { NO_FAULTS } from '../../../../src/testing/simulation/seeded/faults.ts';
import { Choices, randomnessOf, seededRandom } from '../../../../src/testing/simulation/seeded/choices.ts';
import { MemoryServer } from '../../../../src/testing/memory-server.ts';
import { noop } from '../../../../src/core/noop.ts';

/** One handshake, over a link that the spec holds from its beginning. */
interface Opening {
  readonly link: WorldLink;
  readonly begin: () => Promise<WorldClient>;
  readonly host: Host;
  /** How sockets of the host have ended. */
  readonly ends: CloseInfo[];
  /** Handlers that have begun. */
  readonly begun: unknown[];
}

function openingIn(
  { agenda }: SeededWorld,
  onPreServer?: (signal: AbortSignal, link: WorldLink) => Promise<void>,
): Opening {
  const ends: CloseInfo[] = [];
  const begun: unknown[] = [];
  const handler: Handler = async (ws) => {
    begun.push(ws);
    await ws.closed;
  };
  const hook = { onPreServer: ({ signal }: { readonly signal: AbortSignal }) => onPreServer?.(signal, link) };
  const options: FakeOptions = {
    clock: agenda,
    onClose: (_, end) => void ends.push(end),
    ...(onPreServer === undefined ? undefined : hook),
  };
  const server = new MemoryServer('spec', handler, options, randomnessOf(seededRandom(1)));
  const ignored = { tell: noop, join: noop, checkCaller: noop };
  const parts = { agenda, choices: new Choices(1), faults: NO_FAULTS, ...ignored };
  const link = new WorldLink(parts, new HostFaults(parts, 'host 1'), 'client 1');
  const begin = (): Promise<WorldClient> => {
    const client = new WorldHandshake(server, link, agenda).open(server.first, true);
    client.catch(() => {});
    return client;
  };
  return { link, begin, host: server.host, ends, begun };
}

function untilAborted(signal: AbortSignal): Promise<unknown> {
  return new Promise((resolve) => {
    signal.addEventListener('abort', resolve);
  });
}

const GONE = { name: 'AbortError', message: 'The client has given the handshake up' };

describe('A handshake whose link is reset', () => {
  it('H3: aborts the hook that decides, and starts no handler', async () => {
    await using w = seededWorld();
    let reason: unknown;
    const { link, begin, begun } = openingIn(w, async (signal) => {
      await untilAborted(signal);
      reason = signal.reason;
    });
    const client = begin();
    await w.settle();
    link.reset();
    await expect(client).rejects.toMatchObject({ status: undefined, cause: { code: 'ECONNRESET' } });
    await w.settle();
    expect([reason, begun]).toMatchObject([GONE, []]);
  });

  it('ends the socket of a hook that has just decided', async () => {
    await using w = seededWorld();
    const { begin, ends, begun } = openingIn(w, async (_, link) => link.reset());
    await expect(begin()).rejects.toThrow('The handshake failed: socket hang up');
    await w.settle();
    expect([ends, begun.length]).toMatchObject([[{ code: 1006, by: 'link' }], 1]);
  });

  it('is not seen by the host before the request has arrived', async () => {
    await using w = seededWorld();
    const { link, begin, ends, begun } = openingIn(w);
    const client = begin();
    link.reset();
    await expect(client).rejects.toMatchObject({ status: undefined });
    await w.settle();
    expect([ends, begun]).toEqual([[], []]);
  });
});

describe('A handshake without an answer', () => {
  const problem = 'The handshake failed: no answer within 10000 ms';

  it('is given up after 10 s, and leaves no timer', async () => {
    await using w = seededWorld();
    const { link, begin } = openingIn(w);
    link.cut();
    const client = begin();
    await w.clock.advance(9999);
    const timers = w.clock.timers;
    await w.clock.advance(1);
    await expect(client).rejects.toThrow(problem);
    expect([timers, w.clock.timers]).toEqual([1, 0]);
  });

  it('aborts the hook when the host hears of it', async () => {
    await using w = seededWorld();
    const reasons: unknown[] = [];
    const { link, begin, host } = openingIn(w, async (signal) => {
      await untilAborted(signal);
      reasons.push(signal.reason);
    });
    link.stall();
    const client = begin();
    await w.clock.advance(8000);
    link.heal();
    await w.clock.advance(2000);
    await expect(client).rejects.toThrow(problem);
    await w.settle();
    expect([reasons, host.sockets.size]).toMatchObject([[GONE], 0]);
  });

  it('ends the socket of a request that arrives when the client has gone', async () => {
    await using w = seededWorld();
    const { link, begin, ends } = openingIn(w);
    link.stall('out');
    const client = begin();
    await w.clock.advance(10_000);
    await expect(client).rejects.toThrow(problem);
    link.heal();
    await w.settle();
    expect(ends).toMatchObject([{ code: 1006, by: 'link' }]);
  });

  it('ends the socket whose answer does not arrive', async () => {
    await using w = seededWorld();
    const { link, begin, ends, begun } = openingIn(w);
    link.stall('in');
    const client = begin();
    await w.clock.advance(9999);
    const before = [begun.length, ends.length];
    await w.clock.advance(1);
    await expect(client).rejects.toThrow(problem);
    expect([before, ends]).toMatchObject([[1, 0], [{ code: 1006, by: 'link' }]]);
  });
});

describe('The answer to a handshake', () => {
  it('comes before the close of a host that closes at once, in each order', async () => {
    const ends: Array<CloseInfo | undefined> = [];
    const scenario = async (w: World): Promise<void> => {
      const host = w.serve(() => {});
      const visit = async (): Promise<void> => {
        for (let visits = 0; visits < 4; visits += 1) {
          const client = await w.connect(host);
          ends.push(client.closeInfo);
          await client.closed;
        }
      };
      await Promise.all(['one', 'two', 'three'].map((name) => w.spawn(name, visit)));
    };
    await simulate(scenario, { runs: 20 });
    expect(ends).toEqual(Array<undefined>(20 * 3 * 4).fill(undefined));
  });
});
