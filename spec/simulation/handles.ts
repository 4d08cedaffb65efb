// Sockets that other nodes open by their ids, over a broker with faults: what they write and read
// has its true status, no message is written or read twice, and none is lost in silence. Once all
// is quiet, each socket is reached from each node.

import type { Host, SharedSocket } from 'corosock';
import type { Faults } from 'corosock/testing';
import { DeployedNode, Deployment, HubNode, report } from './deployment.ts';
import { HandleModel, SocketModel } from './handle-model.ts';
import { claim, PATIENCE_MS } from './scene.ts';
import type { Scenario, Scene } from './scene.ts';

const MOST_HOSTS = 3;
const CLIENTS = 4;
const MOST_MESSAGES = 8;
const CALLERS = 4;
const OPENINGS = 4;
const MOST_CALLS = 6;
/** Two messages: more wait while a link stands still. */
const WRITE_BUFFER_BYTES = 50;
const LONGEST_STALL_MS = 3000;
/** A node that has just begun, and one that was away, is known by then. */
const KNOWN_MS = 8000;
/** A node that was not heard for so long is not known. */
const FORGOTTEN_MS = 60_000;
/** What is on its way to a reader has come back by then. */
const REST_MS = 3000;
/** A socket that has ended keeps so long what a handle has not read. */
const REST_OF_ENDED_MS = 12_000;
/** A write to a link that stands still is given up within this time. */
const GIVE_UP_MS = 300;
/** What is not given up is written after this time, and fails a claim. */
const LONG_STALL_MS = 20_000;
/** More writes than wait in `WRITE_BUFFER_BYTES` and in what a link takes. */
const MOST_BUFFERED = 50;
/** Longest way there and back, without faults. */
const ROUND_TRIP_MS = 1000;

type Sockets = Map<string, SocketModel>;

/** A host whose sockets live on without their handlers, but for some. */
class SocketNode extends DeployedNode {
  readonly host: Host;

  constructor(scene: Scene, id: number, isLate: boolean, sockets: Sockets) {
    super(scene, id, isLate);
    const begin = (name: string, ws: SharedSocket): void => {
      const socket = sockets.get(name) as SocketModel;
      socket.id = ws.id;
      void ws.closed.then(() => (socket.endedMs = scene.w.clock.now()));
    };
    this.host = scene.w.serve(
      {
        '/shared/:name': {
          onPreServer: (handshake) => void (handshake.sharedConnection = true),
          server: (ws) => begin(ws.request.params.name, ws),
        },
        '/own/:name': async (ws) => {
          begin(ws.request.params.name, ws);
          await ws.closed;
        },
      },
      { broker: this.broker, report, writeBufferBytes: WRITE_BUFFER_BYTES, heartbeat: false },
    );
  }
}

/** One play: hosts and a hub, the sockets of the hosts, and calls of all of them. */
class Handles {
  readonly scene: Scene;
  readonly #sockets: Sockets = new Map();
  readonly #all: Deployment<SocketNode>;
  #hub: HubNode | undefined;
  #handles = 0;
  /** What the clients hear, until their ends. */
  readonly #readings: Promise<void>[] = [];

  constructor(scene: Scene) {
    this.scene = scene;
    this.#all = new Deployment(
      scene,
      MOST_HOSTS,
      (id, isLate) => new SocketNode(scene, id, isLate, this.#sockets),
    );
  }

