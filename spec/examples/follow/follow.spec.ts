// The handler of a room that is followed: two hosts over the broker in memory, on a virtual clock.

import { memoryBroker } from 'corosock';
import type { Host, MemoryNode } from 'corosock';
import { runServer, settle, virtualClock } from 'corosock/testing';
import type { ClientSocket, ServerRun } from 'corosock/testing';
import { describe, expect, it, onTestFinished } from 'vitest';
import { follow, say } from '../../../examples/follow/follow.ts';

interface Stage {
  readonly client: ClientSocket;
  readonly run: ServerRun;
  readonly near: Host;
  readonly nearLink: MemoryNode;
  readonly far: Host;
}

/** A client that follows on one of two hosts. */
async function stage(): Promise<Stage> {
  const clock = virtualClock();
  const deployment = memoryBroker({ clock });
  const [nearLink, farLink] = [deployment.node(), deployment.node()];
  const other = runServer(() => {}, { clock, broker: farLink });
  const run = runServer(follow, { clock, broker: nearLink, params: { room: 'news' } });
  onTestFinished(async () => {
    await run[Symbol.asyncDispose]();
    await other[Symbol.asyncDispose]();
  });
  await settle();
  // A node that has just begun asks for kept messages, for so long at most.
  await clock.advance(500);
  return { client: await run.client, run, near: run.host, nearLink, far: other.host };
}

/** Reads what has come: texts, `following`, `gap`. */
async function linesOf(client: ClientSocket): Promise<readonly string[]> {
  const lines: string[] = [];
  for (let read = await client.read(1e6, 0); read[1] === 'ok'; read = await client.read(1e6, 0)) {
    const line = JSON.parse(String(read[0])) as Readonly<Record<string, unknown>>;
    lines.push(typeof line['text'] === 'string' ? line['text'] : String(Object.keys(line)));
  }
  return lines;
}

describe('the handler of a room that is followed', () => {
  it('sends what is published on its own node and on another, from `following` on', async () => {
    const { client, near, far } = await stage();
    say(far, 'news', '1');
    await settle();
    say(near, 'news', '2');
    await settle();
    expect(await linesOf(client)).toEqual(['following', '1', '2']);
  });

  it('sends nothing of another room', async () => {
    const { client, near } = await stage();
    say(near, 'weather', 'rain');
    await settle();
    expect(await linesOf(client)).toEqual(['following']);
  });

  it('sends a gap in its place while its node was away from the broker', async () => {
    const { client, nearLink, far } = await stage();
    say(far, 'news', '1');
    await settle();
    nearLink.cut();
    say(far, 'news', '2');
    nearLink.mend();
    await settle();
    say(far, 'news', '3');
    await settle();
    expect(await linesOf(client)).toEqual(['following', '1', 'gap', '3']);
  });

  it('sends a gap where its client is so slow that the subscription misses messages', async () => {
    const { client, near } = await stage();
    for (let number = 0; number < 1200; number += 1) say(near, 'news', String(number));
    await settle();
    const lines = await linesOf(client);
    expect([lines.length, lines.at(-2), lines.at(-1)]).toEqual([1003, '1000', 'gap']);
  });

  it('gives each message an id of its own', async () => {
    const { client, near } = await stage();
    for (const text of ['same', 'same']) say(near, 'news', text);
    await settle();
    const ids = new Set<unknown>();
    for (let read = await client.read(1e6, 0); read[1] === 'ok'; read = await client.read(1e6, 0)) {
      ids.add((JSON.parse(String(read[0])) as { readonly id?: string }).id);
    }
    expect(ids.size).toBe(3);
  });

  it('ends with its client, and leaves the room', async () => {
    const { client, run, near } = await stage();
    await client.close();
    expect((await run.done).kind).toBe('returned');
    expect(near.room('news').members.size).toBe(0);
  });
});
