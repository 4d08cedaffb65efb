// A handle that its caller has lost, and whose end does not know it: its read waits on the socket,
// and takes nothing from the readers that are there.

import { describe, expect, it } from 'vitest';
import { settle } from 'corosock/testing';
import { dropping } from './bus-fixtures.ts';
import { pair, say } from './remote-fixtures.ts';
import type { Pair } from './remote-fixtures.ts';

/** A handle that waits in a read, and whose caller cannot say that it has ended. */
async function lost(): Promise<Pair & { readonly drops: Set<string> }> {
  const { drops, faults } = dropping();
  const made = await pair(faults);
  const ws = await made.caller.handle('owner.one');
  const reading = ws.read();
  await settle();
  drops.add('node:owner');
  void ws.write('is lost');
  await made.clock.advance(8000);
  expect([await reading, ws.closeInfo?.by]).toEqual([[undefined, 'closed'], 'link']);
  drops.clear();
  return { ...made, drops };
}

describe('a handle that only its caller knows to have ended', () => {
  it('gives the message that its read takes back to the readers of the socket', async () => {
    const { client, local } = await lost();
    say(client, 'for all');
    await settle();
    expect(await local.read({ timeoutMs: 0 })).toEqual(['for all', 'ok']);
  });

  it('does so with a message of several parts', async () => {
    const { client, local } = await lost();
    say(client, 'long'.repeat(200_000));
    await settle();
    const [message] = await local.readMessage({ timeoutMs: 0 });
    expect(String(message).length).toBe(800_000);
  });

  it('leaves all messages to the next handle of the same node, in their order', async () => {
    const { caller, client } = await lost();
    const next = await caller.handle('owner.one');
    const reads = [next.read(), next.read(), next.read()];
    await settle();
    say(client, 'one', 'two', 'three');
    expect((await Promise.all(reads)).map(([message]) => message)).toEqual(['one', 'two', 'three']);
  });

  it('gives a message back that came before the next handle, too', async () => {
    const { caller, client } = await lost();
    say(client, 'one');
    const next = await caller.handle('owner.one');
    await settle();
    expect(await next.read({ timeoutMs: 1000 })).toEqual(['one', 'ok']);
  });

  it('takes no message any more when its own node has noticed that some may be lost', async () => {
    const { client, local, owner, drops } = await lost();
    owner.link.cut();
    owner.link.mend();
    await settle();
    drops.add('node:caller');
    say(client, 'for all');
    await settle();
    expect(await local.read({ timeoutMs: 0 })).toEqual(['for all', 'ok']);
  });
});

describe('a handle that waits in a read', () => {
  it('reads what comes after its node has noticed that some may be lost, once it is heard', async () => {
    const { caller, client, clock, owner } = await pair();
    const ws = await caller.handle('owner.one');
    const reading = ws.read();
    await settle();
    owner.link.cut();
    owner.link.mend();
    await settle();
    say(client, 'one');
    await clock.advance(2000);
    expect(await reading).toEqual(['one', 'ok']);
  });

  it('leaves a message that comes behind a lost frame to the readers of the socket', async () => {
    const { drops, faults } = dropping();
    const { caller, client, clock, local } = await pair(faults);
    const ws = await caller.handle('owner.one');
    const reading = ws.read();
    await settle();
    drops.add('node:caller');
    await clock.advance(2000);
    drops.clear();
    say(client, 'one');
    await settle();
    expect([await reading, ws.closeInfo?.by]).toEqual([[undefined, 'closed'], 'link']);
    expect(await local.read({ timeoutMs: 0 })).toEqual(['one', 'ok']);
  });
});
