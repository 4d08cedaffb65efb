// Sockets by id over the bus: opens those of other nodes (remote-transport.ts), and serves those of
// this node to others (served-handle.ts). The host calls `open` for ids that are not its own.

import {
  frameOf,
  FROM_SOCKET,
  NO_FIELDS,
  numberFields,
  openedFields,
  readFrame,
  TO_SOCKET,
} from './socket-frames.ts';
import type { Answer, Frame } from './socket-frames.ts';
import { KIND } from './envelope.ts';
import type { NodeRef } from './envelope.ts';
import type { NodeBus } from './node-bus.ts';
import { FrameWindow } from './frame-window.ts';
import { remoteConversation } from './remote-conversation.ts';
import { RemoteTransport } from './remote-transport.ts';
import { ServedHandle } from './served-handle.ts';
import type { Conversation, ConversationSettings } from '../conversation/conversation.ts';
import { abortable } from '../waiting/abortable.ts';
import { LazyPromise } from '../waiting/lazy-promise.ts';
import type { WaitOptions } from '../core/wait-options.ts';
import { holdProcess } from '../time/real-clock.ts';
import { IDLE_TIMER } from '../time/scheduling.ts';
import { MAX_TIMER_MS } from '../core/limits.ts';

/**
 * How long `openServer` waits for another node by default.
 *
 * @limit Wait of `openServer` for another node, unless `timeoutMs` says otherwise | `timeout`
 */
const OPEN_WITHIN_MS = 5000;

/** How often it looks whether a node that it does not know may still be there. */
const LOOK_AGAIN_MS = 250;

/** A handle whose caller was not heard for so long is released: callers ask each 30 s. */
const UNHEARD_MS = 90_000;

/**
 * Handles of other nodes on sockets of this one.
 *
 * @limit Handles of other nodes on the sockets of a host | `openServer` gives `timeout`
 */
export const MAX_SERVED = 65_536;

/** A socket of this node. */
export interface SocketOfNode {
  readonly conversation: Conversation;
  readonly isShared: boolean;
}

/** What it needs of its host. */
export interface RemoteSocketParts {
  /** Finds an open socket of this node. */
  find(id: string): SocketOfNode | undefined;
  readonly settings: ConversationSettings;
}

/** What opening comes to. */
export type Opened = Conversation | 'not-found' | 'not-shared' | 'timeout';

/** A link to a socket of another node. All handles on the socket share it. */
interface RemoteHandle {
  readonly id: string;
  readonly node: string;
  readonly transport: RemoteTransport;
  readonly opened: Promise<Opened>;
}

/** Opens and serves handles of one node. */
export class RemoteSockets {
  readonly #bus: NodeBus;
  readonly #parts: RemoteSocketParts;
  readonly #offs: ReadonlyArray<() => void>;
  /** Handles of this node on sockets of others, by number, and by the id of the socket. */
  readonly #handles = new Map<number, RemoteHandle>();
  readonly #byId = new Map<string, RemoteHandle>();
  #lastHandle = 0;
  /** Handles of other nodes on sockets of this one. */
  readonly #served = new Map<string, ServedHandle>();
  /** The last of them of each node on each socket. */
  readonly #newest = new Map<string, ServedHandle>();
  /** What they have written and that waits. */
  readonly #held = { bytes: 0 };
  readonly #window = new FrameWindow();
  #timer: unknown;
  #isClosed = false;

