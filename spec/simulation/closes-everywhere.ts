// `closeSockets` and `session.end()` on all hosts of a deployment, over a broker with faults: each
// call closes whom it means on every node that is there, or comes back within a minute, and nobody
// else, and its report names the nodes that have not answered.

import { ConnectError } from 'corosock/testing';
import type { Faults, SessionStore, WorldClient } from 'corosock/testing';
import { cookieOf } from '../session/session-fixtures.ts';
import { CallModel, ClosingNode, sharedStore } from './close-model.ts';
import type { Caller, Verb } from './close-model.ts';
import { Deployment, HubNode } from './deployment.ts';
import { claim } from './scene.ts';
import type { Scenario, Scene } from './scene.ts';

const MOST_HOSTS = 4;
const CLIENTS = 6;
const CALLERS = 3;
const CALLS = 2;
const ROOMS = ['hall', 'yard'] as const;
const SESSIONS = ['session-a', 'session-b', 'session-c'] as const;
/** What a call is kept for, and more. */
const KEPT_MS = 70_000;
const SETTLED_MS = 3000;
/** Longest time before a call, and after it, while a node is cut off. */
const LONGEST_WAIT_MS = 25_000;

class Play {
  readonly #scene: Scene;
  readonly #store: SessionStore = sharedStore(SESSIONS);
  readonly #all: Deployment<ClosingNode>;
  #hub: HubNode | undefined;
  readonly #calls: CallModel[] = [];
  readonly #ended = new Set<string>();
  readonly #readings: Promise<void>[] = [];

  constructor(scene: Scene) {
    this.#scene = scene;
    this.#all = new Deployment(
      scene,
      MOST_HOSTS,
      (id, isLate) => new ClosingNode(scene, id, isLate, this.#store),
    );
  }

  get #callers(): readonly Caller[] {
    return [...this.#all.open, this.#hub as HubNode];
  }

