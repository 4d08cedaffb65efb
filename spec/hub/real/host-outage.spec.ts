// Hosts whose broker is absent, stopped, killed, or cuts them: what a host and its members see.

import { serve } from 'corosock';
import type { Handler, Host } from 'corosock';
import { connect } from 'corosock/client';
import { readFileSync } from 'node:fs';
import { setImmediate as nextTurn, setTimeout as wait } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { BUSY_MS, Deployment, KINDS, NodeProgram, SERVERS } from './deployments.ts';
import type { Kind } from './deployments.ts';
import { follow, untilFollowed } from './followed-room.ts';
import type { Followed } from './followed-room.ts';
import { CutProxy } from '../../brokers/cut-proxy.ts';
import { MemoryHost } from '../../fixtures/memory-host.ts';
import { refused } from '../../fixtures/refused.ts';
import { upgradeRequest } from '../../peers/raw-client.ts';
import { outageReport } from '../../fixtures/outage-report.ts';
import { CLOSE_AFTER_MS } from '../../../src/server/host-node.ts';

let program: NodeProgram;
beforeAll(async () => {
  program = await NodeProgram.make();
});
afterAll(() => program[Symbol.asyncDispose]());

const untilClosed: Handler = async (ws) => void (await ws.closed);

describe.concurrent.each(KINDS)('a host over $title', { timeout: BUSY_MS }, (kind) => {
  it.skipIf(!kind.isHere)(
    'K2: refuses within 3 s of a stop, closes after half a minute, and is back',
    async () => {
      await using deployment = await Deployment.of(kind, program);
      const { broker } = await deployment.node();
      const { clock } = deployment;
      const options = { clock, broker, whenBrokerDown: 'refuse', heartbeat: false } as const;
      await using host = await serve(untilClosed, { ...options, report: outageReport });
      const client = await connect(host.url);
      await deployment.broker.pause();
      // The links are asked each second, and have two for the answer. These timers are set behind
      // theirs, and are as late as they are where the machine is busy.
      await wait(1000);
      await wait(2000);
      for (let turn = 0; turn < 10; turn += 1) await nextTurn();
      expect([host.brokerHealth.broker, host.ready]).toEqual(['down', false]);
      const answer = await refused(host.port, upgradeRequest());
      expect([answer.status, answer.headers['retry-after']]).toEqual([503, '5']);
      await clock.advance(CLOSE_AFTER_MS);
      expect(await client.closed).toMatchObject({ code: 1012, reason: 'retry-after=5' });
      deployment.broker.resume();
      await deployment.until('the host is ready', () => host.ready);
      const again = await connect(host.url);
      await again.close();
    },
  );

  it.skipIf(!kind.isHere)('K1: is not ready until a broker is there that was absent', async () => {
    await using deployment = await Deployment.of(kind, program);
    await deployment.broker.takeAway();
    const { broker } = deployment.soon();
    const { host } = new MemoryHost({ clock: deployment.clock, broker, whenBrokerDown: 'refuse' });
    const { events } = follow(host.room('lobby'));
    expect([host.ready, await host.room('lobby').publish('lost').relayed]).toEqual([false, 'failed']);
    await deployment.clock.advance(1);
    await deployment.broker.bringBack();
    await deployment.until('the host is ready', () => host.ready);
    expect(await host.room('lobby').publish('first').relayed).toBe('sent');
    expect(events.toSorted()).toEqual(['first', 'gap', 'lost']);
    await host.close({ graceMs: 0 });
  });

  it.skipIf(!kind.isHere)('L7: closes within its time while the broker does not answer', async () => {
    await using deployment = await Deployment.of(kind, program);
    const { host, clock } = await deployment.host();
    host.room('lobby').subscribe();
    await deployment.broker.pause();
    const beganMs = clock.now();
    await host.close({ graceMs: 0 });
    expect(clock.now() - beganMs).toBeLessThanOrEqual(2000);
  });
});

/** A host behind a proxy that a spec cuts, and one that publishes to it. */
interface Pair extends AsyncDisposable {
  readonly deployment: Deployment;
  readonly proxy: CutProxy;
  readonly host: Host;
  readonly other: Host;
}

async function pairOver(kind: Kind): Promise<Pair> {
  const deployment = await Deployment.of(kind, program);
  const proxy = await CutProxy.to(deployment.broker.port);
  const { host } = await deployment.host({}, proxy.port);
  const { host: other } = await deployment.host();
  return {
    deployment,
    proxy,
    host,
    other,
    async [Symbol.asyncDispose]() {
      await deployment[Symbol.asyncDispose]();
      await proxy[Symbol.asyncDispose]();
    },
  };
}

/** Follows the lobby; then the host hears nothing of its broker. @returns What comes, in order. */
async function followAndStall(pair: Pair): Promise<Followed['events']> {
  const followed = follow(pair.host.room('lobby'));
  await untilFollowed(pair, 'lobby', followed);
  pair.proxy.stallInbound();
  return followed.events;
}

