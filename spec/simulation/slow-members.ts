// Slow members of rooms of several hosts: what a publish does with each of them agrees with its
// report and with its membership, and each client hears what its option `slow` promises.

import type { Data, Host, JoinOptions, Membership, ServerSocket } from 'corosock';
import { ConnectError } from 'corosock/testing';
import type { Faults, WorldClient } from 'corosock/testing';
import { DeployedNode, Deployment, TOLD_MS, report } from './deployment.ts';
import { claim, claimPrefix } from './scene.ts';
import type { Scenario, Scene } from './scene.ts';

const ROOM = 'prices';
const KEYS = ['a', 'b', 'c'] as const;
const MOST_HOSTS = 3;
const CLIENTS = 5;
const PUBLISHERS = 2;
const BURSTS = 8;
const MOST_AT_ONCE = 6;
const STALLS = 4;
/** Four messages. */
const WRITE_BUFFER_BYTES = 100;
const LONGEST_STALL_MS = 3000;

const SLOW = ['skip', 'close', 'latest'] as const;
type Slow = (typeof SLOW)[number];

/** What concerns one member, in the order of the calls: messages of the room, and its own writes. */
interface Call {
  readonly text: string;
  /** Of a message; undefined for a barrier. */
  readonly key: string | undefined;
  /** Of a write, once it has one. */
  status?: string;
}

/** One member, and what has to become of what is published. */
class Member {
  readonly slow: Slow;
  readonly calls: Call[] = [];
  readonly heard: string[] = [];
  membership: Membership | undefined;
  ws: ServerSocket | undefined;
  isIn = false;

  constructor(slow: Slow) {
    this.slow = slow;
  }

  /** Claims of what its client has heard. @param isWhole - Whether nothing is left. */
  claimHeard(isWhole: boolean): void {
    const { calls, heard, slow } = this;
    const facts = [slow, heard.slice(-12), calls.slice(-12)] as const;
    const known = new Set(calls.map(({ text }) => text));
    claim(
      heard.every((text) => known.has(text)),
      'heard what was not sent',
      ...facts,
    );
    claim(new Set(heard).size === heard.length, 'heard twice', ...facts);
    if (slow === 'latest') this.#claimLatest(isWhole);
    else if (slow === 'skip') this.#claimOrder();
    else claimPrefix('a member that closes has skipped one', heard, [...known]);
    if (!isWhole) return;
    const messages = calls.filter(({ text }) => !text.startsWith('own'));
    const got = heard.filter((text) => !text.startsWith('own'));
    const { skipped = 0, replaced = 0 } = this.membership ?? {};
    claim(got.length + skipped + replaced === messages.length, 'another count', skipped, replaced, ...facts);
    claim(slow === 'skip' || skipped === 0, 'skipped without the option', skipped, ...facts);
    claim(slow === 'latest' || replaced === 0, 'replaced without the option', replaced, ...facts);
    const unheard = calls.filter(({ text, status }) => status === 'ok' && !heard.includes(text));
    claim(unheard.length === 0, 'a write was not heard', unheard, ...facts);
  }

  /** What is heard is in the order of the calls. */
  #claimOrder(): void {
    let at = 0;
    for (const text of this.heard) {
      while (at < this.calls.length && this.calls[at]?.text !== text) at += 1;
      claim(at < this.calls.length, 'not in order', this.slow, text, this.heard, this.calls);
      at += 1;
    }
  }

  /**
   * Between two barriers each key comes in its order, and its last message comes; nothing comes
   * before a barrier that was called behind it, and the other way round.
   */
  #claimLatest(isWhole: boolean): void {
    const part = new Map<string, number>();
    const lasts = [new Map<string, string>()];
    for (const { text, key } of this.calls) {
      part.set(text, lasts.length - 1);
      if (key !== undefined) lasts.at(-1)?.set(key, text);
      else {
        part.set(text, lasts.length - 0.5);
        lasts.push(new Map<string, string>());
      }
    }
    let now = 0;
    for (const [at, text] of this.heard.entries()) {
      const own = part.get(text) as number;
      claim(own >= now, 'across a barrier', text, this.heard.slice(Math.max(0, at - 8), at + 1), this.calls);
      now = own;
    }
    if (!isWhole) return;
    for (const last of lasts)
      for (const text of last.values())
        claim(this.heard.includes(text), 'the last of a key was not heard', text, this.heard, this.calls);
  }
}

