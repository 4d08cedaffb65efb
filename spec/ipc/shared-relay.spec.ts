// Several brokers of one prefix in one process, for several hosts: they share the channels to the
// parent and to the children, so that each message comes once to each of them.

import { EventEmitter } from 'node:events';
import { describe, expect, it } from 'vitest';
import { openHub } from 'corosock';
import type { IpcBroker } from 'corosock/ipc';
import { settle, virtualClock } from 'corosock/testing';
import { brokerIn } from '../../src/ipc/ipc-broker.ts';
import type { IpcPeer } from '../../src/ipc/ipc-link.ts';
import { record, untilWithin } from '../../src/testing/contracts/recorded-node.ts';
import { linkedPeers } from './linked-peers.ts';
import type { LinkedPeer } from './linked-peers.ts';

const until = untilWithin(15_000);
const text = (words: string): Uint8Array => new TextEncoder().encode(words);

let count = 0;
/** A prefix of its own: the threads of all specs share one space of names. */
function freshPrefix(): string {
  count += 1;
  return `shared-${process.pid}-${count}`;
}

/** Makes brokers of one process. Other processes have a prefix of their own for their threads. */
function processOf(parent: IpcPeer, cluster: object = { isPrimary: false }): (prefix: string) => IpcBroker {
  return (prefix) => brokerIn({ isMainThread: true, parent, cluster: cluster as never }, prefix);
}

const withoutChannel = (): IpcPeer => ({ on() {}, off() {} });

/** What one process of a tree says to another, by the kind of the message. */
function kindsAt(peer: LinkedPeer): string[] {
  const kinds: string[] = [];
  peer.on('message', (message: { readonly kind: string }) => kinds.push(message.kind));
  return kinds;
}

/**
 * A worker with two brokers, and one with one, below a primary with two. All are in this thread,
 * where each broker also hears each other one as a thread: what passes the channels is looked at.
 */
async function scene(): Promise<{
  readonly all: readonly IpcBroker[];
  readonly otherOfPrimary: LinkedPeer;
  readonly ofWorker: LinkedPeer;
  readonly ofPrimary: LinkedPeer;
  readonly worker: readonly [IpcBroker, IpcBroker];
  readonly makeInWorker: () => IpcBroker;
}> {
  const prefix = freshPrefix();
  const [ofWorker, ofPrimary] = linkedPeers();
  const [ofOther, otherOfPrimary] = linkedPeers();
  const workers = { 1: ofWorker, 2: ofOther };
  const cluster = Object.assign(new EventEmitter(), { isPrimary: true, workers });
  const makeInPrimary = processOf(withoutChannel(), cluster);
  const makeInWorker = processOf(ofPrimary);
  const primary = [makeInPrimary(prefix), makeInPrimary(prefix)] as const;
  const worker = [makeInWorker(prefix), makeInWorker(prefix)] as const;
  const other = processOf(otherOfPrimary)(prefix);
  const all = [...primary, ...worker, other];
  await until('all are up', () => all.every(({ isUp }) => isUp));
  return { all, otherOfPrimary, ofWorker, ofPrimary, worker, makeInWorker: () => makeInWorker(prefix) };
}

