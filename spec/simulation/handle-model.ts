// The model of handles.ts: sockets, what their clients send and hear, and what handles of all nodes
// write to them and read of them. It is told of each call, and claims what has to hold of it.

import type { CloseInfo, Host, SharedSocket } from 'corosock';
import { ConnectError } from 'corosock/testing';
import type { WorldClient } from 'corosock/testing';
import type { DeployedNode } from './deployment.ts';
import { ABANDONED, claim, PATIENCE_MS } from './scene.ts';
import type { Scene } from './scene.ts';

/** A call that its node answers ends in so long, beside its own time: 5 s without an answer. */
const ANSWERED_MS = 12_000;

/** A write is given up within this time, where it is. */
const ABORTED_MS = 500;
/** Longest way there and back, without faults. */
const ROUND_TRIP_MS = 1000;
/** Longest time for which the link of a client stands still, and more. */
const STALL_MS = 4000;
/** A node that has not heard of a handle for so long releases it. */
const RELEASED_MS = 100_000;

/** A write that was called: `write 3 17` is the seventeenth of handle 3. */
interface WriteModel {
  readonly begunMs: number;
  readonly number: number;
  status: 'ok' | 'timeout' | 'closed' | 'cancelled' | undefined;
}

/** One socket: its client, and the messages both ways. */
export class SocketModel {
  readonly node: DeployedNode;
  readonly name: string;
  readonly isShared: boolean;
  #client: WorldClient | undefined;
  /** Of the socket; '' until its handler has begun. */
  id = '';
  /** When its host has seen its end. */
  endedMs: number = Infinity;
  readonly heard: string[] = [];
  /** When the client has heard the last message of each handle. */
  readonly lastHeardMs: Map<string, number> = new Map();
  /** Messages that the client has sent: 0, 1, 2, … */
  sent = 0;
  /** What readers have taken, in the order in which their reads have ended. */
  readonly taken: number[] = [];
  readonly handles: HandleModel[] = [];
  /** Nodes that have opened it, or have tried. */
  readonly callers: Set<DeployedNode> = new Set();

  constructor(node: DeployedNode, name: string, isShared: boolean) {
    this.node = node;
    this.name = name;
    this.isShared = isShared;
  }

  /** Connects the client. @returns What it hears, until the end of its socket; empty: it is refused. */
  async connect(scene: Scene, host: Host): Promise<Promise<void>[]> {
    const url = `ws://localhost/${this.isShared ? 'shared' : 'own'}/${this.name}`;
    try {
      this.#client = await scene.connect(host, { url });
    } catch (error) {
      // Its host closes.
      if (error instanceof ConnectError && error.status === 503) return [];
      throw error;
    }
    const { clock } = scene.w;
    return [
      scene.hearAll(this.#client, (text) => {
        this.heard.push(text);
        this.lastHeardMs.set(text.split(' ')[1] ?? '', clock.now());
      }),
    ];
  }

  get client(): WorldClient {
    return this.#client as WorldClient;
  }

  get isOpen(): boolean {
    return this.id !== '' && this.endedMs === Infinity;
  }

  /** Handles that have ended without an answer. */
  get lostHandles(): number {
    return this.handles.filter(({ isLost }) => isLost).length;
  }

  /** The client sends its next message. */
  async send(): Promise<void> {
    const number = this.sent;
    this.sent += 1;
    await this.client.write(String(number));
  }

  /** A reader has taken a message. */
  take(text: string): void {
    const number = Number(text);
    claim(!this.taken.includes(number), 'read twice', this.name, number, this.taken);
    claim(number < this.sent, 'read before it was sent', this.name, text);
    this.taken.push(number);
  }

  /** Claims of what the client has heard: the order of each handle, no message twice, true statuses. */
  claimHeard(): void {
    const { clean = false, unread = 0 } = this.client.closeInfo ?? {};
    const isWhole = clean && unread === 0;
    for (const handle of this.handles) {
      handle.claimEnd();
      const numbers = this.heard
        .filter((text) => text.startsWith(`write ${handle.number} `))
        .map((text) => Number(text.split(' ')[2]));
      claim(
        numbers.every((number, at) => at === 0 || number > (numbers[at - 1] as number)),
        'heard twice, or not in order',
        this.name,
        handle.number,
        numbers,
      );
      for (const write of handle.writes) handle.claimWrite(write, numbers.includes(write.number), isWhole);
    }
  }

  /**
   * Claims that all that the client has sent was taken, but for what was under way to handles that
   * have ended without an answer: each of those may have one.
   */
  claimTaken(): void {
    const lost = this.sent - this.taken.length;
    claim(lost <= this.lostHandles, 'a message was lost in silence', this.name, this.sent, this.taken);
  }
}

/** One handle that a node has opened on a socket, and what it does with it. */
export class HandleModel {
  readonly number: number;
  readonly writes: WriteModel[] = [];
  readonly #scene: Scene;
  readonly #socket: SocketModel;
  readonly caller: DeployedNode;
  readonly #ws: SharedSocket;
  /** When it has ended. */
  endedMs: number = Infinity;
  by: string | undefined;
  /** Whether it ended when its socket or a host had. */
  #hasReason = true;

