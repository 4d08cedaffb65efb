// A handle on a socket of another node: the contract of a transport, from the handle to the client
// of the socket, over the broker in memory.

import { describe, expect, it } from 'vitest';
import { transportContract } from 'corosock/testing';
import type { TransportPair } from 'corosock/testing';
import { memoryBroker } from '../../src/brokers/memory-broker.ts';
import { FrameWindow } from '../../src/hub/frame-window.ts';
import { RemoteTransport } from '../../src/hub/remote-transport.ts';
import { realClock } from '../../src/time/real-clock.ts';
import { KIND } from '../../src/hub/envelope.ts';
import { frameOf, readFrame } from '../../src/hub/socket-frames.ts';
import type { NodeRef } from '../../src/hub/envelope.ts';
import { remoteNode } from './remote-fixtures.ts';

async function makePair(): Promise<TransportPair> {
  const broker = memoryBroker();
  const [caller, owner] = [
    remoteNode('caller', broker.node(), realClock),
    remoteNode('owner', broker.node(), realClock),
  ];
  await Promise.all([caller.bus.start(), owner.bus.start()]);
  const { client } = owner.socket('one');
  const near = await new Promise<RemoteTransport>((resolve) => {
    const link = {
      clock: realClock,
      send: (type: number, number: number, fields: Uint8Array) =>
        caller.bus.send('owner', KIND.toSocket, frameOf(type, 1, number, fields)),
      window: new FrameWindow(),
      held: { bytes: 0 },
      over: () => {},
    };
    const transport = new RemoteTransport('owner.one', link, () => resolve(transport));
    caller.bus.on(KIND.fromSocket, (_: NodeRef, body) => {
      const frame = readFrame(body);
      if (frame !== undefined) transport.receive(frame);
    });
  });
  return {
    near,
    far: client,
    farMaxMessageBytes: 1_048_576,
    async [Symbol.asyncDispose]() {
      client.terminate();
      near.terminate();
      await caller.bus.close();
      await owner.bus.close();
    },
  };
}

/** What the node of the socket does in place of this transport: parts of names, and why. */
const DONE_THERE: Readonly<Record<string, string>> = {
  '19. `send` is accepted until': 'its conversation drops what the client sends after a close of this end',
  '15. An end that reads answers pings': 'its own transport answers, whether this end reads or not',
  '20. `stall` is called': 'it finds and ends clients that take nothing',
  '20. and again when': 'as above',
};

const isKeptHere = (name: string): boolean => !Object.keys(DONE_THERE).some((part) => name.startsWith(part));

describe('RemoteTransport keeps the promise', () => {
  it.each(transportContract.filter(({ name }) => isKeptHere(name)))('$name', async ({ run }) => {
    await expect(run(makePair)).resolves.toBe(undefined);
  });

  it('leaves out four checks', () => {
    expect(transportContract.filter(({ name }) => !isKeptHere(name))).toHaveLength(4);
  });
});
