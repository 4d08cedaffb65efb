// The process as a node of a tree: its parent, its children, itself. A message goes to the parent,
// and to each child that has subscribed to its address, but not where it came from. So each message
// passes each link once, in order. shared-relay.ts is the only user.

import { IpcLink } from './ipc-link.ts';
import type { IpcPeer } from './ipc-link.ts';
import { childMessageOf, parentMessageOf } from './ipc-message.ts';
import type { ChildMessage, ParentMessage, PublishMessage } from './ipc-message.ts';

/** What a relay tells its process. */
export interface RelayListener {
  /** The parent takes part, and knows nothing of this process yet. */
  welcomed(): void;
  received(address: string, bytes: Uint8Array): void;
  /** A process above has dropped messages for this one. */
  lost(): void;
  /** The parent has ended, or takes part no more. */
  gone(): void;
}

/** Relays between the parent, the children and this process. */
export class ProcessRelay {
  readonly #prefix: string;
  readonly #id: string;
  readonly #listener: RelayListener;
  /** What this process has subscribed to. */
  readonly #own = new Set<string>();
  readonly #children = new Map<IpcPeer, IpcLink>();
  readonly #parent: IpcLink | undefined;
  /** What removes the listeners at each peer. */
  readonly #removals = new Map<IpcPeer, ReadonlyArray<() => void>>();
  /** What waits for an answer of the parent: whether it has taken what it was sent. */
  readonly #answers = new Map<number, (isTaken: boolean) => void>();
  /** Numbers the questions to the parent. */
  #count = 0;
  /** The id of the relay that has welcomed this one; undefined for a root, too. */
  #welcomedBy: string | undefined;

