// The faults that a seed chooses: each is seen by its effect on clients and hosts, over many seeds.

import { describe, expect, it } from 'vitest';
import type { CloseInfo, Handler, Host, HostOptions } from 'corosock';
import { ConnectError } from 'corosock/testing';
import type { Faults, WorldClient } from 'corosock/testing';
import { Choices } from '../../../../src/testing/simulation/seeded/choices.ts';
import { faultsOf } from '../../../../src/testing/simulation/seeded/faults.ts';
import { HostFaults } from '../../../../src/testing/simulation/seeded/seeded-faults.ts';
import { WorldLink } from '../../../../src/testing/simulation/links/world-link.ts';
import type { SeededWorld } from '../../../../src/testing/simulation/world/seeded-world.ts';
import { faultsToldBy, recordedWorld, seededWorld } from '../seeded-worlds.ts';
import { noop } from '../../../../src/core/noop.ts';

const echo: Handler = async (ws) => {
  for await (const message of ws) await ws.write(message);
};

/** Seeds enough for each moment of a fault: in the handshake, among messages, in silence. */
const SEEDS = 60;
/** Longer than any moment of a fault, any stall, and the heartbeats after it. */
const ALL_MS = 300_000;

/** What one seed has done. */
interface Played {
  /** Messages that came back, each with its time. */
  readonly answers: readonly (readonly [message: string, atMs: number])[];
  /** The ends of both ends; undefined where `connect` has failed. */
  readonly client: CloseInfo | undefined;
  readonly host: CloseInfo | undefined;
  readonly connectError: ConnectError | undefined;
  /** What the story tells. */
  readonly told: readonly string[];
}

const WORDS = ['a', 'b', 'c', 'd', 'e', 'f'];

interface Play {
  readonly options?: HostOptions;
  readonly script?: (client: WorldClient, host: Host, w: SeededWorld) => Promise<void>;
}

/** Plays one client, which writes some words to an echo, in a world with faults. */
async function play(seed: number, faults: Faults, { options, script = talk }: Play = {}): Promise<Played> {
  const answers: [string, number][] = [];
  let host: CloseInfo | undefined;
  let client: WorldClient | undefined;
  let connectError: ConnectError | undefined;
  await using w = recordedWorld({ seed, faults });
  const served = w.serve(echo, { ...options, onClose: (_, end) => void (host = end) });
  void w.spawn('client', async () => {
    try {
      client = await w.connect(served);
    } catch (error) {
      if (!(error instanceof ConnectError)) throw error;
      connectError = error;
      return;
    }
    const listening = listen(client, (word) => answers.push([word, w.clock.now()]));
    await script(client, served, w);
    await listening;
  });
  await w.clock.advance(ALL_MS);
  return { answers, client: client?.closeInfo, host, connectError, told: faultsToldBy(w) };
}

async function listen(client: WorldClient, add: (word: string) => void): Promise<void> {
  for (;;) {
    const [word, status] = await client.read();
    if (status === 'closed') return;
    add(String(word));
  }
}

async function talk(client: WorldClient, _: Host, { agenda }: SeededWorld): Promise<void> {
  for (const word of WORDS) {
    await client.write(word);
    await new Promise<void>((resolve) => void agenda.setTimeout(resolve, 5000));
  }
}

async function playAll(faults: Faults, how?: Play): Promise<readonly Played[]> {
  const plays: Played[] = [];
  for (let seed = 0; seed < SEEDS; seed += 1) plays.push(await play(seed, faults, how));
  return plays;
}

/** Whether messages came back in their order, and none twice. */
function isBeginning(answers: Played['answers']): boolean {
  return answers.every(([word], index) => word === WORDS[index]);
}

describe('faults.delayMs', () => {
  it('takes its time for each message and direction', async () => {
    const { answers } = await play(1, { delayMs: [100, 100] });
    // The handshake takes two deliveries, each word two more.
    expect(answers).toEqual(WORDS.map((word, index) => [word, 400 + index * 5000]));
  });

  it('takes times of the whole range, and keeps the order', async () => {
    const plays = await playAll({ delayMs: [0, 10] });
    const times = plays.map(({ answers }) => answers[0]?.[1] ?? NaN);
    expect([Math.min(...times) < 10, Math.max(...times) > 25, Math.max(...times) <= 40]).toEqual([
      true,
      true,
      true,
    ]);
    expect(plays.every(({ answers }) => answers.length === WORDS.length && isBeginning(answers))).toBe(true);
  });

  it('lets connect reject where an answer takes longer than 10 s', async () => {
    const { connectError } = await play(1, { delayMs: [6000, 6000] });
    expect(connectError?.message).toBe('The handshake failed: no answer within 10000 ms');
  });
});

