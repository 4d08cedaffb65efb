// What a handle of another node does with a socket of this one: what it leaves when it is gone.

import { describe, expect, it } from 'vitest';
import { settle } from 'corosock/testing';
import { pair, say } from './remote-fixtures.ts';

describe('a handle of another node', () => {
  it('leaves a read of it to others when its node is gone', async () => {
    const { caller, client, local, clock } = await pair();
    const ws = await caller.handle('owner.one');
    void ws.read();
    await settle();
    caller.link.cut();
    await clock.advance(6000);
    say(client, 'for all');
    expect(await local.read()).toEqual(['for all', 'ok']);
  });

  it('gives the rest to a reader after the end, and no longer than 10 s', async () => {
    const { caller, client, clock } = await pair();
    const ws = await caller.handle('owner.one');
    say(client, 'one', 'two', 'three');
    expect(await ws.read()).toEqual(['one', 'ok']);
    client.close(1000, '');
    await clock.advance(1500);
    expect([ws.closeInfo, await ws.read()]).toEqual([undefined, ['two', 'ok']]);
    await clock.advance(10_000);
    expect([ws.closeInfo?.by, await ws.read()]).toEqual(['peer', [undefined, 'closed']]);
  });

  it('is told of the end within a second where it never reads', async () => {
    const { caller, client, clock } = await pair();
    const ws = await caller.handle('owner.one');
    say(client, 'nobody reads it');
    client.close(1000, '');
    await clock.advance(1000);
    expect(ws.closeInfo?.by).toBe('peer');
  });

  it('terminates the socket', async () => {
    const { caller, local } = await pair();
    const ws = await caller.handle('owner.one');
    ws.terminate();
    expect(await local.closed).toMatchObject({ code: 1006, by: 'local' });
    expect(ws.closeInfo).toMatchObject({ code: 1006, by: 'local' });
  });
});
