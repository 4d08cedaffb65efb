// The link over node-redis. Over a real server: redis-broker.spec.ts.

import { EventEmitter } from 'node:events';
import { createClient } from 'redis';
import { describe, expect, it } from 'vitest';
import { NodeRedisLink } from '../../src/redis/node-redis-link.ts';

/** A client without a server: a spec says whether it is open, and answers its `connect`. */
class FakeNodeRedis extends EventEmitter {
  isReady = true;
  isOpen = true;
  connecting: Promise<void> = Promise.resolve();
  publish = async (): Promise<void> => {};
  subscribe = async (): Promise<void> => {};
  unsubscribe = async (): Promise<void> => {};
  ping = async (): Promise<void> => {};
  connect(): Promise<void> {
    this.isOpen = true;
    return this.connecting;
  }
  destroy(): void {
    this.isOpen = false;
    this.emit('end');
  }
}

/** What a link tells, in order. */
function followed(): {
  readonly client: FakeNodeRedis;
  readonly link: NodeRedisLink;
  readonly told: string[];
} {
  const client = new FakeNodeRedis();
  const link = new NodeRedisLink(client, () => {});
  const told: string[] = [];
  link.follow({
    look: () => void told.push('look'),
    failed: (error) => void told.push(String(error)),
    ended: () => void told.push('ended'),
  });
  return { client, link, told };
}

describe('NodeRedisLink', () => {
  it('has ended when its client has an error and is open no more', () => {
    const { client, told } = followed();
    client.emit('error', new Error('lost'));
    client.isOpen = false;
    client.emit('error', new Error('given up'));
    expect(told).toEqual(['Error: lost', 'look', 'Error: given up', 'look', 'ended']);
  });

  it.each([
    ['has not ended when it is opened anew', true, ['look']],
    ['has ended when it cannot be opened anew', false, ['look', 'ended']],
  ])('%s', async (_, isOpen, expected) => {
    const { client, link, told } = followed();
    if (!isOpen) client.connecting = Promise.reject(new Error('given up'));
    link.reset();
    client.isOpen = isOpen;
    await new Promise((resolve) => setImmediate(resolve));
    expect(told).toEqual(expected);
  });

  it('leaves no listener but the one for errors, without which an error ends the process', () => {
    const client = createClient();
    const link = new NodeRedisLink(client, () => {});
    link.follow({ look() {}, failed() {}, ended() {} });
    link.release();
    expect([link.isReady, client.eventNames(), client.listenerCount('error')]).toEqual([false, ['error'], 1]);
  });
});