  async play(): Promise<void> {
    const scene = this.#scene;
    const { dice, mayLose } = scene;
    this.#hub = await HubNode.open(scene, this.#all.nodes.length);
    const others = [
      scene.each(CLIENTS, 'client', () => this.#converse()),
      scene.each(CALLERS, 'caller', () => this.#call()),
      this.#all.meetAnotherRelease(ROOMS),
    ];
    if (dice.isLikely(0.4)) others.push(this.#all.replaceOne());
    if (mayLose) others.push(this.#all.cutOne(), this.#callBehindCut());
    await Promise.all(others);
    const quiet = await this.#all.whenQuiet();
    const sinceMs = scene.w.clock.now() - (this.#calls.at(-1)?.fromMs ?? 0);
    if (mayLose) await scene.sleep(Math.max(0, KEPT_MS - sinceMs));
    await this.#claimAll();
    if (quiet.length > 0) await this.#closeRest(quiet);
    await this.#all.close();
    await this.#hub.host.close();
    await Promise.all(this.#readings);
    await scene.claimNoTimers();
  }

  /** One client: it comes, joins and leaves, and stays. */
  async #converse(): Promise<void> {
    const { dice } = this.#scene;
    for (let visit = dice.between(1, 2); visit > 0; visit -= 1) {
      await this.#scene.pause(this.#all.busyMs / 2);
      const ws = await this.#connect();
      if (ws === undefined) return;
      this.#readings.push(this.#scene.hearAll(ws, () => {}));
      for (const word of ['join', 'leave', 'join']) {
        if (dice.isLikely(0.8)) await ws.write(word);
        await this.#scene.pause(this.#all.busyMs / 2);
      }
    }
  }

  async #connect(): Promise<WorldClient | undefined> {
    const { dice } = this.#scene;
    const { host } = dice.pick(this.#all.open);
    const headers = { cookie: cookieOf(dice.pick(SESSIONS)) };
    try {
      return await this.#scene.connect(host, { url: `ws://localhost/${dice.pick(ROOMS)}`, headers });
    } catch (error) {
      // Its host closes.
      if (error instanceof ConnectError && error.status === 503) return undefined;
      throw error;
    }
  }

  async #call(): Promise<void> {
    const { dice } = this.#scene;
    for (let count = 0; count < CALLS; count += 1) {
      await this.#scene.sleep(this.#all.busyMs / 4 + dice.below(this.#all.busyMs / 2));
      await this.#callAs(dice.pick(['id', 'room', 'session', 'end-session']), dice.pick(this.#callers));
    }
  }

  async #callAs(verb: Verb, caller: Caller): Promise<void> {
    const { dice } = this.#scene;
    const open = this.#all.open.flatMap((node) => node.open);
    if (verb === 'end-session') return this.#endSession();
    if (verb === 'room') return this.#make(caller, verb, dice.pick(ROOMS));
    if (verb === 'session') return this.#make(caller, verb, dice.pick(SESSIONS));
    return open.length === 0 ? undefined : this.#make(caller, verb, dice.pick(open).ws.id);
  }

  /** A node is cut off, and comes back late: a call is made meanwhile, for one of its sockets. */
  async #callBehindCut(): Promise<void> {
    const { dice } = this.#scene;
    await this.#scene.sleep(this.#all.busyMs / 2);
    const node = dice.pick(this.#all.open);
    const { broker } = node;
    broker.cut();
    await this.#scene.pause(LONGEST_WAIT_MS);
    const { ws } = node.open.length > 0 ? dice.pick(node.open) : { ws: undefined };
    const callers = this.#callers.filter((caller) => caller !== node);
    if (ws !== undefined) await this.#make(dice.pick(callers), 'id', ws.id);
    await this.#scene.pause(LONGEST_WAIT_MS);
    broker.mend();
  }

  async #make(
    caller: Caller,
    verb: Verb,
    name: string,
    end?: Parameters<CallModel['make']>[0],
  ): Promise<void> {
    const call = new CallModel(this.#scene, this.#calls.length, caller, verb, name);
    this.#calls.push(call);
    await call.make(end);
  }

  /** A handler ends the session of its socket. */
  async #endSession(): Promise<void> {
    const open = this.#all.open
      .flatMap((node) => node.open)
      .filter(({ ws }) => !this.#ended.has(String(ws.sessionId)));
    if (open.length === 0) return;
    const { node, ws } = this.#scene.dice.pick(open);
    const { session, sessionId = '' } = ws;
    this.#ended.add(sessionId);
    if (session !== undefined) await this.#make(node, 'end-session', sessionId, () => session.end());
  }

  /** Asks each node for its id, and claims of all calls. */
  async #claimAll(): Promise<void> {
    const nodes: readonly Caller[] = [...this.#all.nodes, this.#hub as HubNode];
    const ids = new Map<Caller, string>();
    for (const node of nodes) {
      // An id without a node is looked for on the node that is asked.
      const { nodes: asked } = await node.host.closeSockets({ id: 'nobody' });
      ids.set(node, [...asked.keys()][0] as string);
    }
    for (const call of this.#calls) call.claim(nodes, ids);
  }

  /** All is quiet: a call reaches exactly the nodes that are there. */
  async #closeRest(quiet: readonly ClosingNode[]): Promise<void> {
    const callers = [...quiet, this.#hub as HubNode].filter(({ isUp }) => isUp);
    for (const room of ROOMS) {
      const { nodes, missingNodes } = await this.#scene.dice
        .pick(callers)
        .host.closeSockets({ room }, 4999, 'over');
      const facts = [[...nodes], missingNodes, callers.length] as const;
      claim(nodes.size === callers.length && missingNodes.length === 0, 'other nodes', ...facts);
    }
    await this.#scene.sleep(SETTLED_MS);
    for (const node of quiet) {
      const left = node.open.filter(({ rooms }) => rooms.at(-1)?.toMs === Infinity);
      claim(left.length === 0, 'not closed once all is quiet', node.id, left.length);
    }
  }
}

/** What networks and brokers do. Links of clients stay, but for those of a host that dies. */
const OUTAGES: Faults = {
  delayMs: [0, 200],
  brokerDuplicate: 0.1,
  brokerDrop: 0.05,
  slowAcknowledgement: 0.05,
  partition: 0.3,
  nodeDeath: 0.1,
};

export const CLOSES_OF_HOSTS: readonly Scenario[] = [
  {
    name: 'closes reach the sockets of several hosts',
    play: (scene) => new Play(scene).play(),
    faults: OUTAGES,
  },
];