  async play(): Promise<void> {
    const { dice, mayLose } = this.scene;
    this.#hub = await HubNode.open(this.scene, this.#all.nodes.length);
    const others = [
      this.scene.each(CLIENTS, 'client', (at) => this.#converse(`client${at}`)),
      this.scene.each(CALLERS, 'caller', () => this.#call()),
      this.#all.meetAnotherRelease([]),
    ];
    if (dice.isLikely(0.4)) others.push(this.#all.replaceOne());
    if (mayLose) others.push(this.#all.cutOne(), this.#all.cutOne());
    await Promise.all(others);
    const quiet = await this.#all.whenQuiet();
    const left = [...this.#sockets.values()].filter(
      ({ isOpen, isShared, node }) => isOpen && isShared && quiet.includes(node as SocketNode),
    );
    const callers = [...quiet, this.#hub].filter(({ isUp }) => isUp);
    await this.scene.each(left.length, 'reader', (at) => this.#finish(left[at] as SocketModel, callers));
    await this.#all.close();
    await this.#hub.close();
    await Promise.all(this.#readings);
    for (const socket of this.#sockets.values()) socket.claimHeard();
    await this.scene.claimNoTimers();
  }

  get #callers(): ReadonlyArray<SocketNode | HubNode> {
    return [...this.#all.open, this.#hub as HubNode];
  }

  /** One client: it sends now and then, and hears all. */
  async #converse(name: string): Promise<void> {
    const { dice } = this.scene;
    await this.scene.pause(this.#all.busyMs / 3);
    const node = dice.pick(this.#all.open);
    const socket = new SocketModel(node, name, dice.isLikely(0.9));
    this.#sockets.set(name, socket);
    const reading = await socket.connect(this.scene, node.host).catch((error: unknown) => {
      this.#sockets.delete(name);
      throw error;
    });
    if (reading.length === 0) return void this.#sockets.delete(name);
    this.#readings.push(...reading);
    for (let count = dice.between(1, MOST_MESSAGES); count > 0; count -= 1) {
      await this.scene.pause(this.#all.busyMs / MOST_MESSAGES);
      if (dice.isLikely(0.3)) await this.#stall(socket);
      await socket.send();
    }
  }

  /** The link of a client stands still for a time: what is written to it waits. */
  async #stall({ client }: SocketModel): Promise<void> {
    client.link.stall('in');
    await this.scene.pause(LONGEST_STALL_MS);
    client.link.heal();
  }

  /** One task of a node: it opens sockets, one after another, and uses them. */
  async #call(): Promise<void> {
    const { dice } = this.scene;
    for (let count = 0; count < OPENINGS; count += 1) {
      await this.scene.pause(this.#all.busyMs / OPENINGS);
      const caller = dice.pick(this.#callers);
      const sockets = [...this.#sockets.values()].filter(({ id }) => id !== '');
      if (sockets.length > 0) await this.#use(caller, dice.pick(sockets));
    }
  }

  async #use(caller: SocketNode | HubNode, socket: SocketModel): Promise<void> {
    const { dice } = this.scene;
    const handle = await this.#open(caller, socket, dice.pick([0, 100, 5000, 5000]));
    if (handle === undefined) return;
    const calls: Promise<unknown>[] = [];
    for (let count = dice.between(1, MOST_CALLS); count > 0; count -= 1) {
      const timeoutMs = dice.pick([0, 20, 400, 3000]);
      const signal = dice.isLikely(0.3) ? this.scene.abortedWithin(timeoutMs + 1) : undefined;
      calls.push(dice.isLikely(0.5) ? handle.write() : handle.readText(timeoutMs, signal));
      if (dice.isLikely(0.5)) await this.scene.pause(1000);
    }
    await Promise.all(calls);
  }

  /** Opens a socket, and claims that the status is true. */
  async #open(
    caller: SocketNode | HubNode,
    socket: SocketModel,
    timeoutMs: number,
  ): Promise<HandleModel | undefined> {
    const { w } = this.scene;
    const fromMs = w.clock.now();
    const wasOpen = socket.isOpen;
    const isKnown = socket.callers.has(caller);
    socket.callers.add(caller);
    const [ws, status] = await caller.host.openServer(socket.id, { timeoutMs });
    const nowMs = w.clock.now();
    const facts = [socket.name, status, `host ${socket.node.id} of ${caller.id}`, fromMs, nowMs, timeoutMs];
    const hasOutage = [caller, socket.node].some((node) => node.wasDown(fromMs - KNOWN_MS, nowMs));
    const isForgotten = [caller, socket.node].some((node) => node.wasDown(fromMs - FORGOTTEN_MS, nowMs));
    const isHere = socket.isOpen && !hasOutage;
    // Where this node has a handle on it, the end of the socket may not have come yet.
    const isStale = isKnown && socket.endedMs > fromMs - REST_OF_ENDED_MS;
    if (status === 'ok') claim(socket.isShared && (wasOpen || isStale), 'opened what is not there', ...facts);
    else if (status === 'not-shared') claim(!socket.isShared && wasOpen, 'shared after all', ...facts);
    else if (status === 'not-found')
      claim(!isHere || (isForgotten && this.scene.mayLose), 'not found', ...facts);
    else claim(timeoutMs < ROUND_TRIP_MS || hasOutage || this.scene.mayLose, 'timed out', ...facts);
    claim(nowMs - fromMs <= timeoutMs, 'an opening has taken long', ...facts);
    if (ws === undefined) return undefined;
    this.#handles += 1;
    return new HandleModel(this.scene, this.#handles, caller, socket, ws);
  }

  /** All is quiet: what is left is read, each node reaches the socket, and one ends it. */
  async #finish(socket: SocketModel, callers: ReadonlyArray<SocketNode | HubNode>): Promise<void> {
    const { dice } = this.scene;
    const rest = await this.#reopen(socket.node as SocketNode, socket);
    while ((await rest.readText(REST_MS)) !== 'timeout');
    socket.claimTaken();
    for (const caller of callers) {
      const handle = await this.#readOne(socket, caller);
      claim((await handle.writeText()) === 'ok', 'not written once all is quiet', socket.name, caller.id);
      await this.#writeToStalled(socket, handle);
    }
    const last = await this.#reopen(dice.pick(callers), socket);
    if (dice.isLikely(0.5)) await this.#endByCaller(socket, last);
    else await this.#endByClient(socket, last);
  }

  /** The link of a client stands still: what its buffer does not take is given up in time. */
  async #writeToStalled({ client }: SocketModel, handle: HandleModel): Promise<void> {
    // The buffers of a port take all of it.
    if (this.scene.isWire) return;
    client.link.stall('in');
    let isStalled = true;
    this.scene.after(LONG_STALL_MS, () => isStalled && client.link.heal());
    let status = await this.#giveUp(handle);
    for (let count = 0; status === 'ok' && count < MOST_BUFFERED; count += 1)
      status = await this.#giveUp(handle);
    const aborted = await this.#giveUp(handle, this.scene.abortedWithin(GIVE_UP_MS));
    isStalled = false;
    client.link.heal();
    claim(status === 'timeout' && aborted === 'cancelled', 'written to a link that stalls', status, aborted);
  }

  async #giveUp(handle: HandleModel, signal?: AbortSignal): Promise<string | undefined> {
    const { clock } = this.scene.w;
    const begunMs = clock.now();
    const status = await handle.writeText(signal === undefined ? GIVE_UP_MS : PATIENCE_MS, signal);
    const tookMs = clock.now() - begunMs;
    claim(tookMs <= GIVE_UP_MS + ROUND_TRIP_MS, 'not given up in time', handle.number, status, tookMs);
    return status;
  }

  /**
   * A node reads what the client sends: handles that have ended may each get one before. Where it
   * has a handle that lost a frame while it was idle, that ends at its first use.
   */
  async #readOne(socket: SocketModel, caller: SocketNode | HubNode): Promise<HandleModel> {
    let handle = await this.#reopen(caller, socket);
    for (let count = socket.lostHandles + 2; count > 0; count -= 1) {
      const reading = handle.readText(REST_MS);
      if (this.scene.dice.isLikely(0.5)) await this.scene.pause(ROUND_TRIP_MS);
      await socket.send();
      if ((await reading) === 'ok') return handle;
      if (handle.isLost) handle = await this.#reopen(caller, socket);
    }
    throw new Error(`not read once all is quiet: ${socket.name} of ${caller.id}`);
  }

  async #reopen(caller: SocketNode | HubNode, socket: SocketModel): Promise<HandleModel> {
    const handle = await this.#open(caller, socket, PATIENCE_MS);
    if (handle === undefined) throw new Error(`no handle once all is quiet: ${socket.name} of ${caller.id}`);
    return handle;
  }

  /** Whoever reads has all that a client has sent before it closes. */
  async #endByClient(socket: SocketModel, handle: HandleModel): Promise<void> {
    const reading = handle.readText(PATIENCE_MS);
    for (let count = this.scene.dice.below(4); count > 0; count -= 1) await socket.send();
    void socket.client.close();
    for (let status = await reading; status !== 'closed';) status = await handle.readText(PATIENCE_MS);
    socket.claimTaken();
  }

  async #endByCaller(socket: SocketModel, handle: HandleModel): Promise<void> {
    const code = 4000 + handle.number;
    const { code: told } = await handle.end(code);
    const { code: seen } = await socket.client.closed;
    claim(told === code && seen === code, 'another code', socket.name, code, told, seen);
  }
}

/** What networks and brokers do. Links of clients stay, but for those of a host that dies. */
const OUTAGES: Faults = {
  delayMs: [0, 200],
  brokerDuplicate: 0.1,
  brokerDrop: 0.03,
  slowAcknowledgement: 0.05,
  partition: 0.3,
  nodeDeath: 0.1,
};

export const HANDLES_OF_HOSTS: readonly Scenario[] = [
  {
    name: 'sockets of several hosts are opened from other nodes',
    play: (scene) => new Handles(scene).play(),
    faults: OUTAGES,
  },
];