/** A host whose sockets are members that are soon slow. */
class SlowNode extends DeployedNode {
  readonly host: Host;
  readonly members = new Map<string, Member>();
  #writes = 0;
  #lastText = '';

  constructor(scene: Scene, id: number, isLate: boolean) {
    super(scene, id, isLate);
    // Called before it is sent to the members that there are.
    const frame = (data: Data): Data => {
      const text = String(data);
      // It is called for each option `slow` of members that there are.
      if (text === this.#lastText) return data;
      this.#lastText = text;
      for (const { ws, calls, isIn } of this.members.values()) {
        const isMeant = isIn && !text.endsWith(` ${ws?.id}`);
        if (isMeant) calls.push({ text, key: keyOf(data) });
      }
      return data;
    };
    const options: Record<Slow, JoinOptions> = {
      skip: { slow: 'skip', frame },
      close: { slow: 'close', frame },
      latest: { slow: { latestBy: keyOf }, frame },
    };
    this.host = scene.w.serve(
      {
        '/:name': async (ws) => {
          const member = this.members.get(ws.request.params.name) as Member;
          member.ws = ws;
          const joining = ws.join(ROOM, options[member.slow]);
          member.isIn = true;
          member.membership = await joining;
          for await (const text of ws) {
            if (text === 'leave') this.#leave(member);
            else if (member.isIn) this.#write(member);
          }
        },
      },
      { broker: this.broker, report, writeBufferBytes: WRITE_BUFFER_BYTES, heartbeat: false },
    );
  }

  /** Publishes, and claims that the report agrees with the memberships. */
  publish(number: number): void {
    const { dice } = this.scene;
    const room = this.host.room(ROOM);
    const [except = '-'] = dice.isLikely(0.2) ? room.members.keys() : [];
    const before = this.#counts();
    const key = dice.isLikely(0.15) ? 'barrier' : dice.pick(KEYS);
    const text = `${key} ${this.id} ${number} ${except}`;
    const { accepted, skipped, replaced, closed } = room.publish(text, { except: [except] });
    const after = this.#counts();
    const told = [accepted, skipped, replaced, closed];
    const counted = [
      before.members - (except === '-' ? 0 : 1) - skipped - replaced - closed,
      after.skipped - before.skipped,
      after.replaced - before.replaced,
      before.members - after.members,
    ];
    // What a member has skipped is known to its handler once its join has resolved.
    const isKnown = [...this.members.values()].every(
      ({ isIn, membership }) => !isIn || membership !== undefined,
    );
    claim(!isKnown || String(told) === String(counted), 'a report does not agree', told, counted);
    for (const member of this.members.values()) member.isIn &&= room.members.has(String(member.ws?.id));
  }

  #counts(): { readonly members: number; readonly skipped: number; readonly replaced: number } {
    let [skipped, replaced] = [0, 0];
    for (const { membership } of this.members.values()) {
      skipped += membership?.skipped ?? 0;
      replaced += membership?.replaced ?? 0;
    }
    return { members: this.host.room(ROOM).members.size, skipped, replaced };
  }

  #leave(member: Member): void {
    member.isIn = false;
    member.membership?.leave();
  }

  #write({ calls, ws }: Member): void {
    this.#writes += 1;
    const call: Call = { text: `own ${this.#writes}`, key: undefined };
    calls.push(call);
    void ws?.write(call.text).then((status) => (call.status = status));
  }
}