describe('several brokers of one process', () => {
  it('send each message over the channel once, and each is acknowledged', async () => {
    const { all, ofWorker, ofPrimary, otherOfPrimary } = await scene();
    for (const node of all) await record(node, 'a');
    const channels = [kindsAt(ofWorker), kindsAt(ofPrimary), kindsAt(otherOfPrimary)];
    for (const node of all) await node.publish('a', text('x'));
    await settle();
    const published = channels.map((kinds) => kinds.filter((kind) => kind === 'publish').length);
    // Two of the worker go up, and to the other one. That has one, and the primary two.
    expect(published).toEqual([2, 3, 4]);
    for (const node of all) await node.close();
  });

  it('keep what another one has subscribed to, until the last has ended it', async () => {
    const { all, ofWorker, worker } = await scene();
    const [one, two] = worker;
    const [first, second] = [await record(one, 'a'), await record(two, 'a')];
    await record(one, 'b');
    const heard = kindsAt(ofWorker);
    await first.subscription[Symbol.asyncDispose]();
    await settle();
    expect(heard).not.toContain('unsubscribe');
    await one.close();
    await until('b is ended', () => heard.includes('unsubscribe'));
    await second.subscription[Symbol.asyncDispose]();
    await until('a is ended', () => heard.filter((kind) => kind === 'unsubscribe').length === 2);
    for (const node of all) await node.close();
  });

  it('are told a gap where the parent refuses what another one asks for, and they had', async () => {
    const { all, ofWorker, ofPrimary, worker } = await scene();
    const [kept, apart] = [await record(worker[0], 'a'), await record(all[4] as IpcBroker, 'a')];
    let refusals = 1;
    ofWorker.prependListener('message', (message: { kind: string; corosock: string; n: number }) => {
      if (message.kind !== 'subscribe' || refusals === 0) return;
      refusals -= 1;
      ofPrimary.emit('message', { corosock: message.corosock, kind: 'refused', n: message.n });
    });
    await expect(record(worker[1], 'a')).rejects.toMatchObject({ code: 'COROSOCK_BROKER' });
    await until('the gap is told', () => kept.events.length > 0);
    expect([kept.events, apart.events]).toEqual([['gap'], []]);
    for (const node of all) await node.close();
  });

  it('are down and up together, also one that is made later, and each is told one gap', async () => {
    const { all, ofWorker, worker, makeInWorker } = await scene();
    const taken = [await record(worker[0], 'a'), await record(worker[1], 'a')];
    ofWorker.hold();
    const publishing = worker[0].publish('b', text('not acknowledged'));
    await expect(publishing).rejects.toThrow('before it had acknowledged');
    const third = makeInWorker();
    expect([worker[0].isUp, worker[1].isUp, third.isUp]).toEqual([false, false, false]);
    ofWorker.release();
    await until('all are up', () => [...worker, third].every(({ isUp }) => isUp));
    expect(taken.map(({ events }) => events)).toEqual([['gap'], ['gap']]);
    for (const node of [...all, third]) await node.close();
  });

  it('leave nothing at the channel when the last is closed, and may be made again', async () => {
    const { all, ofPrimary, worker, makeInWorker } = await scene();
    await worker[0].close();
    expect(ofPrimary.listenerCount('disconnect')).toBe(1);
    await worker[1].close();
    expect(ofPrimary.listenerCount('disconnect')).toBe(0);
    const again = makeInWorker();
    await until('it is up', () => again.isUp);
    await again.publish('a', text('x'));
    for (const node of [...all, again]) await node.close();
  });

  it('agree whether the parent takes part', () => {
    const prefix = freshPrefix();
    const around = { isMainThread: true, parent: linkedPeers()[1], cluster: { isPrimary: false } as never };
    const broker = brokerIn(around, prefix);
    expect(() => brokerIn(around, prefix, false)).toThrow(
      'ipcBroker(): expected parent to be true, as for the other broker of this process and prefix, got false',
    );
    return broker.close();
  });
});

describe('a parent', () => {
  it('that does not answer is in the report of a host, with the cure', async () => {
    const [, ofChild] = linkedPeers();
    const broker = processOf(ofChild)(freshPrefix());
    const clock = virtualClock();
    const reports: unknown[] = [];
    const opening = openHub({ broker, clock, report: (error) => reports.push(error) });
    await clock.advance(6000);
    const hub = await opening;
    expect(reports).toMatchObject([
      {
        code: 'COROSOCK_BROKER_DOWN',
        cause: {
          message:
            'The process that has started this one does not answer: call ipcBroker() there, too, and ' +
            'adopt(child) where it has used fork(). If it takes no part, set parent: false here',
        },
      },
    ]);
    await Promise.all([hub.close(), clock.advance(2000)]);
    await broker.close();
  });

  it('that has gone is the cause of what fails', async () => {
    const { all, ofPrimary, worker } = await scene();
    ofPrimary.disconnect();
    await expect(worker[0].publish('a', text('x'))).rejects.toMatchObject({
      cause: {
        message: expect.stringMatching(/^The process that has started this one has ended/) as unknown,
      },
    });
    for (const node of all) await node.close();
  });
});
