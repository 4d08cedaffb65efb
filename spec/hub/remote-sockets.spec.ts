// Sockets by id on other nodes: what opening comes to, and what ends a handle.

import { describe, expect, it } from 'vitest';
import { memoryBroker } from 'corosock';
import { settle, virtualClock } from 'corosock/testing';
import { dropping } from './bus-fixtures.ts';
import { KIND } from '../../src/hub/envelope.ts';
import { frameOf, FROM_SOCKET, readFrame, TO_SOCKET } from '../../src/hub/socket-frames.ts';
import type { Frame } from '../../src/hub/socket-frames.ts';
import type { Kind } from '../../src/hub/envelope.ts';
import type { NodeBus } from '../../src/hub/node-bus.ts';
import { settingsOf } from '../../src/server/host-options.ts';
import { RemoteSockets } from '../../src/hub/remote-sockets.ts';
import { ENDS_A_TURN } from '../../src/hub/served-sockets.ts';
import { HandClock, turn } from '../time/hand-clock.ts';
import type { NodeListener } from '../../src/hub/known-nodes.ts';
import { pair, remoteNode, say } from './remote-fixtures.ts';

describe('openServer on another node', () => {
  it('gives a handle that writes to the client, and has its protocol', async () => {
    const { caller, got } = await pair();
    const ws = await caller.handle('owner.one');
    expect([await ws.write('hello'), await ws.writeJson({ a: 1 }), ws.protocol]).toEqual([
      'ok',
      'ok',
      'chat',
    ]);
    expect(got).toEqual(['hello', '{"a":1}']);
  });

  it.each([
    ['owner.two', 'not-found'],
    ['nobody.one', 'not-found'],
    ['no id', 'not-found'],
    ['caller.one', 'not-found'],
    ['owner.own', 'not-shared'],
  ])('gives for %s %s', async (id, status) => {
    const { caller, owner, clock } = await pair();
    owner.socket('own', false);
    await clock.advance(1000);
    expect(await caller.open(id)).toBe(status);
  });

  it('gives timeout when the node does not answer in time', async () => {
    const { drops, faults } = dropping();
    const { caller, clock } = await pair(faults);
    drops.add('node:owner');
    const opening = caller.open('owner.one', { timeoutMs: 100 });
    await clock.advance(100);
    expect(await opening).toBe('timeout');
  });

  it('gives timeout while the broker is down', async () => {
    const { caller } = await pair();
    caller.link.cut();
    expect(await caller.open('owner.one')).toBe('timeout');
  });

  it('rejects with the reason of a signal that aborts', async () => {
    const { drops, faults } = dropping();
    const { caller } = await pair(faults);
    drops.add('node:owner');
    const abort = new AbortController();
    const opening = caller.open('owner.one', { signal: abort.signal });
    abort.abort(new Error('enough'));
    await expect(opening).rejects.toThrow('enough');
  });

  it('waits for a node that it does not know yet, when it has just begun', async () => {
    const clock = virtualClock();
    const broker = memoryBroker({ clock });
    const [owner, fresh] = [
      remoteNode('owner', broker.node(), clock),
      remoteNode('fresh', broker.node(), clock),
    ];
    await owner.bus.start();
    owner.socket('one');
    const [opening, none] = [fresh.open('owner.one'), fresh.open('nobody.one')];
    await fresh.bus.start();
    await settle();
    expect(typeof (await opening)).toBe('object');
    await clock.advance(1000);
    expect(await none).toBe('not-found');
  });

  it('gives timeout, not not-found, while its broker has never been there', async () => {
    const clock = virtualClock();
    const link = memoryBroker({ clock }).node();
    link.cut();
    const fresh = remoteNode('fresh', link, clock);
    void fresh.bus.start();
    const opening = [fresh.open('owner.one'), fresh.open('owner.one', { timeoutMs: 2000 })];
    const order: string[] = [];
    for (const [index, each] of opening.entries())
      void each.then((got) => order.push(`${index} ${got as string}`));
    await clock.advance(4999);
    order.push('5 s');
    await clock.advance(1);
    expect(order).toEqual(['1 timeout', '5 s', '0 timeout']);
  });

  it('looks for a node that has come during an outage once the broker is back', async () => {
    const { caller, clock, broker } = await pair();
    caller.link.cut();
    await clock.advance(1000);
    const late = remoteNode('late', broker.node(), clock);
    await late.bus.start();
    late.socket('one');
    await clock.advance(1000);
    const opening = [caller.open('late.one'), caller.open('nobody.one')];
    await clock.advance(1000);
    caller.link.mend();
    await clock.advance(1000);
    const opened = await Promise.all(opening);
    expect(opened.map((each) => (typeof each === 'string' ? each : 'ok'))).toEqual(['ok', 'not-found']);
  });

  it('looks no more once the call has been aborted, or its host has closed', async () => {
    const clock = virtualClock();
    const link = memoryBroker({ clock }).node();
    link.cut();
    const fresh = remoteNode('fresh', link, clock);
    const abort = new AbortController();
    const aborted = fresh.open('owner.one', { timeoutMs: Infinity, signal: abort.signal });
    abort.abort(new Error('enough'));
    await expect(aborted).rejects.toThrow('enough');
    const opening = fresh.open('owner.one', { timeoutMs: Infinity });
    void fresh.remote.close();
    await clock.advance(250);
    expect([await opening, clock.timers]).toEqual(['timeout', 0]);
  });

  it('waits without an end where no time-out is asked for', async () => {
    const { caller } = await pair();
    expect(typeof (await caller.open('owner.one', { timeoutMs: Infinity }))).toBe('object');
  });

  it('shares one link between all handles on a socket', async () => {
    const { caller } = await pair();
    const [one, two] = await Promise.all([caller.open('owner.one'), caller.open('owner.one')]);
    expect(one).toBe(two);
  });
});