class Play {
  readonly #scene: Scene;
  readonly #all: Deployment<SlowNode>;
  readonly #readings: Promise<void>[] = [];
  #published = 0;
  readonly #clients: WorldClient[] = [];

  constructor(scene: Scene) {
    this.#scene = scene;
    this.#all = new Deployment(scene, MOST_HOSTS, (id, isLate) => new SlowNode(scene, id, isLate));
  }

  async play(): Promise<void> {
    const scene = this.#scene;
    const others = [
      scene.each(CLIENTS, 'client', (at) => this.#converse(`${at}`)),
      scene.each(PUBLISHERS, 'publisher', () => this.#chatter()),
      this.#all.meetAnotherRelease([ROOM]),
    ];
    if (scene.dice.isLikely(0.3)) others.push(this.#all.replaceOne());
    if (scene.mayLose) others.push(this.#all.cutOne());
    await Promise.all(others);
    const quiet = await this.#all.whenQuiet();
    for (const { link } of this.#clients) link.heal();
    await scene.sleep(TOLD_MS);
    const [first] = quiet;
    if (first !== undefined) for (const _ of KEYS) this.#publish(first, KEYS.length);
    await scene.sleep(TOLD_MS);
    for (const node of this.#all.nodes)
      for (const member of node.members.values())
        member.claimHeard(!node.isClosed && !node.isDead && member.ws?.closeInfo === undefined);
    await this.#all.close();
    await Promise.all(this.#readings);
    await scene.claimNoTimers();
  }

  #publish(node: SlowNode, count: number): void {
    for (let left = count; left > 0; left -= 1) {
      this.#published += 1;
      node.publish(this.#published);
    }
  }

  async #chatter(): Promise<void> {
    const { dice } = this.#scene;
    for (let burst = 0; burst < BURSTS; burst += 1) {
      await this.#scene.pause((2 * this.#all.busyMs) / BURSTS);
      this.#publish(dice.pick(this.#all.open), dice.between(1, MOST_AT_ONCE));
    }
  }

  /** One client: its link stands still now and then. */
  async #converse(name: string): Promise<void> {
    const { dice } = this.#scene;
    await this.#scene.pause(this.#all.busyMs / 3);
    const node = dice.pick(this.#all.open);
    const member = new Member(dice.pick(SLOW));
    node.members.set(name, member);
    const ws = await this.#connect(node, name);
    if (ws === undefined) return;
    this.#clients.push(ws);
    this.#readings.push(this.#scene.hearAll(ws, (text) => void member.heard.push(text)));
    for (let count = 0; count < STALLS; count += 1) {
      await this.#scene.pause(this.#all.busyMs / STALLS);
      if (dice.isLikely(0.7)) ws.link.stall('in');
      await this.#scene.pause(LONGEST_STALL_MS);
      if (dice.isLikely(0.5)) await ws.write('write');
      else if (dice.isLikely(0.1)) await ws.write('leave');
      await this.#scene.pause(LONGEST_STALL_MS);
      ws.link.heal();
    }
  }

  async #connect({ host }: SlowNode, name: string): Promise<WorldClient | undefined> {
    try {
      return await this.#scene.connect(host, { url: `ws://localhost/${name}` });
    } catch (error) {
      // Its host closes.
      if (error instanceof ConnectError && error.status === 503) return undefined;
      throw error;
    }
  }
}

function keyOf(data: Data): string | undefined {
  const [key] = String(data).split(' ');
  return key === 'barrier' ? undefined : key;
}

/** What brokers do; a host may die. */
const OUTAGES: Faults = { delayMs: [0, 200], brokerDuplicate: 0.1, partition: 0.2, nodeDeath: 0.1 };

export const SLOW_MEMBERS: readonly Scenario[] = [
  {
    name: 'slow members of several hosts get what their option promises',
    play: (scene) => new Play(scene).play(),
    faults: OUTAGES,
  },
];
