// All that a host runs, by id: sockets while they are open, and runs until the
// last of them has ended. The host fills it; its users see the open sockets.

import type { HandlerRun } from './handler-run.ts';
import type { ServerSocket } from './host.ts';

/**
 * One run. It is emptied at its end: a Map gives its table up for a new one now
 * and then, and all that the old one holds would live on until a full collection
 * (measured: a tenth of what a handshake costs).
 */
interface Entry {
  run: HandlerRun | undefined;
  isOpen: boolean;
}

/** The runs of one host. */
export class RunRegistry implements Iterable<HandlerRun> {
  readonly #entries = new Map<string, Entry>();
  #open = 0;
  /** Those that are open; cannot be changed from outside. */
  readonly sockets: ReadonlyMap<string, ServerSocket> = new OpenSockets(this);

  get openSockets(): number {
    return this.#open;
  }

  add(run: HandlerRun): void {
    this.#entries.set(run.ws.id, { run, isOpen: true });
    this.#open += 1;
  }

  /** Its socket is closed for good. */
  close({ ws: { id } }: HandlerRun): void {
    const entry = this.#entries.get(id);
    if (entry?.isOpen !== true) return;
    entry.isOpen = false;
    this.#open -= 1;
  }

  /** All of it has ended. */
  remove(run: HandlerRun): void {
    const { id } = run.ws;
    const entry = this.#entries.get(id);
    if (entry === undefined) return;
    if (entry.isOpen) this.#open -= 1;
    entry.run = undefined;
    this.#entries.delete(id);
  }

  /** Finds the run of an open socket. */
  find(id: string): HandlerRun | undefined {
    const entry = this.#entries.get(id);
    return entry?.isOpen === true ? entry.run : undefined;
  }

  *[Symbol.iterator](): IterableIterator<HandlerRun> {
    for (const { run } of this.#entries.values()) if (run !== undefined) yield run;
  }
}

/** What `host.sockets` shows. */
class OpenSockets implements ReadonlyMap<string, ServerSocket> {
  readonly #runs: RunRegistry;

  constructor(runs: RunRegistry) {
    this.#runs = runs;
  }

  get size(): number {
    return this.#runs.openSockets;
  }

  has(id: string): boolean {
    return this.#runs.find(id) !== undefined;
  }

  get(id: string): ServerSocket | undefined {
    return this.#runs.find(id)?.ws;
  }

  *entries(): MapIterator<[string, ServerSocket]> {
    for (const { ws } of this.#runs) if (this.has(ws.id)) yield [ws.id, ws];
  }

  *keys(): MapIterator<string> {
    for (const [id] of this.entries()) yield id;
  }

  *values(): MapIterator<ServerSocket> {
    for (const [, ws] of this.entries()) yield ws;
  }

  [Symbol.iterator](): MapIterator<[string, ServerSocket]> {
    return this.entries();
  }

  forEach(
    each: (ws: ServerSocket, id: string, sockets: ReadonlyMap<string, ServerSocket>) => void,
    thisArg?: unknown,
  ): void {
    for (const [id, ws] of this.entries()) each.call(thisArg, ws, id, this);
  }
}