describe('frames between the nodes', () => {
  it('are dropped where they are broken, or for no handle', async () => {
    const reported: unknown[] = [];
    const { caller, owner } = await pair({}, { report: (error) => void reported.push(error) });
    await caller.bus.send('owner', KIND.toSocket, Buffer.from([1]));
    await caller.bus.send('owner', KIND.fromSocket, Buffer.from([1]));
    await caller.bus.send('owner', KIND.fromSocket, frameOf(FROM_SOCKET.alive, 9, 1, new Uint8Array()));
    await caller.bus.send('owner', KIND.toSocket, frameOf(TO_SOCKET.release, 9, 3, new Uint8Array()));
    await settle();
    expect([owner.bus.dropped.get('malformed'), owner.bus.dropped.size]).toEqual([2, 1]);
    expect(reported).toEqual([expect.objectContaining({ reason: 'malformed', count: 1 })]);
  });

  it('release a handle whose caller is not heard for 90 s', async () => {
    const { drops, faults } = dropping();
    const { caller, owner, clock, client, local } = await pair(faults);
    const ws = await caller.handle('owner.one');
    void ws.read();
    await settle();
    drops.add('node:owner').add('node:caller');
    await clock.advance(200_000);
    expect([ws.closeInfo?.by, owner.bus.nodes.get('caller')?.isMissing]).toEqual(['link', false]);
    say(client, 'free again');
    await settle();
    expect(await local.read()).toEqual(['free again', 'ok']);
  });

  it('are asked for where some may be lost', async () => {
    const { caller, clock } = await pair();
    const ws = await caller.handle('owner.one');
    caller.link.cut();
    await settle();
    caller.link.mend();
    await clock.advance(3000);
    expect([ws.closeInfo, await ws.write('still there')]).toEqual([undefined, 'ok']);
  });
});