const BIG_MESSAGES = 120;
const BIG = 'x'.repeat(262_144);

/** Finds numbers that do not follow the one before them, and are behind no gap. */
function silentLosses(events: readonly string[]): readonly string[] {
  return events.filter((event, index) => {
    const before = index === 0 ? -1 : Number.parseInt(events[index - 1] ?? '', 10);
    return event !== 'gap' && !Number.isNaN(before) && Number.parseInt(event, 10) !== before + 1;
  });
}

describe.concurrent.each(SERVERS)('what a host follows over $title', { timeout: BUSY_MS }, (kind) => {
  it.skipIf(!kind.isHere)('K9: has a gap where the server cuts it, for it does not read', async () => {
    await using pair = await pairOver(kind);
    const { deployment, proxy, host, other } = pair;
    const events = await followAndStall(pair);
    for (let sent = 0; sent < BIG_MESSAGES; sent += 1) {
      expect(await other.room('lobby').publish(`${sent} ${BIG}`).relayed).toBe('sent');
    }
    proxy.resume();
    await deployment.until('the gap is told', () => events.includes('gap'));
    await deployment.until('the host is up', () => host.brokerHealth.broker === 'up');
    let said = BIG_MESSAGES;
    await deployment.until('messages arrive again', async () => {
      await other.room('lobby').publish(`${said}`).relayed;
      said += 1;
      return Number.parseInt(events.at(-1) ?? '', 10) >= BIG_MESSAGES;
    });
    expect(silentLosses(events)).toEqual([]);
  });

  it.skipIf(!kind.isHere)('K2: has a gap where a server has lost what it had taken', async () => {
    await using pair = await pairOver(kind);
    const { deployment, proxy, host, other } = pair;
    const events = await followAndStall(pair);
    expect(await other.room('lobby').publish('lost').relayed).toBe('sent');
    await deployment.broker.kill();
    proxy.cut();
    await deployment.broker.start();
    await deployment.until('both are up', () => {
      return [host, other].every(({ brokerHealth }) => brokerHealth.broker === 'up');
    });
    expect(await other.room('lobby').publish('after').relayed).toBe('sent');
    await deployment.until('it has come', () => events.at(-1) === 'after');
    expect([...new Set(events)]).toEqual(['gap', 'after']);
  });
});

const ROOMS = 10_000;
/** How long a host may take to be back. */
const BACK_MS = 2000;
/** Heartbeats, and some more: not one for each room. */
const FEW_MESSAGES = ROOMS / 10;

/**
 * How long a thread has waited for a processor so far. Linux alone tells it: elsewhere it is 0, and
 * time in which other programs had the processors counts, too.
 *
 * @param whose - Below /proc.
 */
function waitedMs(whose: string): number {
  if (process.platform !== 'linux') return 0;
  return Number(readFileSync(`/proc/${whose}/schedstat`, 'utf8').split(' ')[1]) / 1_000_000;
}

const count = (text: string, pattern: RegExp): number => (text.match(pattern) ?? []).length;

describe.each(SERVERS)('10,000 rooms of a host over $title', { timeout: BUSY_MS }, (kind) => {
  it.skipIf(!kind.isHere)(
    'K11: are back within 2 s of the return of the server, without a storm',
    async () => {
      await using pair = await pairOver(kind);
      const { deployment, proxy, host, other } = pair;
      const rooms = Array.from({ length: ROOMS }, (_, index) => follow(host.room(`${index}`)));
      await untilFollowed(pair, `${ROOMS - 1}`, rooms.at(-1) as Followed);
      // The nodes know each other, and what they had to ask is asked.
      await deployment.clock.advance(5000);
      await deployment.broker.kill();
      await deployment.until('the host is down', () => host.brokerHealth.broker === 'down');
      const sent = proxy.record();
      await deployment.broker.start();
      // Time in which other programs had the processors does not count.
      const workedMs = (): number =>
        performance.now() - waitedMs('thread-self') - waitedMs(`${deployment.broker.pid}`);
      const backMs = workedMs();
      await deployment.until('the host is up', () => host.brokerHealth.broker === 'up');
      expect(workedMs() - backMs).toBeLessThan(BACK_MS);
      await deployment.until('the other is up', () => other.brokerHealth.broker === 'up');
      for (let index = 0; index < ROOMS; index += 100) other.room(`${index}`).publish('after');
      await deployment.until('all have come', () => {
        return rooms.every(({ events }, index) => index % 100 > 0 || events.at(-1) === 'after');
      });
      expect(rooms.filter(({ events }) => events[0] === 'gap').length).toBe(ROOMS);
      await deployment.clock.advance(5000);
      // One SUB of NATS for each room; Redis takes many with one command.
      expect(count(sent(), /^SUB |\r\nsubscribe\r\n/gim)).toBeLessThan(ROOMS + FEW_MESSAGES);
      expect(count(sent(), /^H?PUB |\r\npublish\r\n/gim)).toBeLessThan(FEW_MESSAGES);
    },
  );
});
