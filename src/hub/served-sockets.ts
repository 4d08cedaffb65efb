// The sockets of this node, as other nodes open them by id: each handle of another node is a
// served-handle.ts. Finds the one that a frame is for, and ends those of a node that is gone.
// remote-sockets.ts makes it; what this node opens of others is there.

import { KIND } from './envelope.ts';
import type { NodeRef } from './envelope.ts';
import type { FrameWindow } from './frame-window.ts';
import type { NodeBus } from './node-bus.ts';
import { ServedHandle } from './served-handle.ts';
import { frameOf, FROM_SOCKET, NO_FIELDS, openedFields, readFrame, TO_SOCKET } from './socket-frames.ts';
import type { Answer, Frame } from './socket-frames.ts';
import type { Conversation } from '../conversation/conversation.ts';
import type { Clock } from '../time/clock.ts';
import { inTurns } from '../time/in-turns.ts';
import { IDLE_TIMER } from '../time/scheduling.ts';

/** A handle whose caller was not heard for so long is released: callers ask each 30 s. */
const UNHEARD_MS = 90_000;

/** Handles that end in one turn, where their host or node ends: others have theirs between. */
export const ENDS_A_TURN = 200;

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

/** The handles of another node on sockets of this one. */
interface Caller {
  readonly node: string;
  /** By the number that the caller has given them. */
  readonly served: Map<number, ServedHandle>;
  /** Whether it is there no more: its handles take nothing, and end in one of the next turns. */
  isGone: boolean;
}

/** Serves the sockets of one node to others. */
export class ServedSockets {
  readonly #bus: NodeBus;
  readonly #find: (id: string) => SocketOfNode | undefined;
  readonly #window: FrameWindow;
  /** By the node and its epoch. */
  readonly #callers = new Map<string, Caller>();
  /** How many handles there are, with those of nodes that are gone. */
  #size = 0;
  /** The last handle of each node on each socket. */
  readonly #newest = new Map<string, ServedHandle>();
  /** What they have written and that waits. */
  readonly #held = { bytes: 0 };
  #timer: unknown;

  /** @param find - Finds an open socket of this node. */
  constructor(bus: NodeBus, find: (id: string) => SocketOfNode | undefined, window: FrameWindow) {
    this.#bus = bus;
    this.#find = find;
    this.#window = window;
    bus.on(KIND.toSocket, (from, body) => this.#onFrame(from, body));
  }

  /** Frames of other nodes may be lost. */
  doubt(): void {
    for (const { served } of this.#callers.values()) for (const handle of served.values()) handle.doubt();
  }

  /** Ends the handles of a node: at once for what comes, {@link ENDS_A_TURN} of them in a turn. */
  loseNode(node: string): void {
    for (const [key, caller] of this.#callers) if (caller.node === node) void this.#lose(key, caller);
  }

  /** Ends all handles in the same way. */
  async close(): Promise<void> {
    this.#bus.clock.clearTimeout(this.#timer);
    await Promise.all(Array.from(this.#callers, ([key, caller]) => this.#lose(key, caller)));
  }

  #lose(key: string, caller: Caller): Promise<void> {
    this.#callers.delete(key);
    caller.isGone = true;
    return eachInTurns(this.#bus.clock, caller.served.values(), (handle) => handle.release());
  }

  #onFrame(from: NodeRef, body: Uint8Array): void {
    const frame = readFrame(body);
    if (frame === undefined) return this.#bus.drop('malformed');
    const key = `${from.id} ${from.epoch}`;
    const served = this.#callers.get(key)?.served.get(frame.handle);
    if (served !== undefined) return served.receive(frame);
    if (frame.type === TO_SOCKET.open && frame.number === 1) return this.#serve(from, frame, key);
    if (frame.type !== TO_SOCKET.release && frame.type !== TO_SOCKET.unknown)
      void this.#answer(from, frame.handle, FROM_SOCKET.lost, 0, NO_FIELDS);
    return undefined;
  }

  #serve(from: NodeRef, { handle, fields }: Frame, key: string): void {
    const id = fields.text(fields.left);
    const socket = this.#find(id);
    const refusal: Answer = socket === undefined ? 'not-found' : 'not-shared';
    if (socket?.isShared !== true) {
      return void this.#answer(from, handle, FROM_SOCKET.opened, 1, openedFields(refusal, ''));
    }
    if (this.#size >= MAX_SERVED) {
      this.#bus.drop('busy');
      return void this.#answer(from, handle, FROM_SOCKET.opened, 1, openedFields('timeout', ''));
    }
    const caller = this.#callers.get(key) ?? { node: from.id, served: new Map(), isGone: false };
    this.#callers.set(key, caller);
    // A node has one handle on a socket: a former one has ended, and its end may be lost.
    const target = `${from.id} ${id}`;
    const served: ServedHandle = new ServedHandle(socket.conversation, {
      clock: this.#bus.clock,
      held: this.#held,
      caller,
      send: (type, number, body) => this.#answer(from, handle, type, number, body),
      window: this.#window,
      over: () => {
        caller.served.delete(handle);
        this.#size -= 1;
        if (this.#newest.get(target) === served) this.#newest.delete(target);
      },
    });
    caller.served.set(handle, served);
    this.#size += 1;
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
    for (const [key, { served }] of this.#callers) {
      void eachInTurns(this.#bus.clock, served.values(), (handle) => {
        if (nowMs - handle.heardMs >= UNHEARD_MS) handle.release();
      });
      if (served.size === 0) this.#callers.delete(key);
    }
    if (this.#callers.size > 0)
      this.#timer = this.#bus.clock.setTimeout(() => this.#sweep(), UNHEARD_MS, IDLE_TIMER);
  }
}

/** Calls back for each handle, {@link ENDS_A_TURN} of them in a turn. Resolves behind the last. */
export function eachInTurns<T>(
  clock: Clock,
  handles: Iterable<T>,
  visit: (handle: T) => void,
): Promise<void> {
  return new Promise((resolve) => {
    inTurns(clock, [...handles], ENDS_A_TURN, (slice) => slice.forEach((handle) => visit(handle)), resolve);
  });
}
