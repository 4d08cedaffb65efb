// The link in memory: the contract, and what only this transport promises.

import { describe, expect, it } from 'vitest';
import { settle, transportContract } from 'corosock/testing';
import type { TransportPair } from 'corosock/testing';
import { RecordedLink } from '../../src/testing/contracts/recorded-link.ts';
import { memoryLink } from '../../src/transport/memory-transport.ts';
import { limitCause } from '../../src/core/errors.ts';
import { growth, LINEAR } from '../faults/growth.ts';
import type { MemoryLinkOptions, Wire } from '../../src/transport/memory-transport.ts';

const MAX_MESSAGE_BYTES = 70_000;

function makePair(options?: MemoryLinkOptions): TransportPair {
  const [near, far] = memoryLink({ ...options, maxMessageBytes: [Infinity, MAX_MESSAGE_BYTES] });
  return {
    near,
    far,
    farMaxMessageBytes: MAX_MESSAGE_BYTES,
    async [Symbol.asyncDispose]() {
      near.terminate();
    },
  };
}

/** Carries each frame in a turn of the event loop. */
const slowWire: Wire = (arrive) => void setImmediate(arrive);

function openLink(options?: MemoryLinkOptions): RecordedLink {
  const [near, far] = memoryLink(options);
  return new RecordedLink({ near, far }).open();
}

describe('MemoryTransport keeps the promise', () => {
  it.each(transportContract)('$name', async ({ run }) => {
    await expect(run(() => makePair())).resolves.toBe(undefined);
  });
});

describe('MemoryTransport over wires keeps the promise', () => {
  it.each(transportContract)('$name', async ({ run }) => {
    await expect(run(() => makePair({ wires: [slowWire, slowWire] }))).resolves.toBe(undefined);
  });
});

describe('an end that is paused behind each message', () => {
  it('takes linear time for all that is under way to it', async () => {
    const ratio = await growth(
      5000,
      (messages) => {
        const { near, far } = openLink();
        for (let sent = 0; sent < messages; sent += 1) near.send('');
        let received = 0;
        far.onCall = ({ kind }) => {
          if (kind !== 'message') return;
          received += 1;
          far.pause();
        };
        return async () => {
          while (received < messages) {
            far.resume();
            await Promise.resolve();
          }
        };
      },
      12,
    );
    expect(ratio).toBeLessThanOrEqual(LINEAR);
  });
});

describe('a wire', () => {
  it('decides when each frame comes', async () => {
    const arrivals: Array<() => void> = [];
    const { near, far } = openLink({ wires: [undefined, (arrive) => void arrivals.push(arrive)] });
    near.send('one');
    near.send('two');
    await settle();
    expect(far.messages).toEqual([]);
    expect(near.bufferedBytes).toBeGreaterThan(0);
    arrivals.shift()?.();
    await settle();
    expect(far.messages).toEqual(['one']);
  });

  it('loses a frame that it never brings', async () => {
    const { near, far } = openLink({ wires: [undefined, () => {}] });
    near.send('one');
    near.terminate();
    await settle();
    expect(far.messages).toEqual([]);
    expect(far.calls).toEqual([]);
  });
});

describe('a link that the network resets', () => {
  it('ends at each end with 1006 by the link, once', async () => {
    const [near, far] = memoryLink();
    const { near: left, far: right } = new RecordedLink({ near, far }).open();
    left.send('lost');
    far.lose();
    near.lose();
    near.lose();
    await settle();
    expect(right.messages).toEqual([]);
    for (const { calls } of [left, right]) {
      const ends = calls.filter(({ kind }) => kind === 'end');
      expect(ends).toMatchObject([
        { kind: 'end', end: { code: 1006, reason: '', clean: false, by: 'link' } },
      ]);
    }
  });
});

