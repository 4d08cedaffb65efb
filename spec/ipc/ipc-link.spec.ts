import { describe, expect, it } from 'vitest';
import { settle } from 'corosock/testing';
import { IpcLink, MAX_ADDRESSES_COST, MAX_WAITING_BYTES } from '../../src/ipc/ipc-link.ts';
import type { PublishMessage } from '../../src/ipc/ipc-message.ts';
import { linkedPeers } from './linked-peers.ts';

const publish = (base64: string): PublishMessage => ({
  corosock: 'p',
  kind: 'publish',
  address: 'a',
  base64,
  n: 1,
});

describe('IpcLink', () => {
  it('drops messages beyond its bytes, and says once that some are lost when all is taken', async () => {
    const [near, far] = linkedPeers();
    const kinds: string[] = [];
    far.on('message', (message: { kind: string }) => kinds.push(message.kind));
    const link = new IpcLink(near, 'p');
    near.hold();
    const half = 'x'.repeat(MAX_WAITING_BYTES / 2 + 1);
    for (let sent = 0; sent < 4; sent += 1) link.deliver(publish(half));
    near.release();
    await settle();
    expect(kinds).toEqual(['publish', 'publish', 'lost']);
    link.deliver(publish('after'));
    await settle();
    expect(kinds.at(-1)).toBe('publish');
  });

  it('keeps no answers without bound for an end that asks and does not read', async () => {
    const [near, far] = linkedPeers();
    const kinds: string[] = [];
    far.on('message', (message: { kind: string }) => kinds.push(message.kind));
    const link = new IpcLink(near, 'p');
    near.hold();
    for (let n = 0; n < 200_000; n += 1) link.answer(n);
    const held = near.held?.length ?? 0;
    expect(held).toBeLessThan(MAX_WAITING_BYTES / 200);
    near.release();
    await settle();
    expect([kinds.length, kinds.at(-1)]).toEqual([held + 1, 'lost']);
    link.answer(1);
    await settle();
    expect(kinds.at(-1)).toBe('ok');
  });

  it('takes addresses of the other end up to its bound, all of them or none, and room is there again', () => {
    const link = new IpcLink(linkedPeers()[0], 'p');
    const longest = MAX_ADDRESSES_COST / 2 - 64;
    const [one, two] = ['1'.repeat(longest), '2'.repeat(longest)];
    expect([link.add([one]), link.add([one, two, two]), link.add(['a'])]).toEqual([true, true, false]);
    link.remove('b');
    expect(link.add(['a'])).toBe(false);
    link.remove(two);
    expect([link.add(['a']), link.add(['b', two]), link.addresses]).toEqual([
      true,
      false,
      new Set([one, 'a']),
    ]);
  });

  it.each([
    ['is closed', linkedPeers()[0]],
    ['was never there', { on() {}, off() {} }],
  ])('sends nothing over a channel that %s', (_, peer) => {
    Object.assign(peer, { isOpen: false });
    const link = new IpcLink(peer, 'p');
    expect(() => link.send(publish('x'))).not.toThrow();
  });
});
