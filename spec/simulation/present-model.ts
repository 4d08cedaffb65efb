// The model of presence.ts: which sockets of which host are counted under which keys, and what each
// host shows of that: its lists, the nodes that it names as missing, and its changes.

import type { Host, PresenceChange, ServerSocket } from 'corosock';
import { DeployedNode, report } from './deployment.ts';
import { claim } from './scene.ts';
import type { Scene } from './scene.ts';

export const KEYS = ['ada', 'bob', '__proto__', 'eve'] as const;
export type Key = (typeof KEYS)[number];

const ROOM = 'lobby';
/** A key leaves so long after its last socket. */
const LEAVE_MS = 5000;
/** What a host counts has reached the others by then, where nothing is lost. */
const TOLD_MS = 1500;
/** Changes within this time may be told together: a stay that is shorter is not told. */
const BURST_MS = 100;
/** A host that has just begun knows the others, and they know it. */
const KNOWN_MS = 4000;
/** A node that is not heard of for so long is missing, and is forgotten. */
const MISSING_MS = 8000;
const FORGOTTEN_MS = 58_000;

/** When a key has had sockets on one host. */
interface Stay {
  readonly fromMs: number;
  toMs: number;
}

/** A host, and the sockets that it counts. */
export class PresentNode extends DeployedNode {
  readonly host: Host;
  /** Of this node, in reports and lists. */
  nodeId: string = '';
  readonly #counted = new Map<ServerSocket, Map<Key, unknown>>();
  readonly #stays: ReadonlyMap<Key, Stay[]> = new Map(KEYS.map((key) => [key, []]));
  /** When each key was last counted anew, or less. */
  readonly #changedMs = new Map<Key, number>();
  /** What the changes add up to. */
  readonly #present = new Set<string>();
  readonly #changes: { readonly atMs: number; readonly change: PresenceChange }[] = [];

  constructor(scene: Scene, id: number, isLate: boolean) {
    super(scene, id, isLate);
    this.host = scene.w.serve((ws) => this.#converse(ws), { broker: this.broker, report });
    // An id without a node is looked for on the node that is asked.
    void this.host.closeSockets({ id: 'nobody' }).then(({ nodes }) => {
      this.nodeId = [...nodes.keys()][0] as string;
    });
    const changes = this.host.room(ROOM).presence.changes();
    claim(this.#list.members.size === 0, 'a list that is not empty at first');
    void scene.w.spawn(`changes of host ${id}`, async () => {
      for await (const change of changes) this.#take(change);
    });
  }

  override close(): Promise<void> {
    this.#counted.clear();
    for (const key of KEYS) this.#look(key);
    return super.close();
  }

  get #list(): ReturnType<Host['room']>['presence'] extends { list(): infer List } ? List : never {
    return this.host.room(ROOM).presence.list();
  }

  get #nowMs(): number {
    return this.scene.w.clock.now();
  }

  /** Claims of what it shows at any time. */
  claimShown(nodes: readonly PresentNode[]): void {
    if (!this.scene.mayLose) return this.#claimList(nodes);
    for (const other of nodes) this.#claimMissing(other);
    return undefined;
  }