  constructor(scene: Scene, number: number, caller: DeployedNode, socket: SocketModel, ws: SharedSocket) {
    this.#scene = scene;
    this.number = number;
    this.caller = caller;
    this.#socket = socket;
    this.#ws = ws;
    socket.handles.push(this);
    void ws.closed.then(({ by }) => {
      this.endedMs = this.#nowMs;
      this.by = by;
      this.#hasReason = socket.endedMs < Infinity || caller.isClosed || socket.node.isClosed;
    });
  }

  /** Whether it is of another node than the socket. */
  get isRemote(): boolean {
    return this.caller !== this.#socket.node;
  }

  /** Whether it has ended, and its socket has not. */
  get isLost(): boolean {
    return this.isRemote && this.endedMs < Infinity && (this.by === 'link' || this.caller.isClosed);
  }

  get #nowMs(): number {
    return this.#scene.w.clock.now();
  }

  /** Ends the socket. */
  end(code: number): Promise<CloseInfo> {
    return this.#ws.endServer(code, 'ended by a handle');
  }

  /** Writes its next text, in some time or another. */
  async write(): Promise<void> {
    const { dice } = this.#scene;
    const timeoutMs = dice.pick([0, 50, 1000, PATIENCE_MS]);
    await this.writeText(timeoutMs, dice.isLikely(0.2) ? this.#scene.abortedWithin(ABORTED_MS) : undefined);
  }

  /** Writes its next text. */
  async writeText(timeoutMs: number = PATIENCE_MS, signal?: AbortSignal): Promise<WriteModel['status']> {
    const write: WriteModel = { begunMs: this.#nowMs, number: this.writes.length, status: undefined };
    const hadEnded = this.endedMs < Infinity;
    this.writes.push(write);
    const options = signal === undefined ? { timeoutMs } : { timeoutMs, signal };
    try {
      write.status = await this.#ws.write(`write ${this.number} ${write.number}`, options);
    } catch {
      write.status = 'cancelled';
    }
    const { status, begunMs, number } = write;
    const facts = [this.number, number, status, timeoutMs, begunMs, this.#nowMs] as const;
    claim(!hadEnded || status !== 'ok', 'a write after the end', ...facts);
    claim(status !== 'cancelled' || signal !== undefined, 'a write has failed', ...facts);
    claim(status !== 'timeout' || timeoutMs < PATIENCE_MS, 'a write has timed out', ...facts);
    const ownMs = signal === undefined ? timeoutMs : Math.min(timeoutMs, ABORTED_MS);
    const limitMs = Math.min(ownMs, STALL_MS) + (this.#scene.mayLose ? ANSWERED_MS : ROUND_TRIP_MS);
    claim(!this.isRemote || this.#nowMs - begunMs <= limitMs, 'a write has had no answer for long', ...facts);
    return status;
  }

  /** Reads one message, or gives up. */
  async readText(timeoutMs: number, signal?: AbortSignal): Promise<'ok' | 'timeout' | 'closed' | 'aborted'> {
    const begunMs = this.#nowMs;
    const hadEnded = this.endedMs < Infinity && this.by === 'link';
    const options = signal === undefined ? { timeoutMs } : { timeoutMs, signal };
    try {
      const [text, status] = await this.#ws.readText(options);
      claim(!hadEnded || status !== 'ok', 'a message after the end', this.number);
      if (status === 'ok') this.#socket.take(text);
      claim(
        this.#nowMs - begunMs <= timeoutMs + 1,
        'a read has not ended',
        this.number,
        status,
        timeoutMs,
        begunMs,
      );
      return status;
    } catch (error) {
      if (error !== ABANDONED) throw error;
      return 'aborted';
    }
  }

  /** Claims that it has not ended by itself. */
  claimEnd(): void {
    const mayEnd = this.#scene.mayLose || this.by !== 'link' || this.#hasReason;
    claim(mayEnd, 'a handle has ended without a reason', this.#socket.name, this.number, this.endedMs);
    const heardMs = this.#socket.lastHeardMs.get(`${this.number}`) ?? 0;
    const isLate =
      this.by === 'link' && heardMs > this.endedMs + (this.#scene.mayLose ? RELEASED_MS : STALL_MS);
    claim(
      !isLate,
      'heard long after the end of a handle',
      this.#socket.name,
      this.number,
      heardMs,
      this.endedMs,
    );
  }

  /** Claims of one write: what was heard and what was not agrees with its status. */
  claimWrite({ number, status, begunMs }: WriteModel, isHeard: boolean, isWhole: boolean): void {
    const facts = [this.#socket.name, this.number, number, status, begunMs, this.endedMs] as const;
    const isNotSent = status === 'timeout' || status === 'cancelled' || this.endedMs < begunMs;
    claim(!(isHeard && isNotSent), 'heard, and said not to be sent', ...facts);
    claim(isHeard || !isWhole || status !== 'ok', 'not heard, and said to be sent', ...facts);
    claim(status !== undefined, 'a write without a status', ...facts);
  }
}
