// Rooms of several hosts, over a broker that loses, repeats and delays messages, and cuts hosts off:
// members and subscribers get what one host has published in its order, none twice, and no loss is
// silent. Once all is quiet, what is published reaches every host, and each shows who is there.

import { ConnectError } from 'corosock/testing';
import type { Faults, WorldClient } from 'corosock/testing';
import { Deployment, TOLD_MS } from './deployment.ts';
import { ModelNode, ROOMS } from './room-model.ts';
import type { MemberModel, RoomName } from './room-model.ts';
import { claim } from './scene.ts';
import type { Scenario, Scene } from './scene.ts';

const MOST_HOSTS = 5;
const MEMBERS = 4;
const VISITS = 3;
const BURSTS = 6;

/** The hosts of one play, each with subscribers. */
class Rooms extends Deployment<ModelNode> {
  constructor(scene: Scene) {
    super(scene, MOST_HOSTS, (id, isLate) => new ModelNode(scene, id, isLate));
  }

  override add(): ModelNode {
    const node = super.add();
    for (const room of ROOMS) {
      node.subscribe(room);
      if (this.scene.dice.isLikely(0.3)) subscribeAgain(this, node, room);
    }
    return node;
  }

  /** Publishes now and then, several at once. */
  async chatter(): Promise<void> {
    const { dice, w } = this.scene;
    const endMs = w.clock.now() + this.busyMs;
    while (w.clock.now() < endMs) {
      await this.scene.pause(this.busyMs / BURSTS);
      const node = dice.pick(this.open);
      for (let count = dice.below(4); count > 0; count -= 1) node.publish(dice.pick(ROOMS));
    }
  }
}

/** One more subscription, which comes and goes. */
function subscribeAgain({ busyMs, scene }: Deployment<ModelNode>, node: ModelNode, room: RoomName): void {
  scene.after(scene.dice.below(busyMs), () => {
    if (node.isClosed) return;
    const end = node.subscribe(room);
    scene.after(scene.dice.below(busyMs), end);
  });
}

/**
 * One client: it joins and leaves rooms, and claims that each line is the next one for it, and that
 * each message was published, comes once and in the order of its sender.
 */
class Visitor {
  readonly #scene: Scene;
  readonly #nodes: readonly ModelNode[];
  readonly #member: MemberModel;
  readonly heard: string[] = [];
  readonly ws: WorldClient;
  readonly reading: Promise<void>;

  static async to({ scene, nodes }: Rooms, node: ModelNode, name: string): Promise<Visitor> {
    const member = node.expect(name);
    const ws = await scene.connect(node.host, { url: `ws://localhost/${name}` });
    return new Visitor(scene, nodes, member, ws);
  }

  constructor(scene: Scene, nodes: readonly ModelNode[], member: MemberModel, ws: WorldClient) {
    this.#scene = scene;
    this.#nodes = nodes;
    this.#member = member;
    this.ws = ws;
    this.reading = this.#read();
  }

  /** Whether it has all that was sent to it. */
  readonly isUpToDate = (): boolean => this.heard.length === this.#member.sent.length;

  async #read(): Promise<void> {
    const { host, sent } = this.#member;
    await this.#scene.hearAll(this.ws, (text) => {
      this.heard.push(text);
      if (!text.startsWith('done ')) this.#member.claimHeard(text, this.#nodes);
      const at = this.heard.length - 1;
      claim(text === sent[at], `another line for a member of host ${host}`, text, at, sent.slice(-5));
    });
  }
}

/** A client that comes some times, to one host or another. */
async function visit(all: Rooms, number: number): Promise<void> {
  const { scene } = all;
  const { dice } = scene;
  await scene.sleep(all.someTimeMs);
  const node = dice.pick(all.open);
  const visitor = await Visitor.to(all, node, `${number}`).catch((error: unknown) => {
    // Its host closes.
    if (error instanceof ConnectError && error.status === 503) return undefined;
    throw error;
  });
  if (visitor === undefined) return;
  for (let turns = dice.between(1, 4); turns > 0; turns -= 1) {
    await visitor.ws.write(`${dice.isLikely(0.7) ? 'join' : 'leave'} ${dice.pick(ROOMS)}`);
    await scene.pause(all.someTimeMs);
  }
  if (dice.isLikely(0.2)) visitor.ws.link.reset();
  else await visitor.ws.close();
  await visitor.reading;
}