  /** Claims of a list where nothing is lost. */
  #claimList(nodes: readonly PresentNode[]): void {
    const nowMs = this.#nowMs;
    const isSettled = nodes.every(
      ({ madeMs, closedMs }) =>
        nowMs - madeMs > KNOWN_MS && (closedMs > nowMs || nowMs - closedMs > KNOWN_MS),
    );
    if (!isSettled || this.isClosed) return;
    for (const key of KEYS) {
      const lastMs = Math.max(...nodes.map((node) => node.#changedMs.get(key) ?? -Infinity));
      if (nowMs - lastMs > TOLD_MS) this.claimKey(key, nodes, nowMs - lastMs > LEAVE_MS + TOLD_MS);
    }
    this.claimNoneMissing();
  }

  /** Claims what is listed under one key. @param isOver - Whether a key without sockets has left. */
  claimKey(key: Key, nodes: readonly PresentNode[], isOver: boolean): void {
    const listed = this.#list.members.get(key);
    const metas = nodes.flatMap((node) => node.#metasOf(key));
    const facts = [key, this.facts, listed, metas, this.#nowMs] as const;
    claim((listed?.sockets ?? 0) === metas.length, 'another number of sockets', ...facts);
    claim(listed !== undefined || metas.length === 0, 'not listed', ...facts);
    claim(!(isOver && metas.length === 0) || listed === undefined, 'a ghost', ...facts);
    const said = metas.filter((meta) => meta !== undefined).map(String);
    claim(
      String(said.toSorted()) === String((listed?.meta ?? []).map(String).toSorted()),
      'other meta',
      ...facts,
    );
  }

  claimNoneMissing(): void {
    const { missingNodes, asOfMs } = this.#list;
    claim(missingNodes.length === 0, 'missing nodes', missingNodes, this.facts, this.#nowMs);
    claim(asOfMs > this.#nowMs - 3000, 'an old list', asOfMs, this.#nowMs, this.facts);
  }

  /** Claims that it names a node that has been cut off for a time, and was known. */
  #claimMissing(other: PresentNode): void {
    const nowMs = this.#nowMs;
    const wasThere = (fromMs: number, toMs: number): boolean =>
      !this.wasDown(fromMs, toMs) && !other.wasDown(fromMs, toMs);
    const isGone =
      other !== this &&
      !this.isClosed &&
      other.closedMs > nowMs &&
      [this, other].some((node) => node.wasDownAll(nowMs - MISSING_MS, nowMs)) &&
      [15, 20, 25, 30, 35].some((s) => wasThere(nowMs - s * 1000 - MISSING_MS, nowMs - s * 1000));
    if (!isGone) return;
    const { missingNodes } = this.#list;
    claim(
      missingNodes.includes(other.nodeId),
      'not named as missing',
      this.facts,
      other.facts,
      missingNodes,
      nowMs,
    );
  }

  /** All is quiet: the list is that of the model, and the changes add up to it. */
  claimAll(nodes: readonly PresentNode[]): void {
    for (const key of KEYS) {
      // A client that has heard nothing for long closes: that may have been just now.
      const lastMs = Math.max(...nodes.map((node) => node.#changedMs.get(key) ?? -Infinity));
      const sinceMs = this.#nowMs - lastMs;
      if (sinceMs > TOLD_MS) this.claimKey(key, nodes, sinceMs > LEAVE_MS + TOLD_MS);
    }
    this.claimNoneMissing();
    const [listed, told] = [[...this.#list.members.keys()], [...this.#present]];
    claim(String(listed.toSorted()) === String(told.toSorted()), 'changes say something else', listed, told);
  }

  /** Claims that no key has left that was gone for less than its grace, and that each was there. */
  claimChanges(nodes: readonly PresentNode[]): void {
    for (const { atMs, change } of this.#changes) {
      const [joined, left] = [change.joined as Key[], change.left as Key[]];
      const stays = (key: Key): readonly Stay[] => nodes.flatMap((node) => node.#stays.get(key) ?? []);
      for (const key of joined) {
        const wasThere = stays(key).some((stay) => overlaps(stay, atMs - FORGOTTEN_MS, atMs));
        claim(wasThere, 'joined, and was not there', key, atMs, this.facts);
      }
      for (const key of this.scene.mayLose ? [] : left) {
        const wasThere = stays(key).some(
          (stay) =>
            stay.toMs - stay.fromMs > BURST_MS && overlaps(stay, atMs - LEAVE_MS + 100, atMs - TOLD_MS),
        );
        claim(!wasThere, 'left, and was there', key, atMs, this.facts);
      }
    }
  }

  /** Sockets under a key on this host. */
  #metasOf(key: Key): readonly unknown[] {
    if (this.isClosed || this.isDead) return [];
    return [...this.#counted.values()].filter((keys) => keys.has(key)).map((keys) => keys.get(key));
  }

  #take(change: PresenceChange): void {
    const { joined, left } = change;
    const facts = [this.id, joined, left, [...this.#present]] as const;
    claim(
      joined.every((key) => !this.#present.has(key)),
      'joined twice',
      ...facts,
    );
    claim(
      left.every((key) => this.#present.has(key)),
      'left, and had not joined',
      ...facts,
    );
    claim(joined.length + left.length > 0, 'a change of nothing', ...facts);
    for (const key of joined) this.#present.add(key);
    for (const key of left) this.#present.delete(key);
    this.#changes.push({ atMs: this.#nowMs, change });
  }

  /** A socket: it is counted as its client says. */
  async #converse(ws: ServerSocket): Promise<void> {
    const keys = new Map<Key, unknown>();
    this.#counted.set(ws, keys);
    void ws.closed.then(() => this.#forget(ws));
    const { room } = await ws.join(ROOM);
    for await (const text of ws) {
      const [verb, key, meta] = String(text).split(' ') as ['track' | 'leave', Key, string];
      if (ws.closeInfo !== undefined || this.isClosed) return;
      if (verb === 'track') {
        room.presence.track(ws, key, meta === '-' ? undefined : meta);
        keys.set(key, meta === '-' ? undefined : meta);
        this.#look(key);
      } else {
        (await ws.join(ROOM)).leave();
        this.#forget(ws);
        return;
      }
    }
  }

  #forget(ws: ServerSocket): void {
    const keys = [...(this.#counted.get(ws)?.keys() ?? [])];
    this.#counted.delete(ws);
    for (const key of keys) this.#look(key);
  }

  /** What is counted under a key has changed. */
  #look(key: Key): void {
    const nowMs = this.#nowMs;
    this.#changedMs.set(key, nowMs);
    const stays = this.#stays.get(key) as Stay[];
    const last = stays.at(-1);
    const isThere = [...this.#counted.values()].some((keys) => keys.has(key));
    if (!isThere && last?.toMs === Infinity) last.toMs = nowMs;
    else if (isThere && last?.toMs !== Infinity) stays.push({ fromMs: nowMs, toMs: Infinity });
  }
}

function overlaps({ fromMs, toMs }: Stay, firstMs: number, lastMs: number): boolean {
  return fromMs <= lastMs && toMs >= firstMs;
}
