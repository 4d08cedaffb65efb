// All that a host runs: sockets while they are open, and runs until the last of
// them has ended. The host fills it; its users see the open sockets, by id.

import type { HandlerRun } from './handler-run.ts';
import type { ServerSocket } from './host.ts';
import { Place } from './place.ts';
import type { Places } from './place.ts';
import { SocketIds } from './socket-id.ts';
import { LinkedList } from '../structures/linked-list.ts';

/** The runs of one host. */
export class RunRegistry implements Iterable<HandlerRun>, Places<HandlerRun> {
  readonly #ids = new SocketIds();
  readonly #places = new LinkedList<Place<HandlerRun>>();
  /** Those whose id was asked for. */
  readonly #named = new Map<string, Place<HandlerRun>>();
  #open = 0;
  /** Those that are open; cannot be changed from outside. */
  readonly sockets: ReadonlyMap<string, ServerSocket> = new OpenSockets(this);

  get openSockets(): number {
    return this.#open;
  }

  /** For a socket that may come to be. */
  reserve(): Place<HandlerRun> {
    return new Place(this);
  }

  /** Draws the id of a place, and finds it by that from now on while it runs. */
  draw(place: Place<HandlerRun>): string {
    const id = this.#ids.next();
    if (place.run !== undefined) this.#named.set(id, place);
    return id;
  }

  add(run: HandlerRun): void {
    const { place } = run;
    place.run = run;
    place.isOpen = true;
    this.#places.append(place);
    if (place.isNamed) this.#named.set(place.id, place);
    this.#open += 1;
  }

  /** Its socket is closed for good. */
  close({ place }: HandlerRun): void {
    if (!place.isOpen) return;
    place.isOpen = false;
    this.#open -= 1;
  }

  /** All of it has ended. */
  remove(run: HandlerRun): void {
    const { place } = run;
    this.close(run);
    place.run = undefined;
    this.#places.remove(place);
    if (place.isNamed) this.#named.delete(place.id);
  }

  /** Finds the run of an open socket. */
  find(id: string): HandlerRun | undefined {
    const place = this.#named.get(id);
    return place?.isOpen === true ? place.run : undefined;
  }

  *[Symbol.iterator](): IterableIterator<HandlerRun> {
    for (const { run } of this.#places) if (run !== undefined) yield run;
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
    for (const ws of this.values()) yield [ws.id, ws];
  }

  *keys(): MapIterator<string> {
    for (const { id } of this.values()) yield id;
  }

  *values(): MapIterator<ServerSocket> {
    for (const { ws, place } of this.#runs) if (place.isOpen) yield ws;
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
