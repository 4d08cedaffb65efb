// K13: the three hosts of a deployment are replaced one after another by hosts of another release
// (releases.ts), while messages pass. The clients of a host that closes come back on another one.

import type { Handler, Host } from 'corosock';
import { simulate } from 'corosock/testing';
import type { Faults, World } from 'corosock/testing';
import { describe, expect, it } from 'vitest';
import { EARLIER, LATER, ofRelease, OURS } from './releases.ts';
import type { Release } from './releases.ts';

const HOSTS = 3;
const CLIENTS = 6;
const KEYS = 3;
const PUBLISH_EVERY_MS = 150;
const BETWEEN_MS = 7000;
const SETTLED_MS = 10_000;
/** A message is there after so long: longer than each delay of {@link FAULTS}. */
const ARRIVED_MS = 500;
/** Heartbeats have told by then what was sent before a host came. */
const TOLD_MS = 5500;
const FAULTS: Faults = { delayMs: [0, 200] };

/** One message: `2 17` is the seventeenth of all, and host 2 has published it. */
interface Published {
  readonly text: string;
  readonly atMs: number;
}

/** What a member, or a subscriber, has heard, and in which time it has to hear all. */
interface Listener {
  readonly name: string;
  readonly fromMs: number;
  /** When its host began to close. */
  toMs: number;
  readonly heard: string[];
}

/** The hosts of one play, and all that was published and heard. */
class Deployed {
  readonly w: World;
  readonly published: Published[] = [];
  readonly listeners: Listener[] = [];
  readonly reports: unknown[] = [];
  /** Those that are not closing, the oldest first. */
  hosts: readonly Host[] = [];
  isOver = false;
  readonly #listenersOf = new Map<Host, Listener[]>();

  constructor(w: World) {
    this.w = w;
  }

  add(release: Release): void {
    const host = this.w.serve(member, {
      broker: ofRelease(this.w.broker(), release),
      report: (error) => void this.reports.push(error),
    });
    this.#listenersOf.set(host, []);
    this.hosts = [...this.hosts, host];
    void this.w.spawn('subscriber', async () => {
      const subscription = host.room('r').subscribe();
      await subscription.inForce;
      const heard = this.listen(host, `subscriber ${this.#listenersOf.size}`);
      for await (const event of subscription) heard.push('gap' in event ? 'gap' : String(event.data));
    });
  }