describe('faults.cutChunks', () => {
  it('cuts and merges the bytes of a link, and no message notices', async () => {
    const stepsOf = async (seed: number, cutChunks: boolean): Promise<readonly [number, unknown]> => {
      await using w = seededWorld({ seed, faults: { cutChunks }, fidelity: 'wire' });
      const client = await w.connect(w.serve(echo));
      for (const word of WORDS) await client.write(word.repeat(1000));
      await w.settle();
      const words: unknown[] = [];
      for (const _ of WORDS) words.push(String((await client.read())[0])[0]);
      return [w.agenda.steps, words];
    };
    const steps = new Set<number>();
    for (let seed = 0; seed < 20; seed += 1) {
      const [count, words] = await stepsOf(seed, true);
      steps.add(count);
      expect(words).toEqual(WORDS);
    }
    const [whole] = await stepsOf(1, false);
    expect([steps.size > 5, Math.max(...steps) > whole]).toEqual([true, true]);
  });
});

describe('faults.reset', () => {
  it('ends both ends at once, at a moment of each seed', async () => {
    const plays = await playAll({ reset: 1 });
    const open = plays.filter(({ connectError }) => connectError === undefined);
    const ends = new Set(
      open.flatMap(({ client, host }) => [`${client?.code} ${client?.by}`, `${host?.by}`]),
    );
    expect([...ends]).toEqual(['1006 link', 'link']);
    expect(new Set(open.map(({ answers }) => answers.length)).size).toBe(WORDS.length + 1);
    expect(plays.every(({ told }) => told.join() === 'client 1 link reset')).toBe(true);
  });

  it('is the last fault of its link', async () => {
    const plays = await playAll({ reset: 1, halfOpen: 1, stall: 1 });
    const reset = plays.filter(({ told }) => told.includes('client 1 link reset'));
    expect(reset.length).toBeGreaterThan(3);
    expect(reset.map(({ told }) => told.findLast((line) => !line.includes(' heals ')))).toEqual(
      reset.map(() => 'client 1 link reset'),
    );
  });

  it('lets connect reject, where it strikes during the handshake', async () => {
    const plays = await playAll({ reset: 1 });
    const failed = plays.filter(({ connectError }) => connectError !== undefined);
    expect(failed.length).toBeGreaterThan(3);
    for (const { connectError } of failed)
      expect([connectError?.message, connectError?.cause]).toMatchObject([
        expect.stringMatching(/^The handshake failed: (?:socket hang up|read ECONNRESET)$/),
        { code: 'ECONNRESET' },
      ]);
  });
});

describe('faults.halfOpen', () => {
  it('R10: tells neither end; the heartbeats of both find out', async () => {
    const plays = await playAll({ halfOpen: 1 });
    const open = plays.filter(({ connectError }) => connectError === undefined);
    for (const { client, host, answers, told } of open)
      expect([client, host, isBeginning(answers), told]).toMatchObject([
        { code: 1006, by: 'heartbeat' },
        { code: 1006, by: 'heartbeat' },
        true,
        ['client 1 link cut'],
      ]);
    expect(new Set(open.map(({ answers }) => answers.length)).size).toBe(WORDS.length + 1);
  });

  it('lets connect reject after 10 s, where it strikes during the handshake', async () => {
    const plays = await playAll({ halfOpen: 1 });
    const failed = plays.filter(({ connectError }) => connectError !== undefined);
    expect(new Set(failed.map(({ connectError }) => connectError?.message))).toEqual(
      new Set(['The handshake failed: no answer within 10000 ms']),
    );
  });
});

describe('faults.stall', () => {
  it('holds a direction for a time, and loses nothing', async () => {
    const plays = await playAll({ stall: 1 });
    const whole = plays.filter(({ client }) => client?.by !== 'heartbeat');
    const late = whole.filter(({ answers }) => answers.some(([, atMs], index) => atMs > index * 5000));
    expect(plays.every(({ answers }) => isBeginning(answers))).toBe(true);
    expect(late.length).toBeGreaterThan(10);
    const complete = late.filter(({ answers }) => answers.length === WORDS.length);
    expect(complete.length).toBeGreaterThan(10);
  });

  it('gives the sender back-pressure, until it is over', async () => {
    let most = 0;
    let last = NaN;
    await playAll(
      { stall: 1 },
      {
        script: async (client, host, w) => {
          for (const word of WORDS) {
            await client.write(word.padEnd(30_000));
            await new Promise<void>((resolve) => void w.agenda.setTimeout(resolve, 5000));
            most = Math.max(most, client.bufferedBytes);
            for (const { bufferedBytes } of host.sockets.values()) most = Math.max(most, bufferedBytes);
          }
          await new Promise<void>((resolve) => void w.agenda.setTimeout(resolve, 70_000));
          last = client.bufferedBytes;
        },
      },
    );
    expect([most > 0, last]).toEqual([true, 0]);
  });

  it('is waited for, unless both ends have closed', async () => {
    await using w = seededWorld({ seed: 4, faults: { stall: 1 } });
    const client = await w.connect(w.serve(async (ws) => void (await ws.closed)));
    const isStalled = (): boolean => [...w.links].some(({ trouble }) => trouble !== undefined);
    for (let ms = 0; ms < 60_000 && !isStalled(); ms += 1) await w.clock.advance(1);
    const isAwaited = [w.agenda.isAwaited];
    client.link.reset();
    await w.settle();
    isAwaited.push(w.agenda.isAwaited);
    expect(isAwaited).toEqual([true, false]);
  });

  it('ends no stall of a script', async () => {
    await using w = seededWorld();
    const { link, told } = loneLink(w, { stall: 1 });
    let arrived = 0;
    link.stall('out');
    link.wires[0](() => (arrived += 1));
    await w.clock.advance(ALL_MS);
    const before = [told.includes('client 1 link heals out'), arrived];
    link.heal();
    await w.settle();
    expect([before, arrived]).toEqual([[true, 0], 1]);
  });

  it('tells when it begins and when it is over', async () => {
    const { told } = await play(3, { stall: 1 });
    expect(told.toSorted()).toEqual([
      'client 1 link heals in',
      'client 1 link heals out',
      'client 1 link stalls in',
      'client 1 link stalls out',
    ]);
  });
});

