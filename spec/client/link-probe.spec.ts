// The probe of an open link: any message is a sign of life, silence ends the link.

import { settle } from 'corosock/testing';
import { describe, expect, it } from 'vitest';
import { LinkProbe } from '../../src/client/link-probe.ts';
import type { ConnectedSocket } from '../../src/socket/client-socket.ts';
import { scriptedClient } from './scripted-connector.ts';
import type { ScriptedClient } from './scripted-connector.ts';

type Opened = ScriptedClient & { readonly ws: ConnectedSocket; readonly server: ConnectedSocket };

async function open(): Promise<Opened> {
  const client = scriptedClient();
  const opening = client.connect('ws://host/', { clock: client.clock });
  const server = client.attempt().opens();
  return { ...client, server, ws: (await opening) as ConnectedSocket };
}

const ping = (ws: ConnectedSocket): unknown => ws.write('ping');

describe('LinkProbe', () => {
  it('leaves a link open whose server answers with any message', async () => {
    const { ws, server, clock } = await open();
    new LinkProbe(clock, ping).look(ws);
    expect(await server.read()).toEqual(['ping', 'ok']);
    await clock.advance(4000);
    await server.write('news');
    await clock.advance(60_000);
    expect(ws.closeInfo).toBe(undefined);
  });

  it('ends a link that stays silent for 5 s', async () => {
    const { ws, clock } = await open();
    new LinkProbe(clock, ping).look(ws);
    await clock.advance(4999);
    expect(ws.closeInfo).toBe(undefined);
    await clock.advance(1);
    expect(ws.closeInfo).toMatchObject({
      code: 1006,
      by: 'heartbeat',
      cause: { message: 'The server has not answered the probe in 5000 ms' },
    });
  });

  it('counts no message of before the probe', async () => {
    const { ws, server, clock } = await open();
    await server.write('news');
    await settle();
    new LinkProbe(clock, ping).look(ws);
    await clock.advance(5000);
    expect(ws.closeInfo?.by).toBe('heartbeat');
  });

  it('asks once at a time, and again afterwards', async () => {
    const { ws, server, clock } = await open();
    let asked = 0;
    const probe = new LinkProbe(clock, () => (asked += 1));
    probe.look(ws);
    probe.look(ws);
    await settle();
    expect(asked).toBe(1);
    await server.write('news');
    await clock.advance(5000);
    probe.look(ws);
    await settle();
    expect(asked).toBe(2);
  });

  it.each([
    [
      'throws',
      () => {
        throw new Error('no');
      },
    ],
    ['rejects', () => Promise.reject(new Error('no'))],
  ])('ends the link at once if the function %s', async (_, ask) => {
    const { ws, clock } = await open();
    new LinkProbe(clock, ask).look(ws);
    await settle();
    expect(ws.closeInfo).toMatchObject({ code: 1006, by: 'heartbeat', cause: { message: 'no' } });
    expect(clock.timers).toBe(0);
  });

  it('leaves alone a socket that is over, or is closing', async () => {
    const { ws, server, clock } = await open();
    let asked = 0;
    const probe = new LinkProbe(clock, () => (asked += 1));
    server.terminate();
    await settle();
    probe.look(ws);
    await settle();
    expect([asked, clock.timers]).toEqual([0, 0]);
  });

  it('has no timer when the socket ends meanwhile', async () => {
    const { ws, server, clock } = await open();
    new LinkProbe(clock, ping).look(ws);
    server.terminate();
    await settle();
    expect(clock.timers).toBe(0);
  });

  it('waits for the end of a close that has begun', async () => {
    const { ws, clock, server } = await open();
    new LinkProbe(clock, ping).look(ws);
    void server.closed;
    void ws.close(4000);
    await clock.advance(6000);
    expect(ws.closeInfo).toMatchObject({ code: 4000, by: 'local' });
  });
});
