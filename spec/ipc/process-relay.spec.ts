// The tree of processes, seen from one relay. Whole trees: ipc-broker.spec.ts.

import { describe, expect, it } from 'vitest';
import { settle } from 'corosock/testing';
import { ProcessRelay } from '../../src/ipc/process-relay.ts';
import { linkedPeers } from './linked-peers.ts';
import type { LinkedPeer } from './linked-peers.ts';

interface Heard {
  readonly kind: string;
  readonly address?: string;
  readonly addresses?: readonly string[];
  readonly n?: number;
}

function relayWith(parent?: LinkedPeer): { readonly relay: ProcessRelay; readonly told: string[] } {
  const told: string[] = [];
  const relay = new ProcessRelay(
    'p',
    'id',
    {
      welcomed: () => told.push('welcomed'),
      received: (address, bytes) => told.push(`${address}: ${Buffer.from(bytes).toString()}`),
      lost: () => told.push('lost'),
      gone: () => told.push('gone'),
    },
    parent,
  );
  return { relay, told };
}

/** Notes what the other end hears. */
function hearing(peer: LinkedPeer): Heard[] {
  const heard: Heard[] = [];
  peer.on('message', (message: Heard) => heard.push(message));
  return heard;
}

const publish = { corosock: 'p', kind: 'publish', address: 'a', base64: 'eA==', n: 1 };

describe('ProcessRelay', () => {
  it('passes a message to the children that have subscribed, but not to its sender', async () => {
    const { relay, told } = relayWith();
    const peers = [linkedPeers(), linkedPeers(), linkedPeers()];
    for (const [mine] of peers) relay.adopt(mine);
    const heard = peers.map(([, its]) => hearing(its));
    await relay.subscribe(['a']);
    for (const [, its] of peers.slice(0, 2))
      its.send({ corosock: 'p', kind: 'subscribe', addresses: ['a'], n: 1 });
    await settle();
    peers[0]![1].send(publish);
    await settle();
    expect(told).toEqual(['a: x']);
    expect(heard.map((all) => all.filter(({ kind }) => kind === 'publish').length)).toEqual([0, 1, 0]);
  });

  it('tells its parent of the end of an address when nothing below it has it any more', async () => {
    const [ofParent, ofChild] = linkedPeers();
    const heard = hearing(ofParent);
    const { relay } = relayWith(ofChild);
    const [mine, its] = linkedPeers();
    relay.adopt(mine);
    void relay.subscribe(['a']);
    its.send({ corosock: 'p', kind: 'subscribe', addresses: ['a', 'b'], n: 1 });
    await settle();
    relay.unsubscribe('a');
    await settle();
    expect(heard.filter(({ kind }) => kind === 'unsubscribe')).toEqual([]);
    its.send({ corosock: 'p', kind: 'unsubscribe', address: 'a' });
    await settle();
    mine.disconnect();
    await settle();
    expect(heard.filter(({ kind }) => kind === 'unsubscribe').map(({ address }) => address)).toEqual([
      'a',
      'b',
    ]);
  });

  it('welcomes its children when its parent has welcomed it, and anew behind another relay', async () => {
    const [ofParent, ofChild] = linkedPeers();
    const { relay, told } = relayWith(ofChild);
    const [mine, its] = linkedPeers();
    relay.adopt(mine);
    const below = hearing(its);
    for (const name of ['x', 'x', 'y']) ofParent.send({ corosock: 'p', kind: 'welcome', relay: name });
    await settle();
    expect(told).toEqual(['welcomed', 'welcomed']);
    expect(below.map(({ kind }) => kind)).toEqual(['welcome', 'bye', 'welcome']);
  });

  it('answers a child when the root has answered: what the root had taken by then has come', async () => {
    const [ofParent, ofChild] = linkedPeers();
    const { relay } = relayWith(ofChild);
    const [mine, its] = linkedPeers();
    relay.adopt(mine);
    const [above, below] = [hearing(ofParent), hearing(its)];
    its.send({ corosock: 'p', kind: 'ping', n: 7 });
    await settle();
    expect([above.at(-1)?.kind, below]).toEqual(['ping', []]);
    ofParent.send({ corosock: 'p', kind: 'ok', n: above.at(-1)?.n });
    await settle();
    expect(below).toEqual([{ corosock: 'p', kind: 'ok', n: 7 }]);
  });

  it.each(['itself', 'its parent'])(
    'tells a child that %s has refused its addresses, and takes none',
    async (who) => {
      const [ofParent, ofChild] = linkedPeers();
      const { relay } = relayWith(ofChild);
      const [mine, its] = linkedPeers();
      relay.adopt(mine);
      const [above, below] = [hearing(ofParent), hearing(its)];
      const isFull = who === 'itself';
      const full = Array.from({ length: 60_000 }, (_, index) => `${index}`.padStart(1100, ' '));
      const addresses = isFull ? ['a', ...full] : ['a'];
      // Not as JSON: it would be 64 MiB of text.
      mine.emit('message', { corosock: 'p', kind: 'subscribe', addresses, n: 7 });
      await settle();
      if (!isFull) ofParent.send({ corosock: 'p', kind: 'refused', n: above.at(-1)?.n });
      await settle();
      expect(below).toEqual([{ corosock: 'p', kind: 'refused', n: 7 }]);
      ofParent.send(publish);
      await settle();
      expect(below.length).toBe(1);
    },
  );

  it('awaits no answer any more where its parent says that some are lost', async () => {
    const [mine, its] = linkedPeers();
    const { relay, told } = relayWith(its);
    mine.send({ corosock: 'p', kind: 'welcome', relay: 'parent' });
    await settle();
    let isAnswered = false;
    void relay.ping().then(() => (isAnswered = true));
    mine.send({ corosock: 'p', kind: 'lost' });
    for (let n = 0; n < 10; n += 1) mine.send({ corosock: 'p', kind: 'ok', n });
    await settle();
    expect([told, isAnswered]).toEqual([['welcomed', 'lost'], false]);
  });
});