  constructor(bus: NodeBus, parts: RemoteSocketParts) {
    this.#bus = bus;
    this.#parts = parts;
    bus.on(KIND.toSocket, (from, body) => this.#onCaller(from, body));
    bus.on(KIND.fromSocket, (from, body) => this.#onSocket(from, body));
    const onGone = ({ id }: NodeRef): void => this.#loseNode(id);
    this.#offs = [bus.onNode({ missing: onGone, gone: onGone }), bus.onLoss(() => this.#onLoss())];
  }

  /**
   * Opens a socket of another node.
   *
   * @returns Its conversation, the same for all handles of this node; `not-found` only where all
   *   other nodes are known; `timeout`: the node has not answered in time, or the broker is down.
   * @throws The reason of the signal.
   */
  async open(id: string, { timeoutMs = OPEN_WITHIN_MS, signal }: WaitOptions): Promise<Opened> {
    const node = nodeOfSocket(id);
    if (node === '' || node === this.#bus.id || this.#isClosed) return 'not-found';
    const untilMs = this.#bus.clock.now() + timeoutMs;
    const isOver = (): boolean => signal?.aborted === true || this.#bus.clock.now() >= untilMs;
    return this.#within(this.#open(id, node, isOver), timeoutMs, signal);
  }

  /** Ends all handles. */
  close(): void {
    this.#isClosed = true;
    for (const off of this.#offs) off();
    this.#bus.clock.clearTimeout(this.#timer);
    for (const { transport } of this.#handles.values()) transport.lose('The host of the handle has closed');
    for (const served of this.#served.values()) served.release();
  }

  /** @param isOver - Whether the result is awaited no more. */
  async #open(id: string, node: string, isOver: () => boolean): Promise<Opened> {
    while (!this.#bus.nodes.has(node)) {
      if (this.#bus.isSureOfOthers) return 'not-found';
      if (isOver() || this.#isClosed) return 'timeout';
      await this.#joined(node);
    }
    return (this.#byId.get(id) ?? this.#begin(id, node)).opened;
  }

  #begin(id: string, node: string): RemoteHandle {
    const { clock } = this.#bus;
    this.#lastHandle += 1;
    const number = this.#lastHandle;
    const link = {
      clock,
      send: (type: number, frame: number, fields: Uint8Array) =>
        this.#bus.send(node, KIND.toSocket, frameOf(type, number, frame, fields)),
      window: this.#window,
      over: () => {
        this.#handles.delete(number);
        this.#byId.delete(id);
      },
    };
    const answered = new LazyPromise<{ readonly opened: Opened }>();
    const transport: RemoteTransport = new RemoteTransport(id, link, (answer) => {
      const opened =
        answer === 'ok' ? remoteConversation(transport, this.#parts.settings) : refusalOf(answer);
      answered.resolve({ opened });
    });
    const opened = answered.promise.then((answer) => answer.opened);
    const handle: RemoteHandle = { id, node, transport, opened };
    this.#handles.set(number, handle);
    this.#byId.set(id, handle);
    return handle;
  }

  #within(opening: Promise<Opened>, timeoutMs: number, signal?: AbortSignal): Promise<Opened> {
    const { clock } = this.#bus;
    const start = (settle: (opened: Opened) => void): (() => void) => {
      const endsMs = Math.min(timeoutMs, MAX_TIMER_MS);
      // Without an end of its own the wait ends with the handle; the timer holds the process alone.
      const owner = timeoutMs === Infinity ? IDLE_TIMER : undefined;
      const timer = clock.setTimeout(() => settle('timeout'), endsMs, owner);
      holdProcess(timer);
      const cancel = (): void => clock.clearTimeout(timer);
      void opening.then((opened) => {
        cancel();
        settle(opened);
      });
      return cancel;
    };
    return signal === undefined ? new Promise((settle) => void start(settle)) : abortable(signal, start);
  }

  /** Resolves when a node has joined, or after a while. */
  #joined(node: string): Promise<void> {
    const { clock } = this.#bus;
    return new Promise((resolve) => {
      const end = (): void => {
        off();
        clock.clearTimeout(timer);
        resolve();
      };
      const timer = clock.setTimeout(end, LOOK_AGAIN_MS, IDLE_TIMER);
      const off = this.#bus.onNode({ joined: ({ id }) => void (id === node && end()) });
    });
  }

  // Frames of sockets of other nodes, for handles of this one.

  #onSocket(from: NodeRef, body: Uint8Array): void {
    const frame = readFrame(body);
    if (frame === undefined) return this.#bus.drop('malformed');
    const handle = this.#handles.get(frame.handle);
    if (handle?.node === from.id) handle.transport.receive(frame);
    else if (frame.type !== FROM_SOCKET.lost && frame.type !== FROM_SOCKET.end) {
      // The other node was not told that the handle has ended: it would go on to take messages.
      const unknown = frameOf(TO_SOCKET.unknown, frame.handle, 0, numberFields(frame.number));
      void this.#bus.send(from.id, KIND.toSocket, unknown);
    }
    return undefined;
  }

  #onLoss(): void {
    for (const { transport } of this.#handles.values()) transport.probe();
    for (const served of this.#served.values()) served.doubt();
  }

  // Frames of handles of other nodes, for sockets of this one.

  #onCaller(from: NodeRef, body: Uint8Array): void {
    const frame = readFrame(body);
    if (frame === undefined) return this.#bus.drop('malformed');
    const key = `${from.id} ${from.epoch} ${frame.handle}`;
    const served = this.#served.get(key);
    if (served !== undefined) return served.receive(frame);
    if (frame.type === TO_SOCKET.open && frame.number === 1) return this.#serve(from, frame, key);
    if (frame.type !== TO_SOCKET.release && frame.type !== TO_SOCKET.unknown)
      void this.#answer(from, frame.handle, FROM_SOCKET.lost, 0, NO_FIELDS);
    return undefined;
  }

  #serve(from: NodeRef, { handle, fields }: Frame, key: string): void {
    const id = fields.text(fields.left);
    const socket = this.#parts.find(id);
    const refusal: Answer = socket === undefined ? 'not-found' : 'not-shared';
    if (socket?.isShared !== true) {
      return void this.#answer(from, handle, FROM_SOCKET.opened, 1, openedFields(refusal, ''));
    }
    if (this.#served.size >= MAX_SERVED) {
      this.#bus.drop('busy');
      return void this.#answer(from, handle, FROM_SOCKET.opened, 1, openedFields('timeout', ''));
    }
    // A node has one handle on a socket: a former one has ended, and its end may be lost.
    const target = `${from.id} ${id}`;
    const served: ServedHandle = new ServedHandle(socket.conversation, {
      clock: this.#bus.clock,
      held: this.#held,
      send: (type, number, body) => this.#answer(from, handle, type, number, body),
      window: this.#window,
      over: () => {
        this.#served.delete(key);
        if (this.#newest.get(target) === served) this.#newest.delete(target);
      },
    });
    this.#served.set(key, served);
    this.#newest.get(target)?.retire();
    this.#newest.set(target, served);
    this.#timer ??= this.#bus.clock.setTimeout(() => this.#sweep(), UNHEARD_MS, IDLE_TIMER);
    return undefined;
  }

  #answer(to: NodeRef, handle: number, type: number, number: number, fields: Uint8Array): Promise<unknown> {
    return this.#bus.send(to.id, KIND.fromSocket, frameOf(type, handle, number, fields));
  }

  #sweep(): void {
    this.#timer = undefined;
    const nowMs = this.#bus.clock.now();
    for (const served of this.#served.values()) if (nowMs - served.heardMs >= UNHEARD_MS) served.release();
    if (this.#served.size > 0)
      this.#timer = this.#bus.clock.setTimeout(() => this.#sweep(), UNHEARD_MS, IDLE_TIMER);
  }

  #loseNode(node: string): void {
    for (const handle of this.#handles.values()) {
      if (handle.node === node) handle.transport.lose('The node of the socket is gone');
    }
    for (const [key, served] of this.#served) if (key.startsWith(`${node} `)) served.release();
  }
}

/** Gives the node that has a socket: its id begins with it; '' for what is no id. */
export function nodeOfSocket(id: string): string {
  return id.slice(0, Math.max(id.indexOf('.'), 0));
}

function refusalOf(answer: Answer): Opened {
  return answer === 'not-found' || answer === 'not-shared' ? answer : 'timeout';
}
