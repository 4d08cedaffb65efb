// The channel between threads, seen by another user of it in the same process.

import { BroadcastChannel } from 'node:worker_threads';
import { afterEach, describe, expect, it } from 'vitest';
import { settle } from 'corosock/testing';
import { ThreadChannel } from '../../src/ipc/thread-channel.ts';
import { untilWithin } from '../../src/testing/contracts/recorded-node.ts';

const until = untilWithin(15_000);
const bytes = (words: string): Uint8Array => new TextEncoder().encode(words);

const opened: Array<{ close(): void }> = [];
afterEach(() => {
  for (const channel of opened.splice(0)) channel.close();
});

let count = 0;
function freshPrefix(): string {
  count += 1;
  return `channels-${process.pid}-${count}`;
}

/** The end of one node, and what it has received. */
function nodeOn(prefix: string): { readonly node: ThreadChannel; readonly got: string[] } {
  const got: string[] = [];
  const node = new ThreadChannel(prefix, (address, data) =>
    got.push(`${address}: ${new TextDecoder().decode(data)}`),
  );
  opened.push(node);
  return { node, got };
}

/** A stranger on the channel of a deployment, and what it hears. */
function strangerOn(prefix: string): { readonly stranger: BroadcastChannel; readonly heard: unknown[] } {
  const stranger = new BroadcastChannel(`corosock:${prefix}`);
  const heard: unknown[] = [];
  // oxlint-disable-next-line unicorn/prefer-add-event-listener -- Node's type has no such method
  stranger.onmessage = (event: unknown) => heard.push((event as { readonly data: unknown }).data);
  opened.push(stranger);
  return { stranger, heard };
}

describe('ThreadChannel', () => {
  it('sends messages of all addresses over one channel, in order', async () => {
    const prefix = freshPrefix();
    const { heard } = strangerOn(prefix);
    const { node } = nodeOn(prefix);
    for (const address of ['a', 'b', 'a', '__proto__']) node.publish(address, bytes('x'));
    await until('all have come', () => heard.length === 4);
    expect(heard).toEqual(['a', 'b', 'a', '__proto__'].map((address) => [address, bytes('x')]));
  });

  it('receives what it has subscribed to, until it unsubscribes', async () => {
    const prefix = freshPrefix();
    const [one, two, all] = [nodeOn(prefix), nodeOn(prefix), nodeOn(prefix)];
    for (const address of ['a', 'b', 'end']) all.node.subscribe(address);
    for (const address of ['a', 'a', '__proto__']) two.node.subscribe(address);
    for (const address of ['a', 'b', '__proto__']) one.node.publish(address, bytes('1'));
    await until('they have come', () => two.got.length === 2);
    two.node.unsubscribe('a');
    for (const address of ['a', '__proto__', 'end']) one.node.publish(address, bytes('2'));
    await until('the last has come', () => all.got.at(-1) === 'end: 2');
    await settle();
    expect(two.got).toEqual(['a: 1', '__proto__: 1', '__proto__: 2']);
    expect([one.got, all.got]).toEqual([[], ['a: 1', 'b: 1', 'a: 2', 'end: 2']]);
  });

  it.each([
    ['a part of a Buffer', Buffer.from('a secret in the same memory').subarray(2, 8)],
    ['a part of an array', bytes('a secret in the same memory').subarray(2, 8)],
    ['memory that threads share', new Uint8Array(new SharedArrayBuffer(6))],
  ])('sends a copy of the bytes alone, where they are %s', async (_, view) => {
    const prefix = freshPrefix();
    const { heard } = strangerOn(prefix);
    nodeOn(prefix).node.publish('a', view);
    await until('it has come', () => heard.length === 1);
    const [, data] = heard[0] as readonly [string, Uint8Array];
    expect(data).toEqual(new Uint8Array(view));
    expect([data.buffer instanceof ArrayBuffer, data.buffer.byteLength]).toEqual([true, 6]);
  });

  it('drops what is no message of a node', async () => {
    const prefix = freshPrefix();
    const { stranger } = strangerOn(prefix);
    const [{ node, got }, other] = [nodeOn(prefix), nodeOn(prefix)];
    node.subscribe('a');
    const rubbish = [undefined, null, 7, 'a', bytes('a'), {}, { 0: 'a', 1: bytes('x') }, [], ['a']];
    const nearly = [
      ['a', 'text'],
      ['a', [1]],
      ['a', new ArrayBuffer(1)],
      ['b', bytes('x')],
      [7, bytes('x')],
    ];
    // oxlint-disable-next-line unicorn/require-post-message-target-origin -- a channel has none
    for (const message of [...rubbish, ...nearly]) stranger.postMessage(message);
    other.node.publish('a', bytes('after'));
    await until('the message has come', () => got.length > 0);
    await settle();
    expect(got).toEqual(['a: after']);
  });
});
