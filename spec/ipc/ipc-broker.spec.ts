// The broker between processes and threads: over channels in memory, and with real processes.

import { EventEmitter } from 'node:events';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ipcBroker } from 'corosock/ipc';
import type { IpcBroker } from 'corosock/ipc';
import { brokerContract } from 'corosock/testing';
import { brokerIn, IpcEngine } from '../../src/ipc/ipc-broker.ts';
import { SharedRelay } from '../../src/ipc/shared-relay.ts';
import { record, untilWithin } from '../../src/testing/contracts/recorded-node.ts';
import { buildPackage } from '../fixtures/built-package.ts';
import type { BuiltPackage } from '../fixtures/built-package.ts';
import { linkedPeers } from './linked-peers.ts';
import type { LinkedPeer } from './linked-peers.ts';

const until = untilWithin(15_000);
const text = (words: string): Uint8Array => new TextEncoder().encode(words);

let count = 0;
/** A prefix of its own: the threads of all specs share one space of names. */
function freshPrefix(): string {
  count += 1;
  return `spec-${process.pid}-${count}`;
}

/** What a child says to its parent. */
interface Asked {
  readonly kind: string;
  readonly n: unknown;
  readonly address: unknown;
}

/** Makes the engine of a process of its own, whose threads are its own, too. */
function engineOf(parent?: LinkedPeer, prefix = 'spec'): IpcEngine {
  return new IpcEngine(prefix, new SharedRelay(prefix, parent), freshPrefix());
}

interface Family {
  readonly parent: IpcBroker;
  readonly child: IpcBroker;
  readonly ofParent: LinkedPeer;
  readonly ofChild: LinkedPeer;
  /** Adds a child to a node. */
  childOf(node: IpcBroker): IpcBroker;
}

async function family(): Promise<Family> {
  const make = (peer: LinkedPeer | undefined): IpcBroker => engineOf(peer).broker;
  const parent = make(undefined);
  const [ofParent, ofChild] = linkedPeers();
  const child = make(ofChild);
  parent.adopt(ofParent);
  await until('the child is up', () => child.isUp);
  return {
    parent,
    child,
    ofParent,
    ofChild,
    childOf(node) {
      const [mine, its] = linkedPeers();
      node.adopt(mine);
      return make(its);
    },
  };
}

describe('ipcBroker between threads keeps the contract', () => {
  it.each(brokerContract)('$name', async ({ run }) => {
    const running = run(() => {
      const prefix = freshPrefix();
      const nodes = [1, 2, 3].map(() => ipcBroker({ prefix, parent: false }));
      const [one, two, three] = nodes as [IpcBroker, IpcBroker, IpcBroker];
      return {
        nodes: [one, two, three],
        async [Symbol.asyncDispose]() {
          for (const node of nodes) await node.close();
        },
      };
    });
    await expect(running).resolves.toBeUndefined();
  });
});

describe.each([
  'children of one parent',
  'a parent, its child and a grandchild',
  'a parent and two children',
])('ipcBroker between processes keeps the contract: %s', (shape) => {
  it.each(brokerContract)('$name', async ({ run }) => {
    const running = run(async () => {
      const { parent, child, childOf } = await family();
      const third = childOf(shape.includes('grandchild') ? child : parent);
      const fourth = childOf(parent);
      const nodes = shape.startsWith('children')
        ? ([child, third, fourth] as const)
        : ([parent, third, child] as const);
      await until('all are up', () => [parent, child, third, fourth].every(({ isUp }) => isUp));
      return {
        nodes,
        async [Symbol.asyncDispose]() {
          for (const node of [parent, child, third, fourth]) await node.close();
        },
      };
    });
    await expect(running).resolves.toBeUndefined();
  });
});

