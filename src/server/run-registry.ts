// The runs of one host: each from its 101 until all of it has ended. The host adds and releases
// them; users see those whose socket is open, as `host.sockets`. Ids are drawn here.

import type { HandlerRun } from './handler-run.ts';
import type { ServerSocket } from './host.ts';
import type { HostedSocket } from './hosted-socket.ts';
import { SocketId } from './socket-id.ts';
import type { Slot } from './socket-id.ts';
import { showAs } from '../platform/inspection.ts';
import { noop } from '../core/noop.ts';
import { machineRandomness, RandomIds } from '../platform/random-ids.ts';
import type { Randomness } from '../platform/random-ids.ts';
import { IdMap } from '../structures/id-map.ts';
import { LinkedList } from '../structures/linked-list.ts';

const NODE_ID_BYTES = 6;
/** 128 bits. */
const SOCKET_ID_BYTES = 16;

/** Keeps the runs of one host in the order in which they began, and finds open sockets by id. */
export class RunRegistry implements Iterable<HandlerRun> {
  /** Drawn anew by each host: the first part of the ids of its sockets. */
  readonly nodeId: string;
  /** From a pool of random bytes: 0.4 µs an id, where one call for each took 4 µs. */
  readonly #randomIds: RandomIds;
  readonly #isSeeded: boolean;
  readonly #runs = new LinkedList<HandlerRun>();
  /** Open sockets whose id was drawn. */
  readonly #index = new Map<string, SocketId>();
  #openSockets = 0;
  /** The open sockets by id; a view that cannot be changed. */
  readonly sockets: ReadonlyMap<string, ServerSocket>;

  /** @param onFound - Called for each socket that an iteration of `sockets` gives. */
  constructor(onFound: (run: HandlerRun) => void = noop, randomness: Randomness = machineRandomness) {
    this.nodeId = new RandomIds(NODE_ID_BYTES, randomness).next();
    this.#randomIds = new RandomIds(SOCKET_ID_BYTES, randomness);
    this.#isSeeded = randomness !== machineRandomness;
    this.sockets = new OpenSockets(this, onFound);
  }

  get openSockets(): number {
    return this.#openSockets;
  }

  /** Reserves the id of a socket that may come to be, which holds its slot. */
  reserve(slot?: Slot): SocketId {
    const id = new SocketId(this.#draw, slot);
    // Code that only looks, such as `host.waits`, would change the later ids of a seed by its read.
    if (this.#isSeeded) void id.value;
    return id;
  }

  add(run: HandlerRun): void {
    const { socketId, ws } = run;
    socketId.socket = ws;
    this.#runs.append(run);
    this.#openSockets += 1;
    if (socketId.isDrawn) this.#index.set(socketId.value, socketId);
  }

  /**
   * Releases what has ended of a run: its socket can no longer be found, and a run that has
   * ended is no longer kept. Can be called for each end, or once for both.
   */
  release(run: HandlerRun): void {
    const { socketId } = run;
    if (socketId.socket !== undefined) {
      socketId.socket = undefined;
      this.#openSockets -= 1;
      run.memberships?.leaveAll();
      if (socketId.isDrawn) this.#index.delete(socketId.value);
      socketId.leave();
    }
    if (run.hasEnded) this.#runs.remove(run);
  }

  /** Finds an open socket. */
  find(id: string): HostedSocket | undefined {
    return this.#index.get(id)?.socket;
  }

  [Symbol.iterator](): IterableIterator<HandlerRun> {
    return this.#runs[Symbol.iterator]();
  }

  /** The id begins with that of the node, so that routing between nodes needs no directory. */
  readonly #draw = (id: SocketId): string => {
    // One string; a template would keep its parts for as long as the socket lives.
    const value = [this.nodeId, this.#randomIds.next()].join('.');
    if (id.socket !== undefined) this.#index.set(value, id);
    return value;
  };
}

/** `host.sockets`. */
class OpenSockets extends IdMap<ServerSocket> {
  static {
    showAs(OpenSockets.prototype, 'Sockets', (sockets) => new Map(sockets));
  }

  readonly #runs: RunRegistry;
  readonly #onFound: (run: HandlerRun) => void;

  constructor(runs: RunRegistry, onFound: (run: HandlerRun) => void) {
    super();
    this.#runs = runs;
    this.#onFound = onFound;
  }

  get size(): number {
    return this.#runs.openSockets;
  }

  get(id: string): ServerSocket | undefined {
    return this.#runs.find(id);
  }

  *values(): MapIterator<ServerSocket> {
    for (const run of this.#runs) {
      if (run.socketId.socket === undefined) continue;
      this.#onFound(run);
      yield run.socketId.socket;
    }
  }
}
