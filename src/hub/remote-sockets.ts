// Sockets by id over the bus: opens those of other nodes (remote-transport.ts), and serves those of
// this node to others (served-sockets.ts). The host calls `open` for ids that are not its own.

import { frameOf, FROM_SOCKET, numberFields, readFrame, TO_SOCKET } from './socket-frames.ts';
import type { Answer } from './socket-frames.ts';
import { KIND } from './envelope.ts';
import type { NodeRef } from './envelope.ts';
import type { NodeBus } from './node-bus.ts';
import { FrameWindow } from './frame-window.ts';
import { remoteConversation } from './remote-conversation.ts';
import { RemoteTransport } from './remote-transport.ts';
import { eachInTurns, ServedSockets } from './served-sockets.ts';
import type { SocketOfNode } from './served-sockets.ts';
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
const OPENS_WITHIN_MS = 5000;

/** How often it looks whether a node that it does not know may still be there. */
const LOOK_AGAIN_MS = 250;

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
  /** Handles of this node on sockets of others, by number. */
  readonly #handles = new Map<number, RemoteHandle>();
  /** Those that `open` gives, by node and by the id of the socket. */
  readonly #byNode = new Map<string, Map<string, RemoteHandle>>();
  #lastHandle = 0;
  /** What they have of messages that they read. */
  readonly #reading = { bytes: 0 };
  readonly #window = new FrameWindow();
  readonly #served: ServedSockets;
  #isClosed = false;

  constructor(bus: NodeBus, parts: RemoteSocketParts) {
    this.#bus = bus;
    this.#parts = parts;
    this.#served = new ServedSockets(bus, (id) => parts.find(id), this.#window);
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
  async open(id: string, { timeoutMs = OPENS_WITHIN_MS, signal }: WaitOptions): Promise<Opened> {
    const node = nodeOfSocket(id);
    if (node === '' || node === this.#bus.id || this.#isClosed) return 'not-found';
    const untilMs = this.#bus.clock.now() + timeoutMs;
    const isOver = (): boolean => signal?.aborted === true || this.#bus.clock.now() >= untilMs;
    return this.#within(this.#open(id, node, isOver), timeoutMs, signal);
  }

  /** Ends all handles, {@link ENDS_A_TURN} of them in a turn. Resolves when that is done. */
  async close(): Promise<void> {
    this.#isClosed = true;
    for (const off of this.#offs) off();
    const lost = this.#lose(this.#handles.values(), 'The host of the handle has closed');
    await Promise.all([lost, this.#served.close()]);
  }

  /** @param isOver - Whether the result is awaited no more. */
  async #open(id: string, node: string, isOver: () => boolean): Promise<Opened> {
    while (!this.#bus.nodes.has(node)) {
      if (this.#bus.isSureOfOthers) return 'not-found';
      if (isOver() || this.#isClosed) return 'timeout';
      await this.#joined(node);
    }
    const handles = this.#byNode.get(node) ?? new Map<string, RemoteHandle>();
    this.#byNode.set(node, handles);
    return (handles.get(id) ?? this.#begin(id, node, handles)).opened;
  }

  #begin(id: string, node: string, handles: Map<string, RemoteHandle>): RemoteHandle {
    const { clock } = this.#bus;
    this.#lastHandle += 1;
    const number = this.#lastHandle;
    const link = {
      clock,
      send: (type: number, frame: number, fields: Uint8Array) =>
        this.#bus.send(node, KIND.toSocket, frameOf(type, number, frame, fields)),
      window: this.#window,
      held: this.#reading,
      over: () => {
        this.#handles.delete(number);
        handles.delete(id);
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
    handles.set(id, handle);
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
    void eachInTurns(this.#bus.clock, this.#handles.values(), ({ transport }) => transport.probe());
    this.#served.doubt();
  }

  /** A node that is back has handles of its own: `open` gives none of those that end. */
  #loseNode(node: string): void {
    const handles = this.#byNode.get(node)?.values() ?? [];
    this.#byNode.delete(node);
    void this.#lose(handles, 'The node of the socket is gone');
    this.#served.loseNode(node);
  }

  #lose(handles: Iterable<RemoteHandle>, why: string): Promise<void> {
    return eachInTurns(this.#bus.clock, handles, ({ transport }) => transport.lose(why));
  }
}

/** Gives the node that has a socket: its id begins with it; '' for what is no id. */
export function nodeOfSocket(id: string): string {
  return id.slice(0, Math.max(id.indexOf('.'), 0));
}

function refusalOf(answer: Answer): Opened {
  return answer === 'not-found' || answer === 'not-shared' ? answer : 'timeout';
}
