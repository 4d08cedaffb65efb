// Two ends of a channel between processes, in memory: what one sends the other gets as JSON, in a
// later turn. A spec can let the channel stand still.

import { EventEmitter } from 'node:events';
import type { IpcPeer } from '../../src/ipc/ipc-link.ts';

/** One end. */
export class LinkedPeer extends EventEmitter implements IpcPeer {
  other: LinkedPeer | undefined;
  isOpen = true;
  /** What stands still, while it does. */
  held: Array<() => void> | undefined;

  send(message: unknown, _handle?: undefined, _options?: undefined, done?: () => void): boolean {
    if (!this.isOpen) throw new Error('the channel is closed');
    const json = JSON.stringify(message);
    const pass = (): void => {
      setImmediate(() => {
        done?.();
        this.other?.emit('message', JSON.parse(json));
      });
    };
    if (this.held === undefined) pass();
    else this.held.push(pass);
    return true;
  }

  /** What this end sends stands still. */
  hold(): void {
    this.held = [];
  }

  release(): void {
    const held = this.held ?? [];
    this.held = undefined;
    for (const pass of held) pass();
  }

  /** Closes the channel: both ends hear it. */
  disconnect(): void {
    for (const end of [this, this.other]) {
      if (end === undefined) continue;
      end.isOpen = false;
      end.emit('disconnect');
    }
  }
}

/** Makes both ends of a channel: what the parent holds of its child, and `process` of the child. */
export function linkedPeers(): readonly [ofParent: LinkedPeer, ofChild: LinkedPeer] {
  const [ofParent, ofChild] = [new LinkedPeer(), new LinkedPeer()];
  ofParent.other = ofChild;
  ofChild.other = ofParent;
  return [ofParent, ofChild];
}