/**
 * What is published once all is quiet reaches each subscriber and each member of each host, and
 * each host shows who is there.
 */
async function claimReached(all: Rooms, quiet: readonly ModelNode[]): Promise<void> {
  const { scene, nodes } = all;
  const listening = scene.each(quiet.length, 'last member', async (at) => {
    const { heard, isUpToDate, ws } = await Visitor.to(all, quiet[at] as ModelNode, 'last');
    for (const room of ROOMS) await ws.write(`join ${room}`);
    await scene.sleep(3 * TOLD_MS);
    if (!scene.mayLose) claim(isUpToDate(), 'a member has not heard it', heard.slice(-5));
    await ws.close();
  });
  await scene.sleep(TOLD_MS);
  for (const node of quiet) for (const room of ROOMS) node.publish(room);
  await scene.sleep(TOLD_MS);
  for (const node of quiet)
    for (const sender of quiet) for (const room of ROOMS) node.claimLast(sender, room);
  // What a host has shown last that has died is shown for a minute.
  const known = nodes.filter((node) => node.isClosed || quiet.includes(node));
  const isShown = (node: ModelNode): boolean =>
    known.every((other) => ROOMS.every((room) => node.shows(other, room)));
  await scene.w.eventually('each host shows who is there', () => quiet.every(isShown), TOLD_MS);
  await listening;
}

/** What one host retains is what a socket finds that joins on another. */
async function claimRetained(scene: Scene, quiet: readonly ModelNode[]): Promise<void> {
  const [first, last] = [quiet[0], quiet.at(-1)] as [ModelNode, ModelNode];
  const room = first.host.room('board');
  for (const text of ['old', 'new']) room.publish(text, { retain: true });
  room.publish('of a key', { retain: 'key' });
  await scene.sleep(TOLD_MS);
  await scene.each(1, 'late member', async () => {
    const ws = await scene.connect(last.host, { url: 'ws://localhost/retained?room=board' });
    const retained = await scene.hear(ws);
    claim(retained === 'new,of a key', 'another message is retained', retained);
  });
}

/** @param mayDrop - Whether the broker loses single messages where it may lose any. */
async function play(scene: Scene, mayDrop: boolean): Promise<void> {
  const { dice, mayLose } = scene;
  const all = new Rooms(scene);
  const visits = scene.each(MEMBERS, 'member', async (at) => {
    for (let count = 0; count < VISITS; count += 1) await visit(all, at * VISITS + count);
  });
  const others = [all.chatter(), all.chatter(), all.meetAnotherRelease(ROOMS)];
  if (dice.isLikely(0.5)) others.push(all.replaceOne());
  if (mayLose) others.push(all.cutOne(), all.cutOne());
  await Promise.all([visits, ...others]);
  const quiet = await all.whenQuiet();
  for (const node of all.nodes) node.claimTraces(all.nodes);
  if (quiet.length > 1) {
    await claimReached(all, quiet);
    await claimRetained(scene, quiet);
  }
  if (!mayLose || !mayDrop) for (const node of all.nodes) node.claimGaps(all.nodes);
  for (const node of all.nodes) node.claimTraces(all.nodes);
  await all.close();
  await scene.claimNoTimers();
}

/** What is lost with a host or its link, and what all networks do. */
const OUTAGES: Faults = {
  delayMs: [0, 200],
  brokerDuplicate: 0.1,
  slowAcknowledgement: 0.05,
  partition: 0.3,
  nodeDeath: 0.1,
  reset: 0.1,
};

export const ROOMS_OF_HOSTS: readonly Scenario[] = [
  {
    name: 'rooms of several hosts lose nothing in silence',
    play: (scene) => play(scene, true),
    faults: { ...OUTAGES, brokerDrop: 0.1 },
  },
  {
    name: 'rooms of several hosts tell no gap without a loss',
    play: (scene) => play(scene, false),
    faults: OUTAGES,
  },
];