  /** @param parent - `process` of a child; undefined for the root of the tree. */
  constructor(prefix: string, id: string, listener: RelayListener, parent: IpcPeer | undefined) {
    this.#prefix = prefix;
    this.#id = id;
    this.#listener = listener;
    if (parent === undefined) return;
    this.#parent = new IpcLink(parent, prefix);
    this.#removals.set(parent, [
      this.#listen(parent, 'message', (value) => this.#ofParent(parentMessageOf(value, prefix))),
      this.#listen(parent, 'disconnect', () => this.#parentHasGone()),
    ]);
    this.#parent.send({ corosock: prefix, kind: 'hello' });
  }

  /** Takes a child in. It may have said `hello` before: it is welcomed in any case. */
  adopt(child: IpcPeer): void {
    if (this.#children.has(child)) return;
    const link = new IpcLink(child, this.#prefix);
    this.#children.set(child, link);
    const listeners = [
      this.#listen(child, 'message', (value) => this.#ofChild(link, childMessageOf(value, this.#prefix))),
      this.#listen(child, 'disconnect', () => this.#childHasEnded(child, link)),
      this.#listen(child, 'exit', () => this.#childHasEnded(child, link)),
    ];
    this.#removals.set(child, listeners);
    this.#welcome(link);
  }

  /** Sends a message of this process. Resolves when the parent has it; a root has it at once. */
  publish(address: string, bytes: Uint8Array): Promise<void> {
    const base64 = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString('base64');
    return new Promise((resolve) => {
      const n = this.#expect(() => resolve());
      this.#pass({ corosock: this.#prefix, kind: 'publish', address, base64, n }, undefined);
    });
  }

  /** Resolves with true when all are in force up to the root, or with false when refused. */
  subscribe(addresses: readonly string[]): Promise<boolean> {
    for (const address of addresses) this.#own.add(address);
    return this.#subscribeAbove(addresses);
  }

  unsubscribe(address: string): void {
    this.#own.delete(address);
    this.#unsubscribeAbove(address);
  }

  /** Asks the root for a sign of life: what it had taken before has come when this resolves. */
  ping(): Promise<void> {
    return new Promise((resolve) => {
      this.#parent?.send({ corosock: this.#prefix, kind: 'ping', n: this.#expect(() => resolve()) });
    });
  }

  /** Leaves the tree: what is below it is down until another relay welcomes it. */
  close(): void {
    this.#leave();
    for (const peer of this.#removals.keys()) this.#forget(peer);
  }

  /** @returns Removes the listener. */
  #listen(peer: IpcPeer, event: string, listener: (value: unknown) => void): () => void {
    peer.on(event, listener);
    return () => peer.off(event, listener);
  }

  #forget(peer: IpcPeer): void {
    for (const remove of this.#removals.get(peer) as ReadonlyArray<() => void>) remove();
    this.#removals.delete(peer);
  }

  /** Gives the number of a question to the parent; a root answers itself. */
  #expect(resolve: (isTaken: boolean) => void): number {
    this.#count += 1;
    if (this.#parent === undefined) resolve(true);
    else this.#answers.set(this.#count, resolve);
    return this.#count;
  }

  #subscribeAbove(addresses: readonly string[]): Promise<boolean> {
    return new Promise((resolve) => {
      const n = this.#expect(resolve);
      this.#parent?.send({ corosock: this.#prefix, kind: 'subscribe', addresses, n });
    });
  }

  #unsubscribeAbove(address: string): void {
    if (this.#own.has(address)) return;
    for (const { addresses } of this.#children.values()) if (addresses.has(address)) return;
    this.#parent?.send({ corosock: this.#prefix, kind: 'unsubscribe', address });
  }

  /** Sends a message over all links but the one that it came over. */
  #pass(message: PublishMessage, from: IpcLink | undefined): void {
    const { address } = message;
    for (const link of this.#children.values()) {
      if (link !== from && link.addresses.has(address)) link.deliver(message);
    }
    if (this.#parent !== undefined && from !== this.#parent)
      this.#parent.send(message, message.base64.length);
    if (from === undefined || !this.#own.has(address)) return;
    const bytes = Buffer.from(message.base64, 'base64');
    this.#listener.received(address, new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.length));
  }

  #welcome(link: IpcLink): void {
    if (this.#parent === undefined || this.#welcomedBy !== undefined) {
      link.send({ corosock: this.#prefix, kind: 'welcome', relay: this.#id });
    }
  }

  #ofParent(message: ParentMessage | undefined): void {
    if (message === undefined) return;
    switch (message.kind) {
      case 'welcome':
        this.#welcomed(message.relay);
        break;
      case 'publish':
        this.#pass(message, this.#parent);
        break;
      case 'lost':
        // Answers may be among what is lost: all is asked anew.
        this.#answers.clear();
        this.#listener.lost();
        for (const link of this.#children.values()) link.send(message);
        break;
      case 'bye':
        this.#parentHasGone();
        break;
      case 'ok':
      case 'refused':
        this.#answers.get(message.n)?.(message.kind === 'ok');
        this.#answers.delete(message.n);
        break;
    }
  }

  #parentHasGone(): void {
    this.#welcomedBy = undefined;
    this.#leave();
    this.#listener.gone();
  }

  #leave(): void {
    for (const link of this.#children.values()) link.send({ corosock: this.#prefix, kind: 'bye' });
  }

  #welcomed(relay: string): void {
    // A parent that begins later greets its children, and answers `hello`: two welcomes may come.
    if (relay === this.#welcomedBy) return;
    // Another relay knows nothing of what is below, either.
    if (this.#welcomedBy !== undefined) this.#leave();
    this.#welcomedBy = relay;
    this.#answers.clear();
    this.#listener.welcomed();
    // Each child then subscribes to all of its addresses again.
    for (const link of this.#children.values()) this.#welcome(link);
  }

  #ofChild(link: IpcLink, message: ChildMessage | undefined): void {
    if (message === undefined) return;
    switch (message.kind) {
      case 'hello':
        this.#welcome(link);
        break;
      case 'subscribe':
        void this.#subscribeChild(link, message.addresses, message.n);
        break;
      case 'unsubscribe':
        this.#unsubscribeChild(link, message.address);
        break;
      case 'publish':
        this.#passUp(link, message);
        break;
      case 'ping':
        // The root answers: that comes behind all messages which it had taken before, and behind
        // each `lost` that stands for some of them.
        void this.ping().then(() => link.answer(message.n));
        break;
    }
  }

  /** Subscribes a child to all of the addresses, or, where they are too many, to none. */
  async #subscribeChild(link: IpcLink, addresses: readonly string[], n: number): Promise<void> {
    const isTaken = link.add(addresses) && (await this.#subscribeAbove(addresses));
    if (!isTaken) for (const address of addresses) this.#unsubscribeChild(link, address);
    link.answer(n, isTaken ? 'ok' : 'refused');
  }

  #unsubscribeChild(link: IpcLink, address: string): void {
    link.remove(address);
    this.#unsubscribeAbove(address);
  }

  /** Passes a message of a child on, under a number of this process. */
  #passUp(link: IpcLink, message: PublishMessage): void {
    const n = this.#expect(() => link.answer(message.n));
    this.#pass({ ...message, n }, link);
  }

  #childHasEnded(child: IpcPeer, link: IpcLink): void {
    this.#children.delete(child);
    this.#forget(child);
    for (const address of link.addresses) this.#unsubscribeAbove(address);
  }
}