  async replaceOldest(release: Release): Promise<void> {
    const [oldest, ...others] = this.hosts as [Host, ...Host[]];
    this.hosts = others;
    this.add(release);
    for (const listener of this.#listenersOf.get(oldest) ?? []) listener.toMs = this.w.clock.now();
    await oldest.close({ graceMs: 100 });
  }

  pick(): Host {
    return this.hosts[Math.floor(this.w.random() * this.hosts.length)] as Host;
  }

  /** From now on this listener hears all. @returns The list for what it hears. */
  listen(host: Host, name: string): string[] {
    const listener = { name, fromMs: this.w.clock.now(), toMs: Infinity, heard: [] };
    this.#listenersOf.get(host)?.push(listener);
    this.listeners.push(listener);
    return listener.heard;
  }

  /** Publishes until all is over. Each message is retained, for one key or another. */
  async publish(): Promise<void> {
    const { w, published } = this;
    for (; !this.isOver; await w.clock.sleep(PUBLISH_EVERY_MS)) {
      const host = this.pick();
      const text = `${[...this.#listenersOf.keys()].indexOf(host)} ${published.length}`;
      published.push({ text, atMs: w.clock.now() });
      host.room('r').publish(text, { retain: `${published.length % KEYS}` });
    }
  }

  /** A client that comes back until all is over. */
  async visit(name: string): Promise<void> {
    while (!this.isOver) {
      const host = this.pick();
      const ws = await this.w.connect(host, { url: `ws://localhost/${name}` });
      let heard: string[] | undefined;
      for await (const text of ws) {
        if (String(text).startsWith('in')) heard = this.listen(host, `client ${name}`);
        else heard?.push(String(text));
      }
    }
  }
}

const member: Handler = async (ws) => {
  const { room, retained } = await ws.join('r');
  const { pathname } = ws.request.url;
  if (pathname !== '/late') room.presence.track(ws, pathname);
  await ws.write(`in ${retained.map(String).toSorted().join()}`);
  await ws.closed;
};

/**
 * What is wrong with what a listener has heard: each message comes once, in order, none is missing,
 * and no gap is told. What was under way when a host came may look like a gap.
 */
function faultsOf({ name, fromMs, toMs, heard }: Listener, published: readonly Published[]): string[] {
  const faults: string[] = [];
  const last = new Map<string, number>();
  let isEarly = true;
  for (const text of heard) {
    const [sender = '', number] = text.split(' ');
    if (text === 'gap' && !isEarly) faults.push(`${name} was told a gap`);
    if (text === 'gap') continue;
    if (Number(number) <= (last.get(sender) ?? -1)) faults.push(`${name}: ${text} came too late`);
    last.set(sender, Number(number));
    isEarly &&= (published[Number(number)]?.atMs ?? 0) < fromMs + TOLD_MS;
  }
  const due = published.filter(({ atMs }) => atMs >= fromMs && atMs < toMs - ARRIVED_MS);
  const missing = due.filter(({ text }) => !heard.includes(text));
  return [...faults, ...missing.map(({ text }) => `${name} has not heard ${text}`)];
}

/** Who is present, and what is retained, as a host knows it. */
async function knownBy(w: World, host: Host): Promise<unknown> {
  const { members, missingNodes } = host.room('r').presence.list();
  const present = [...members].filter(([, { sockets }]) => sockets === 1).map(([key]) => key);
  const late = await w.connect(host, { url: 'ws://localhost/late' });
  const [retained] = await late.readText();
  return { present: present.toSorted(), missingNodes, retained };
}

/** What was known and heard in the end, and what has to be. */
interface Outcome {
  readonly faults: readonly string[];
  readonly reports: readonly unknown[];
  readonly listeners: number;
  readonly known: readonly unknown[];
  readonly toBeKnown: unknown;
}

/** Replaces all hosts of one release by those of another. */
async function roll(w: World, from: Release, to: Release): Promise<Outcome> {
  const all = new Deployed(w);
  for (let made = 0; made < HOSTS; made += 1) all.add(from);
  await w.clock.sleep(BETWEEN_MS);
  const names = Array.from({ length: CLIENTS }, (_, at) => `${at}`);
  const visits = names.map((name) => w.spawn(`client ${name}`, () => all.visit(name)));
  const publishing = w.spawn('publisher', () => all.publish());
  for (let replaced = 0; replaced < HOSTS; replaced += 1) {
    await w.clock.sleep(BETWEEN_MS);
    await all.replaceOldest(to);
  }
  await w.clock.sleep(BETWEEN_MS);
  all.isOver = true;
  await publishing;
  await w.clock.sleep(SETTLED_MS);
  const known: unknown[] = [];
  for (const host of all.hosts) known.push(await knownBy(w, host));
  await Promise.all(all.hosts.map((host) => host.close({ graceMs: 0 })));
  await Promise.all(visits);
  const kept = all.published.slice(-KEYS).map(({ text }) => text);
  return {
    faults: all.listeners.flatMap((listener) => faultsOf(listener, all.published)),
    reports: all.reports,
    listeners: all.listeners.length,
    known,
    toBeKnown: {
      present: names.map((name) => `/${name}`),
      missingNodes: [],
      retained: `in ${kept.toSorted().join()}`,
    },
  };
}

describe('K13: a rolling upgrade of three hosts, while messages pass', () => {
  it.each([
    ['from an earlier release', EARLIER, OURS],
    ['to a later release', OURS, LATER],
    ['back from a later release', LATER, OURS],
  ])('%s loses nothing, doubles nothing, and all know the same in the end', async (_, from, to) => {
    for (const seed of [1, 2]) {
      const outcomes: Outcome[] = [];
      const play = async (w: World): Promise<void> => void outcomes.push(await roll(w, from, to));
      await simulate(play, { seed, faults: FAULTS });
      const [{ faults, reports, listeners, known, toBeKnown }] = outcomes as [Outcome];
      expect([faults, reports]).toEqual([[], []]);
      expect(known).toEqual(Array.from({ length: HOSTS }, () => toBeKnown));
      // A subscriber for each host, and members that have come back.
      expect(listeners).toBeGreaterThan(2 * HOSTS + CLIENTS);
    }
  });
});
