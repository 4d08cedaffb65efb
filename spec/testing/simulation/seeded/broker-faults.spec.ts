// What a seed does to the messages between the nodes of a world, and to the nodes.

import { describe, expect, it } from 'vitest';
import type { Handler } from 'corosock';
import type { Faults, MemoryNode } from 'corosock/testing';
import { faultsToldBy, recordedWorld } from '../seeded-worlds.ts';
import type { Report } from '../../../../src/server/report.ts';
import { noop } from '../../../../src/core/noop.ts';

const idle: Handler = async (ws) => void (await ws.closed);

/** So much time has each fault of a node that was just made, with the longest cut. */
const ALL_MS = 130_000;

interface Sent {
  readonly came: readonly number[];
  readonly gaps: readonly number[];
  readonly told: readonly string[];
  /** The most milliseconds that an acknowledgement has taken. */
  readonly slowestMs: number;
  readonly failed: number;
}

/** Sends numbers from one node to another, one a second. */
async function send(seed: number, faults: Faults, count: number): Promise<Sent> {
  await using w = recordedWorld({ seed, faults });
  const [one, two] = [w.broker(), w.broker()];
  const [came, gaps]: [number[], number[]] = [[], []];
  await two.subscribe(
    'room',
    (bytes) => void came.push(bytes[0] as number),
    (forMs) => void gaps.push(forMs),
  );
  let [slowestMs, failed] = [0, 0];
  for (let at = 0; at < count; at += 1) {
    const sentMs = w.clock.now();
    one.publish('room', Uint8Array.of(at)).then(
      () => (slowestMs = Math.max(slowestMs, w.clock.now() - sentMs)),
      () => (failed += 1),
    );
    await w.clock.advance(1000);
  }
  await w.clock.advance(ALL_MS);
  return { came, gaps, told: faultsToldBy(w), slowestMs, failed };
}

function numbers(from: number, to: number): readonly number[] {
  return Array.from({ length: to - from }, (_, at) => from + at);
}

describe('messages between nodes', () => {
  it('arrive at once, each once, without faults', async () => {
    expect(await send(1, {}, 5)).toEqual({
      came: numbers(0, 5),
      gaps: [],
      told: [],
      slowestMs: 0,
      failed: 0,
    });
  });

  it('keep their order with delays', async () => {
    const { came, slowestMs } = await send(1, { delayMs: [0, 5000] }, 40);
    expect([came, slowestMs > 2000]).toEqual([numbers(0, 40), true]);
  });

  it('are lost in silence in the first minute of a node', async () => {
    const { came, gaps, told } = await send(1, { brokerDrop: 1 }, 65);
    expect([came, gaps, told[0], told.length]).toEqual([
      numbers(60, 65),
      [],
      'broker 2 loses a message of broker 1 to "room"',
      60,
    ]);
  });

  it('come twice in the first minute of a node', async () => {
    const { came, told } = await send(1, { brokerDuplicate: 1 }, 62);
    expect([came, told[0], told.length]).toEqual([
      [...numbers(0, 60).flatMap((at) => [at, at]), 60, 61],
      'broker 2 gets a message of broker 1 to "room" twice',
      60,
    ]);
  });

  it('are acknowledged late in the first minute of a node, and arrive', async () => {
    const { came, slowestMs } = await send(1, { slowAcknowledgement: 1 }, 62);
    expect([came, slowestMs > 1000, slowestMs <= 65_536]).toEqual([numbers(0, 62), true, true]);
  });
});

describe('a node that is cut off', () => {
  it('is down for a time, comes back, and tells of a gap', async () => {
    const plays = await Promise.all(numbers(1, 13).map((seed) => send(seed, { partition: 1 }, 100)));
    for (const { came, gaps, told } of plays) {
      expect(told.toSorted()).toEqual([
        'broker 1 comes back',
        'broker 1 is cut off',
        'broker 2 comes back',
        'broker 2 is cut off',
      ]);
      expect([gaps.length, came]).toEqual([1, [...new Set(came)].toSorted((a, b) => a - b)]);
    }
    expect(plays.some(({ came, failed }) => failed > 0 && came.length < 100)).toBe(true);
  });

  it('is named after its host', async () => {
    await using w = recordedWorld({ faults: { partition: 1 } });
    w.serve(idle);
    w.serve(idle, { broker: w.broker() });
    await w.clock.advance(ALL_MS);
    expect(faultsToldBy(w)).toEqual(['broker of host 2 is cut off', 'broker of host 2 comes back']);
  });
});

describe('a host that stops', () => {
  it('reports nothing of its broker, and still what its handlers throw', async () => {
    const phases = new Set<string>();
    const thrower: Handler = async (ws) => {
      await ws.clock.sleep(ALL_MS);
      throw new Error('thrown by a handler');
    };
    const report: Report = (_, { phase }) => void phases.add(phase);
    for (let seed = 1; seed <= 10; seed += 1) {
      await using w = recordedWorld({ seed, faults: { nodeDeath: 1 } });
      const host = w.serve(thrower, { broker: w.broker(), report });
      // Some come too late: their host is dead by then.
      const opened = w.connect(host).catch(noop);
      await w.clock.advance(2 * ALL_MS);
      await opened;
      expect(host.brokerHealth.broker).toBe('down');
    }
    expect([...phases]).toEqual(['server']);
  });

  it('is given the options that any host is given', async () => {
    await using w = recordedWorld({});
    const serve = (): unknown => w.serve(idle, { broker: w.broker(), report: 'no function' as never });
    expect(serve).toThrow(/^w\.serve\(\): expected report to be a function/u);
  });

  it('takes its node with it, for ever', async () => {
    for (let seed = 1; seed <= 10; seed += 1) {
      await using w = recordedWorld({ seed, faults: { nodeDeath: 1, partition: 1 } });
      const broker: MemoryNode = w.broker();
      const host = w.serve(idle, { broker });
      await w.clock.advance(ALL_MS);
      broker.mend();
      await w.settle();
      expect(faultsToldBy(w).at(-1)).toBe('host 1 stops');
      expect([broker.isUp, host.brokerHealth.broker]).toEqual([false, 'down']);
    }
  });
});