describe('ipcBroker', () => {
  it('refuses wrong options, and a child that is none', async () => {
    expect(() => ipcBroker({ parent: 1 as never })).toThrow(
      'ipcBroker(): expected parent to be true or false, got 1',
    );
    expect(() => ipcBroker({ prefix: '' })).toThrow(/^ipcBroker\(\): expected prefix to be/);
    const { parent } = await family();
    expect(() => parent.adopt({} as never)).toThrow(
      'broker.adopt(): expected a process of child_process.fork(), got an object',
    );
  });

  it('has a parent where there is a channel, unless it is told otherwise, and takes workers in', async () => {
    const [ofParent, ofChild] = linkedPeers();
    const fork = new EventEmitter();
    const cluster = Object.assign(fork, { isPrimary: true, workers: { 1: ofParent, 2: linkedPeers()[0] } });
    const noChannel = { on() {}, off() {} };
    const prefix = freshPrefix();
    const around = { isMainThread: true, cluster: cluster as never };
    const root = brokerIn({ ...around, parent: noChannel }, prefix);
    const child = brokerIn({ ...around, cluster: { isPrimary: false } as never, parent: ofChild }, prefix);
    const alone = brokerIn({ ...around, parent: ofChild }, freshPrefix(), false);
    fork.emit('fork', linkedPeers()[0]);
    await until('all are up', () => [root, child, alone].every(({ isUp }) => isUp));
    await root.close();
    await alone.close();
    expect(fork.listenerCount('fork')).toBe(0);
  });

  it('reaches no other process from a worker thread', async () => {
    const [[ofParent, ofThread], [worker]] = [linkedPeers(), linkedPeers()];
    const heard: unknown[] = [];
    for (const peer of [ofParent, worker]) peer.on('message', (value) => heard.push(value));
    const cluster = Object.assign(new EventEmitter(), { isPrimary: true, workers: { 1: worker } });
    const around = { isMainThread: false, cluster: cluster as never, parent: ofThread };
    const broker = brokerIn(around, freshPrefix());
    await broker.publish('a', text('for threads'));
    await new Promise((resolve) => setImmediate(resolve));
    expect([broker.isUp, heard, ofThread.eventNames(), worker.eventNames()]).toEqual([
      true,
      [],
      [],
      ['message'],
    ]);
    await broker.close();
  });

  it('connects a child once, however often it is adopted, and hears no broker of another prefix', async () => {
    const { parent, child, ofParent } = await family();
    parent.adopt(ofParent);
    const [mine, its] = linkedPeers();
    const stranger = engineOf(its, 'other').broker;
    parent.adopt(mine);
    const taken = await record(parent, 'a');
    for (const words of ['1', '2']) await child.publish('a', text(words));
    await until('both have come', () => taken.events.at(-1) === '2');
    expect([taken.events, stranger.isUp]).toEqual([['1', '2'], false]);
    for (const node of [stranger, child, parent]) await node.close();
  });

  it('is down until its parent takes part', async () => {
    const [ofParent, ofChild] = linkedPeers();
    const child = engineOf(ofChild).broker;
    const waiting = record(child, 'a');
    await expect(child.publish('a', text('1'))).rejects.toThrow('The broker is down');
    const parent = engineOf().broker;
    parent.adopt(ofParent);
    parent.adopt(ofParent);
    const taken = await waiting;
    await parent.publish('a', text('2'));
    await until('it has come', () => taken.events.length === 2);
    expect(taken.events).toEqual(['gap', '2']);
  });

  it('is down while its parent is stopped, and tells one gap', async () => {
    const { parent, child, ofParent } = await family();
    const taken = await record(child, 'a');
    ofParent.hold();
    const call = child.publish('b', text('not acknowledged'));
    await expect(call).rejects.toThrow('before it had acknowledged');
    expect(child.isUp).toBe(false);
    await parent.publish('a', text('late'));
    ofParent.release();
    await until('it is up', () => child.isUp);
    await parent.publish('a', text('after'));
    await until('it has come', () => taken.events.at(-1) === 'after');
    expect(taken.events.filter((event) => event !== 'late')).toEqual(['gap', 'after']);
  });

  it('keeps at most 16 MiB for a process that takes nothing, and tells it a gap', async () => {
    const { parent, child, childOf, ofParent } = await family();
    const grandchild = childOf(child);
    await until('all are up', () => child.isUp && grandchild.isUp);
    const [taken, below] = [await record(child, 'a'), await record(grandchild, 'b')];
    ofParent.hold();
    for (let sent = 0; sent < 40; sent += 1) await parent.publish('a', new Uint8Array(524_288));
    expect(ofParent.held?.length).toBeLessThan(30);
    ofParent.release();
    await until('both gaps are told', () => taken.gaps.length > 0 && below.gaps.length > 0);
    await until('all are up', () => child.isUp && grandchild.isUp);
    await parent.publish('a', text('after'));
    await until('it has come', () => taken.events.at(-1) === 'after');
    expect([taken.gaps.length, below.events]).toEqual([1, ['gap']]);
  });

  it('tells a grandchild a gap that begins before the first message that was dropped above its parent', async () => {
    const { parent, child, ofParent } = await family();
    const [ofGrandchild, itself] = linkedPeers();
    child.adopt(ofGrandchild);
    const grandchild = engineOf(itself).broker;
    const beganMs: number[] = [];
    await grandchild.subscribe(
      'a',
      () => {},
      (forMs) => beganMs.push(performance.now() - forMs),
    );
    beganMs.length = 0;
    ofParent.hold();
    for (let sent = 0; sent < 40; sent += 1) await parent.publish('a', new Uint8Array(524_288));
    const droppedMs = performance.now();
    let questions = 0;
    ofGrandchild.on('message', ({ kind }) => (questions += Number(kind === 'ping')));
    await until('it has asked twice', () => questions === 2);
    await new Promise((resolve) => setTimeout(resolve, 20));
    ofParent.release();
    await until('the gap is told', () => beganMs.length > 0);
    expect(beganMs[0]).toBeLessThan(droppedMs);
    for (const node of [grandchild, child, parent]) await node.close();
  });

  it.each(['a child', 'the root', 'a thread'])('refuses messages above 512 KiB: %s', async (which) => {
    const { parent, child } = await family();
    const thread = brokerIn({ isMainThread: false, parent: linkedPeers()[1] } as never, freshPrefix());
    const node = { 'a child': child, 'the root': parent, 'a thread': thread }[which];
    const refusal = node?.publish('a', new Uint8Array(524_289));
    await expect(refusal).rejects.toMatchObject({
      message: 'The broker has not taken the call',
      cause: { message: '524289 bytes are too many: processes and threads take 524288' },
    });
    await expect(node?.publish('a', new Uint8Array(524_288))).resolves.toBeUndefined();
    for (const each of [child, parent, thread]) await each.close();
  });

  it('rejects a subscription that its parent refuses, and goes on with the others', async () => {
    const { parent, child, ofParent, ofChild } = await family();
    const [taken, other] = [await record(child, 'a'), await record(parent, 'b')];
    const ended: unknown[] = [];
    ofParent.on('message', ({ kind, n, address }: Asked) => {
      if (kind === 'subscribe') ofChild.emit('message', { corosock: 'spec', kind: 'refused', n });
      if (kind === 'unsubscribe') ended.push(address);
    });
    await expect(record(child, 'too many')).rejects.toMatchObject({
      message: 'The broker has refused the subscription',
      cause: { message: 'A process above this one has too many addresses of it' },
    });
    await parent.publish('too many', text('no'));
    await parent.publish('a', text('1'));
    await child.publish('b', text('2'));
    await until('both have come', () => taken.events.length === 1 && other.events.length === 1);
    expect([taken.events, other.events, ended]).toEqual([['1'], ['2'], ['too many']]);
  });

  it('is down for good when its parent has ended', async () => {
    const { child, ofChild } = await family();
    ofChild.disconnect();
    expect(child.isUp).toBe(false);
    await child.close();
  });

  it('forgets a child that has ended, and goes on with the others', async () => {
    const { parent, child, childOf, ofParent } = await family();
    const other = childOf(parent);
    await until('both are up', () => child.isUp && other.isUp);
    const [, kept] = [await record(child, 'a'), await record(other, 'a')];
    ofParent.disconnect();
    ofParent.emit('exit');
    await parent.publish('a', text('1'));
    await until('it has come', () => kept.events.length === 1);
    expect(kept.events).toEqual(['1']);
  });

  it('begins anew with another relay of its parent', async () => {
    const { parent, child, childOf, ofParent } = await family();
    const [taken, below] = [await record(child, 'a'), await record(childOf(child), 'b')];
    await parent.close();
    const next = engineOf().broker;
    next.adopt(ofParent);
    await until('the gap is told', () => taken.gaps.length === 1);
    await until('the one below is told, too', () => below.gaps.length === 2);
    for (const address of ['a', 'b']) await next.publish(address, text('1'));
    await until('both have come', () => taken.events.length === 2 && below.events.length === 3);
    expect([taken.events, below.events]).toEqual([
      ['gap', '1'],
      ['gap', 'gap', '1'],
    ]);
  });

  it('takes the processes below it down when it is closed', async () => {
    const { parent, child, childOf } = await family();
    const grandchild = childOf(child);
    await until('it is up', () => grandchild.isUp);
    await parent.close();
    await until('both are down', () => !child.isUp && !grandchild.isUp);
    await expect(grandchild.publish('a', text('1'))).rejects.toThrow('The broker is down');
  });

  it('leaves the messages of the program alone', async () => {
    const { parent, child, ofParent, ofChild } = await family();
    const taken = await record(child, 'a');
    const foreign = [
      undefined,
      'text',
      {},
      { corosock: 'other', kind: 'lost' },
      { corosock: 'spec', kind: 'new' },
    ];
    for (const message of foreign) {
      ofParent.emit('message', message);
      ofChild.emit('message', message);
    }
    await parent.publish('a', text('1'));
    await until('it has come', () => taken.events.length === 1);
    expect(taken.events).toEqual(['1']);
  });
});

describe('ipcBroker in real processes', () => {
  let built: BuiltPackage;
  beforeAll(async () => {
    built = await buildPackage();
  }, 60_000);
  afterAll(() => built[Symbol.asyncDispose]());

  it.each([
    [
      'workers of node:cluster, and a process of child_process',
      'processes',
      ['child', 'worker 1', 'worker 2'],
    ],
    ['threads', 'threads', ['thread 1', 'thread 2']],
  ])('carries messages between %s, each once and in order', async (_, way, names) => {
    const { code, stdout, stderr } = await built.run(`../ipc/${way}-program.js`).end;
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    const expected = (own: string): Readonly<Record<string, readonly string[]>> =>
      Object.fromEntries(
        [...names, 'main']
          .filter((name) => name !== own)
          .map((name) => [name, Array.from({ length: 20 }, (__, index) => `${index}`)]),
      );
    expect(JSON.parse(stdout)).toEqual(
      Object.fromEntries([...names, 'main'].map((name) => [name, expected(name)])),
    );
  });
});