describe('the end of a handle', () => {
  it('closes the socket with the closing handshake', async () => {
    const { caller, local } = await pair();
    const ws = await caller.handle('owner.one');
    expect(await ws.endServer(4001, 'kicked')).toMatchObject({ code: 4001, reason: 'kicked', by: 'local' });
    expect(await local.closed).toMatchObject({ code: 4001, reason: 'kicked' });
  });

  it('comes when the node of the socket is gone', async () => {
    const { caller, owner, clock } = await pair();
    const ws = await caller.handle('owner.one');
    owner.link.cut();
    await clock.advance(7000);
    expect(await ws.closed).toMatchObject({ code: 1006, by: 'link' });
  });

  it('comes neither when another node is gone, nor to a handle that is idle for long', async () => {
    const { caller, clock, node } = await pair();
    const third = await node('third');
    const ws = await caller.handle('owner.one');
    third.link.cut();
    await clock.advance(200_000);
    expect([caller.bus.nodes.has('third'), ws.closeInfo, await ws.write('still here')]).toEqual([
      false,
      undefined,
      'ok',
    ]);
  });

  it('comes when its own host closes, and leaves the socket open', async () => {
    const { caller, local } = await pair();
    const ws = await caller.handle('owner.one');
    void caller.remote.close();
    await settle();
    expect([ws.closeInfo?.by, local.closeInfo, await caller.open('owner.one')]).toEqual([
      'link',
      undefined,
      'not-found',
    ]);
  });

  it('can be followed by a new handle', async () => {
    const { caller, owner, clock } = await pair();
    const ws = await caller.handle('owner.one');
    owner.link.cut();
    await clock.advance(6000);
    expect(ws.closeInfo?.by).toBe('link');
    owner.link.mend();
    await clock.advance(3000);
    const again = await caller.handle('owner.one');
    expect(await again.write('back')).toBe('ok');
  });
});

describe('many handles', () => {
  const MANY = 2 * ENDS_A_TURN + 1;

  /** As many handles on a node that has not answered yet. What they send and come to is noted. */
  async function many(): Promise<{
    readonly remote: RemoteSockets;
    /** The numbers of the handles whose release was sent. */
    readonly released: number[];
    /** How many it was in each turn. */
    turns(): Promise<readonly number[]>;
    readonly ended: number[];
    readonly lose: () => void;
  }> {
    let listener: NodeListener = {};
    const released: number[] = [];
    const bus = {
      id: 'a',
      clock: new HandClock(),
      nodes: new Map([['b', {}]]),
      on: () => {},
      onNode: (given: NodeListener) => ((listener = given), () => {}),
      onLoss: () => () => {},
      send(_node: string, _kind: Kind, body: Uint8Array) {
        const { type, handle } = readFrame(body) as Frame;
        if (type === TO_SOCKET.release) released.push(handle);
        return Promise.resolve('sent');
      },
    } as unknown as NodeBus;
    const remote = new RemoteSockets(bus, { find: () => undefined, settings: settingsOf('spec', {}) });
    const ended: number[] = [];
    for (let handle = 1; handle <= MANY; handle += 1) {
      void remote.open(`b.${handle}`, {}).then((opened) => opened === 'timeout' && ended.push(handle));
    }
    await turn();
    const turns = async (): Promise<readonly number[]> => {
      const counts: number[] = [];
      for (let before = 0; released.length > before; await turn()) {
        counts.push(released.length - before);
        before = released.length;
      }
      return counts;
    };
    return { remote, released, turns, ended, lose: () => listener.gone?.({ id: 'b', epoch: 1 }) };
  }

  const all = Array.from({ length: MANY }, (_, index) => index + 1);

  it(`end ${ENDS_A_TURN} in a turn where their node is gone, each once and in order`, async () => {
    const { released, turns, ended, lose } = await many();
    lose();
    lose();
    expect(await turns()).toEqual([ENDS_A_TURN, ENDS_A_TURN, 1]);
    expect([released, ended]).toEqual([all, all]);
  });

  it('end so where their host closes, which waits for the last', async () => {
    const { remote, released, turns } = await many();
    const closing = remote.close().then(() => released.length);
    expect(await turns()).toEqual([ENDS_A_TURN, ENDS_A_TURN, 1]);
    expect([released, await closing]).toEqual([all, MANY]);
  });

  it('are not given any more once their node is gone, also those that end later', async () => {
    const { remote, turns, ended, lose } = await many();
    lose();
    let isOver = false;
    void remote.open(`b.${MANY}`, {}).then(() => (isOver = true));
    await turns();
    expect([ended.length, isOver]).toEqual([MANY, false]);
  });
});
