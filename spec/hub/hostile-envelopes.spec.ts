// What hostile and broken programs on the broker can do to a node: nothing throws, each envelope is
// taken or counted, the health stays up, and the nodes go on with each other.

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { memoryBroker } from 'corosock';
import type { Handler, MemoryNode } from 'corosock';
import { settle, virtualClock } from 'corosock/testing';
import type { VirtualClock } from 'corosock/testing';
import { bytesOfEnvelope, hostileEnvelopes } from './hostile-bodies.ts';
import type { HostileEnvelope } from './hostile-bodies.ts';
import { checkClose } from '../../src/core/arguments.ts';
import { memoryLink } from '../../src/transport/memory-transport.ts';
import type { Transport } from '../../src/transport/transport.ts';
import { decodeEnvelope } from '../../src/hub/envelope.ts';
import type { NodeRef } from '../../src/hub/envelope.ts';
import { LAW, tries } from '../fixtures/law.ts';
import { MemoryHost } from '../fixtures/memory-host.ts';

type Receive = (bytes: Uint8Array) => void;

/** Two hosts with what can be attacked: a room with members and presence, a handle, sessions. */
class Attacked {
  readonly clock: VirtualClock = virtualClock();
  readonly #broker = memoryBroker({ clock: this.clock });
  readonly #taps = new Map<string, Set<Receive>>();
  readonly hosts: readonly [MemoryHost, MemoryHost] = [this.host(), this.host()];
  /** Who an attacker claims to be. */
  readonly #nodes = new Map<string, { readonly id: string; readonly epoch: number }>([
    ['stranger', { id: 'stranger', epoch: 7 }],
  ]);
  socketId = '';

  host(): MemoryHost {
    return new MemoryHost({ clock: this.clock, broker: this.#tapped(this.#broker.node()) });
  }

  #tapped(link: MemoryNode): MemoryNode {
    const subscribe = link.subscribe.bind(link);
    link.subscribe = (address, receive, onGap) => {
      const taps = this.#taps.get(address) ?? new Set();
      this.#taps.set(address, taps.add(receive));
      return subscribe(address, receive, onGap);
    };
    const publish = link.publish.bind(link);
    link.publish = (address, bytes) => {
      const envelope = decodeEnvelope(bytes);
      if (typeof envelope !== 'string') this.#nodes.set(envelope.node.id, envelope.node);
      return publish(address, bytes);
    };
    return link;
  }

  async begin(): Promise<void> {
    const [owner, other] = this.hosts;
    const joins: Handler = async (ws) => {
      const { room } = await ws.join('r');
      room.presence.track(ws, ws.id, { at: 1 });
    };
    const run = owner.converse(strictLink(), joins, 'shared');
    other.visit(joins, 'shared');
    await this.clock.advance(2000);
    this.socketId = run.ws.id;
    const [handle] = await other.host.openServer(this.socketId);
    void handle?.readMessage();
    await settle();
  }

  /** Calls each node as a broker does. @throws What a node throws. */
  attack(hostile: HostileEnvelope): void {
    const claimed = [...this.#nodes.values()][hostile.claims % this.#nodes.size] as NodeRef;
    const bytes = bytesOfEnvelope(hostile, claimed, this.socketId);
    const wanted = { room: 'room:r', nodes: 'nodes', node: 'node:' }[hostile.to];
    for (const [address, taps] of this.#taps) {
      if (address === wanted || (wanted === 'node:' && address.startsWith(wanted))) {
        for (const receive of taps) receive(bytes);
      }
    }
  }
}

/** A link that refuses what a close frame cannot carry, as those over TCP do. */
function strictLink(): Transport {
  const [near] = memoryLink();
  const close = near.close.bind(near);
  near.close = (code, reason) => {
    checkClose('link.close()', code, reason);
    close(code, reason);
  };
  return near;
}

/** Whether a message of each host reaches a new member of the other. */
async function isHeard(clock: VirtualClock, hosts: readonly MemoryHost[], room: string): Promise<void> {
  const joins: Handler = async (ws) => void (await ws.join(room));
  const clients = hosts.map((memory) => memory.visit(joins, 'shared').client);
  await clock.advance(2500);
  for (const [index, { host }] of hosts.entries()) host.room(room).publish(`from ${index}`);
  await clock.advance(100);
  for (const client of clients) {
    const heard = new Set<unknown>();
    for (const _ of hosts) heard.add((await client.read())[0]);
    expect(heard).toEqual(new Set(hosts.map((_, index) => `from ${index}`)));
  }
}

describe('a node under hostile envelopes', () => {
  it('throws nothing, keeps its health, and goes on with the other nodes', LAW, async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(hostileEnvelopes(), { minLength: 1, maxLength: 30 }), async (hostile) => {
        const attacked = new Attacked();
        await attacked.begin();
        for (const envelope of hostile) {
          attacked.attack(envelope);
          await settle();
        }
        // A forged self of a node is believed until it was not heard for a minute.
        await attacked.clock.advance(70_000);
        const [owner, other] = attacked.hosts;

        expect([owner.host.brokerHealth.broker, other.host.brokerHealth.broker]).toEqual(['up', 'up']);
        await isHeard(attacked.clock, [owner, other, attacked.host()], 'after');
        expect(Object.hasOwn(Object.prototype, 'polluted')).toBe(false);
      }),
      tries(3),
    );
  });
});