describe('memoryLink', () => {
  it('gives both ends the protocol, and none by default', () => {
    expect(memoryLink({ protocol: 'chat' }).map(({ protocol }) => protocol)).toEqual(['chat', 'chat']);
    expect(memoryLink().map(({ protocol }) => protocol)).toEqual(['', '']);
  });

  it('accepts a message of any size by default', async () => {
    const { near, far } = openLink();
    near.send(new Uint8Array(2_000_000));
    await far.untilMessages(1);
    expect(far.messages[0]).toHaveLength(2_000_000);
  });

  it('holds each end to its own limit', async () => {
    const { near, far } = openLink({ maxMessageBytes: [1, 2] });
    near.send('ab');
    far.send('ab');
    expect(await near.untilEnd()).toMatchObject({ code: 1009, reason: '', clean: false, by: 'limit' });
    await far.untilEnd();
    expect([near.messages, far.messages]).toEqual([[], ['ab']]);
  });

  it('holds each end to its own number of fragments', async () => {
    const { near, far } = openLink({ maxFragments: [2, 3] });
    for (const end of [near, far]) for (const last of [false, false, true]) end.sendFragment('a', { last });
    const end = await near.untilEnd();
    expect(end).toMatchObject({ code: 1008, reason: '', clean: false, by: 'limit' });
    expect(end.cause).toEqual(
      Object.assign(limitCause('maxFragments', 'A message of more than 2 fragments'), {
        code: 'WS_ERR_TOO_MANY_BUFFERED_PARTS',
      }),
    );
    await far.untilEnd();
    expect([near.messages, far.messages]).toEqual([[], ['aaa']]);
  });

  it('keeps the code of its own close where the peer exceeds a limit meanwhile', async () => {
    const { near, far } = openLink({ maxMessageBytes: [1, 1] });
    far.send('ab');
    near.close(4000, 'bye');
    expect(await near.untilEnd()).toEqual({ code: 4000, reason: 'bye', clean: false, by: 'local' });
    expect(await far.untilEnd()).toMatchObject({ code: 4000, reason: 'bye', by: 'peer' });
  });

  it('holds no bytes after its end: what was under way is lost', () => {
    const [near, far] = memoryLink();
    far.pause();
    near.send('under way', { binary: false, compress: false });
    expect(near.bufferedBytes).toBeGreaterThan(9);
    near.terminate();
    expect(near.bufferedBytes).toBe(0);
  });

  it('names the size of a message above the limit in the cause', async () => {
    const { near, far } = openLink({ maxMessageBytes: [1, 3] });
    near.send('h\u00e9h\u00e9');
    expect((await far.untilEnd()).cause).toEqual(
      Object.assign(limitCause('maxMessageBytes', 'A message of 6 bytes is above the limit of 3'), {
        code: 'WS_ERR_UNSUPPORTED_MESSAGE_LENGTH',
      }),
    );
  });
});

describe('MemoryTransport', () => {
  it('delivers a copy of the bytes', async () => {
    const { near, far } = openLink();
    const bytes = new Uint8Array([1, 2, 3]);
    near.send(bytes);
    bytes.fill(0);
    await settle();
    expect(far.messages).toEqual([new Uint8Array([1, 2, 3])]);
  });

  it('counts what is under way, with an overhead for each message', async () => {
    const { near, far } = openLink();
    far.pause();
    near.send('');
    near.send('four');
    expect(near.bufferedBytes).toBe(6 + 6 + 4);
    far.resume();
    await settle();
    expect(near.bufferedBytes).toBe(0);
  });

  it('tells of pings and pongs, once it is asked to', async () => {
    const [near, far] = memoryLink();
    const controls: string[] = [];
    near.ping();
    await settle();
    far.watchControls((kind, data) => void controls.push(`${kind} ${String(data)}`));
    near.watchControls((kind, data) => void controls.push(`back: ${kind} ${String(data)}`));
    near.ping(Buffer.from('a'));
    near.pong(Buffer.from('b'));
    near.pong();
    await settle();
    expect(controls).toEqual(['ping a', 'pong b', 'pong ', 'back: pong a']);
  });

  it('delivers in microtasks: no time has to pass', async () => {
    const { near, far } = openLink();
    near.send('at once');
    await Promise.resolve();
    expect(far.messages).toEqual(['at once']);
  });

  it('stops within a batch when its sink pauses it', async () => {
    const { near, far } = openLink();
    far.onCall = () => far.pause();
    near.send('first');
    near.send('second');
    await settle();
    expect(far.messages).toEqual(['first']);
    far.resume();
    await settle();
    expect(far.messages).toEqual(['first', 'second']);
  });

  it('tells an end that is over of no stall of what it had sent', async () => {
    const { near, far } = openLink();
    far.onCall = () => far.pause();
    far.pause();
    near.send('first');
    near.send('second');
    near.terminate();
    await near.untilEnd();
    far.resume();
    await settle();
    expect(near.calls.at(-1)).toMatchObject({ kind: 'end' });
  });

  it('stops within a batch when its sink terminates it', async () => {
    const { near, far } = openLink();
    far.onCall = ({ kind }) => {
      if (kind === 'message') far.terminate();
    };
    near.send('first');
    near.send('second');
    expect(await far.untilEnd()).toMatchObject({ code: 1006, reason: '', clean: false, by: 'local' });
    expect(far.messages).toEqual(['first']);
  });

  it('still receives messages after its own close, until the answer', async () => {
    const { near, far } = openLink();
    far.send('on its way');
    near.close(4000);
    expect(await near.untilEnd()).toMatchObject({ code: 4000, reason: '', clean: true, by: 'local' });
    expect(near.messages).toEqual(['on its way']);
  });
});