describe('faults.crossingClose', () => {
  it.each<[string, NonNullable<Play['script']>, object, object]>([
    [
      'the client',
      async (client) => void (await client.close(4001)),
      { code: 4001, clean: true, by: 'local' },
      { code: 1001, clean: true, by: 'local' },
    ],
    [
      'the host',
      async (_, { sockets }) => void [...sockets.values()].map((ws) => ws.endServer(4002)),
      { code: 1000, clean: true, by: 'local' },
      { code: 4002, clean: true, by: 'local' },
    ],
  ])('R6: lets the other end close at the same moment as %s', async (_, script, client, host) => {
    const played = await play(1, { crossingClose: 1 }, { script });
    expect([played.client, played.host, played.told]).toMatchObject([
      client,
      host,
      ['client 1 link closes at both ends'],
    ]);
  });

  it('closes no link that no end closes', async () => {
    const { answers, host, told } = await play(1, { crossingClose: 1 });
    expect([answers.length, host, told]).toEqual([WORDS.length, undefined, []]);
  });
});

describe('faults.nodeDeath', () => {
  it('silences all links of one host, and no link of another', async () => {
    await using w = recordedWorld({ faults: { nodeDeath: 0.5 } });
    const hosts = Array.from({ length: 6 }, () => w.serve(echo));
    const opening = hosts.flatMap((host) => [w.connect(host), w.connect(host)]);
    await w.clock.advance(20_000);
    const clients = await Promise.allSettled(opening);
    await w.clock.advance(ALL_MS);
    const isSilent = clients.map((client) =>
      client.status === 'rejected' ? true : client.value.closeInfo?.by === 'heartbeat',
    );
    const told = faultsToldBy(w);
    const dead = hosts.map((_, index) => told.includes(`host ${index + 1} stops`));
    expect(isSilent).toEqual(dead.flatMap((isDead) => [isDead, isDead]));
    expect(new Set(dead)).toEqual(new Set([true, false]));
  });

  it('gives a new client no answer', async () => {
    await using w = seededWorld({ seed: 1, faults: { nodeDeath: 1 } });
    const host = w.serve(echo);
    await w.clock.advance(ALL_MS);
    const opening = w.connect(host);
    await w.clock.advance(20_000);
    await expect(opening).rejects.toThrow('The handshake failed: no answer within 10000 ms');
  });
});

describe('a link that is closed', () => {
  it('leaves no timer of a fault, or of a stall that is not over', async () => {
    await using w = seededWorld();
    const { link, told } = loneLink(w, { reset: 1, halfOpen: 1, stall: 1 });
    const before = w.clock.timers;
    for (let ms = 0; ms < 60_000 && !told.join().includes('stalls'); ms += 100) await w.clock.advance(100);
    link.close();
    link.close();
    expect([before, told.join().includes('stalls'), w.clock.timers]).toEqual([4, true, 0]);
  });
});

/** A link with faults that no client has, on the agenda of a world. */
function loneLink(
  { agenda, seed }: SeededWorld,
  faults: Faults,
): { readonly link: WorldLink; readonly told: readonly string[] } {
  const told: string[] = [];
  const choices = new Choices(seed);
  const tell = (what: string): void => void told.push(what);
  const parts = { agenda, choices, faults: faultsOf(faults), tell, join: noop, checkCaller: noop };
  return { link: new WorldLink(parts, new HostFaults(parts, 'host 1'), 'client 1'), told };
}

describe('one seed of a world with faults', () => {
  it('gives the same run each time', async () => {
    const traces = new Set<string>();
    for (let seed = 0; seed < 100; seed += 1) {
      const trace = JSON.stringify(await play(seed, CRUEL));
      if (trace !== JSON.stringify(await play(seed, CRUEL))) expect.fail(`seed ${seed} gives two runs`);
      traces.add(trace);
    }
    expect(traces.size).toBeGreaterThan(70);
  });
});

const CRUEL: Faults = {
  delayMs: [0, 2000],
  reset: 0.3,
  halfOpen: 0.3,
  stall: 0.4,
  crossingClose: 0.4,
  nodeDeath: 0.2,
};
