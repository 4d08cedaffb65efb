// The links of one node, each behind a proxy of its own, and which of them a story cuts: a node over
// NATS has one link, a node over Redis one that receives and one that publishes.

import { CutProxy } from './cut-proxy.ts';
import type { RealBroker } from './broker-stories.ts';

/** Which links of a node are meant. */
export type Which = 'the link' | 'the link of the subscriber' | 'the link of the publisher' | 'both links';

/** All choices that a broker gives. */
export function choicesOf({ hasTwoLinks }: RealBroker): readonly Which[] {
  return hasTwoLinks
    ? ['the link of the subscriber', 'the link of the publisher', 'both links']
    : ['the link'];
}

/** Whether a node whose links are lost misses messages: what it receives does not come over the publisher's. */
export function missesMessages(which: Which): boolean {
  return which !== 'the link of the publisher';
}

/** The proxies of one node. */
export class NodeLinks implements AsyncDisposable {
  readonly subscriber: CutProxy;
  /** That of the subscriber where the node has one link. */
  readonly publisher: CutProxy;

  private constructor(subscriber: CutProxy, publisher: CutProxy) {
    this.subscriber = subscriber;
    this.publisher = publisher;
  }

  /** Makes them in front of a server. */
  static async to(port: number, { hasTwoLinks }: RealBroker): Promise<NodeLinks> {
    const subscriber = await CutProxy.to(port);
    return new NodeLinks(subscriber, hasTwoLinks ? await CutProxy.to(port) : subscriber);
  }

  /** Whether each proxy has a link. */
  get areOpen(): boolean {
    return [...this.#of('both links')].every(({ isOpen }) => isOpen);
  }

  /** Cuts links that are open. New ones pass. */
  cut(which: Which): void {
    for (const proxy of this.#of(which)) proxy.cut();
  }

  /** Lets nothing pass over links that are open, in either direction. New ones pass. */
  stall(which: Which): void {
    for (const proxy of this.#of(which)) proxy.stall();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const proxy of this.#of('both links')) await proxy[Symbol.asyncDispose]();
  }

  #of(which: Which): ReadonlySet<CutProxy> {
    const { subscriber, publisher } = this;
    if (which === 'the link of the subscriber') return new Set([subscriber]);
    if (which === 'the link of the publisher') return new Set([publisher]);
    return new Set([subscriber, publisher]);
  }
}
