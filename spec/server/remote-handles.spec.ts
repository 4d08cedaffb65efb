// `host.openServer` with a broker: handles on shared sockets of another host.

import { memoryBroker, select } from 'corosock';
import type { Handler, HostOptions, SharedSocket } from 'corosock';
import { settle, virtualClock } from 'corosock/testing';
import { describe, expect, it } from 'vitest';
import { MemoryHost } from '../fixtures/memory-host.ts';

const stays: Handler = async (ws) => void (await ws.closed);
const returns: Handler = () => {};

function hosts(options: HostOptions = {}): {
  readonly clock: ReturnType<typeof virtualClock>;
  readonly owner: MemoryHost;
  readonly caller: MemoryHost;
} {
  const clock = virtualClock();
  const deployment = memoryBroker({ clock });
  const host = (): MemoryHost => new MemoryHost({ clock, broker: deployment.node(), ...options });
  return { clock, owner: host(), caller: host() };
}

async function opened(caller: MemoryHost, id: string): Promise<SharedSocket> {
  const [ws, status] = await caller.host.openServer(id);
  if (ws === undefined) throw new Error(status);
  return ws;
}

describe('host.openServer with a broker', () => {
  it('opens a shared socket of another host', async () => {
    const { owner, caller } = hosts();
    const { run, client } = owner.visit(returns, 'shared');
    const ws = await opened(caller, run.ws.id);
    expect([ws.id, await ws.write('from afar'), await client.read()]).toEqual([
      run.ws.id,
      'ok',
      ['from afar', 'ok'],
    ]);
    await client.write('answer');
    expect(await ws.read()).toEqual(['answer', 'ok']);
  });

  it('gives not-shared for a socket that lives with its handler, and not-found for none', async () => {
    const { owner, caller } = hosts();
    const { run } = owner.visit(stays);
    const { id } = run.ws;
    expect(await caller.host.openServer(id)).toEqual([undefined, 'not-shared']);
    expect(await caller.host.openServer(`${id}x`)).toEqual([undefined, 'not-found']);
  });

  it('is a source of select, which fetches only while it waits', async () => {
    const { owner, caller } = hosts();
    const { run, client } = owner.visit(returns, 'shared');
    const ws = await opened(caller, run.ws.id);
    await client.write('one');
    await settle();
    expect(run.ws.queued.messages).toBe(1);
    expect(await select({ ws })).toEqual(['ws', ['one', 'ok']]);
    await client.write('two');
    await settle();
    expect(run.ws.queued.messages).toBe(1);
  });

  it('ends what waits on a handle when its host closes', async () => {
    const { owner, caller, clock } = hosts();
    const { run } = owner.visit(returns, 'shared');
    const ws = await opened(caller, run.ws.id);
    const read = ws.read();
    const closing = caller.host.close({ graceMs: 0 });
    await clock.advance(2000);
    await closing;
    expect([await read, ws.closeInfo?.by, run.ws.closeInfo]).toEqual([
      [undefined, 'closed'],
      'link',
      undefined,
    ]);
  });

  it('ends its handles when the host of the socket closes', async () => {
    const { owner, caller, clock } = hosts();
    const { run } = owner.visit(returns, 'shared');
    const ws = await opened(caller, run.ws.id);
    const closing = owner.host.close({ graceMs: 0 });
    await clock.advance(2000);
    await closing;
    expect(ws.closeInfo).toMatchObject({ code: 1001, by: 'shutdown' });
  });

  it('rejects with the reason of its signal', async () => {
    const { owner, caller } = hosts();
    const { run } = owner.visit(returns, 'shared');
    const abort = new AbortController();
    const opening = caller.host.openServer(run.ws.id, { signal: abort.signal });
    abort.abort(new Error('enough'));
    await expect(opening).rejects.toThrow('enough');
  });
});
