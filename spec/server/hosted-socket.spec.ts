// What the socket of a handler has beyond every socket, and its end by `endServer`. What every
// socket has: spec/socket/message-socket.spec.ts.

import type { ServerSocket } from 'corosock';
import { settle } from 'corosock/testing';
import { describe, expect, it } from 'vitest';
import { gist, MemoryHost } from '../fixtures/memory-host.ts';
import type { MemoryVisit } from '../fixtures/memory-host.ts';

/** A conversation that goes on until somebody ends it. */
function visit(options = {}): MemoryVisit & { readonly ws: ServerSocket; readonly memory: MemoryHost } {
  const memory = new MemoryHost(options);
  const { run, client } = memory.visit(async (ws) => void (await ws.closed));
  return { memory, run, client, ws: run.ws };
}

describe('HostedSocket', () => {
  it('has its id, its request and its host', () => {
    const { ws, memory } = visit();
    expect(ws.id).toMatch(/^[\w-]{8}\.[\w-]{22}$/);
    expect(ws.request.url.href).toBe('ws://localhost/');
    expect(ws.host).toBe(memory.host);
    expect(ws.host.sockets.get(ws.id)).toBe(ws);
  });

  it('has no session where the host has none', () => {
    const { ws } = visit();
    expect([ws.session, ws.sessionId]).toEqual([undefined, undefined]);
  });

  it('has what the handshake has decided, which cannot be changed', () => {
    const { ws } = visit();
    expect([ws.context, ws.sharedConnection]).toEqual([undefined, false]);
    expect(() => Reflect.set(ws, 'sharedConnection', true)).toThrow(
      expect.objectContaining({ code: 'COROSOCK_TOO_LATE' }) as Error,
    );
  });

  it('has a signal that aborts when the host asks its handlers to finish', () => {
    const { ws, run } = visit();
    expect(ws.draining.aborted).toBe(false);
    run.askToFinish();
    expect(ws.draining.aborted).toBe(true);
    expect(ws.draining.reason).toMatchObject({
      name: 'AbortError',
      message: 'The host asks its handler to finish',
    });
    expect([ws.signal.aborted, ws.closeInfo]).toEqual([false, undefined]);
  });

  it('has the same signal also where it is read after the host has asked', () => {
    const { ws, run } = visit();
    run.askToFinish();
    expect(ws.draining).toBe(ws.draining);
    expect(ws.draining.aborted).toBe(true);
  });
});

describe('waitingWrites', () => {
  it('counts the writes that wait for room, and their bytes on the wire', async () => {
    const memory = new MemoryHost({ writeBufferBytes: 1 });
    const { run } = memory.visit(async (ws) => void (await ws.closed));
    const { ws } = run;
    expect(ws.waitingWrites).toEqual({ count: 0, bytes: 0 });
    const writes = [ws.write('accepted'), ws.write('€'), ws.write(Buffer.alloc(10))];
    expect(ws.waitingWrites).toEqual({ count: 2, bytes: 13 });
    await Promise.all(writes);
    expect(ws.waitingWrites).toEqual({ count: 0, bytes: 0 });
  });

  it('counts a write of an iterable without bytes', async () => {
    const memory = new MemoryHost({ writeBufferBytes: 1 });
    const { run } = memory.visit(async (ws) => void (await ws.closed));
    const writes = [run.ws.write('accepted'), run.ws.write(['a', 'b'])];
    expect(run.ws.waitingWrites).toEqual({ count: 1, bytes: 0 });
    await Promise.all(writes);
  });

  it('counts what others wait with, on a handle of a shared socket, and nothing at the end', async () => {
    const memory = new MemoryHost({ writeBufferBytes: 1 });
    const { run } = memory.visit(async (ws) => void (await ws.closed), 'shared');
    const [handle] = await memory.host.openServer(run.ws.id);
    const writes = [run.ws.write('accepted'), run.ws.write('waits')];
    expect(handle?.waitingWrites).toEqual({ count: 1, bytes: 5 });
    run.ws.terminate();
    await Promise.all(writes);
    await run.ws.closed;
    expect(handle?.waitingWrites).toEqual({ count: 0, bytes: 0 });
  });
});

describe('endServer', () => {
  it('closes with 1000 and no reason', async () => {
    const { ws, client } = visit();
    expect(gist(await ws.endServer())).toEqual([1000, 'local', true]);
    expect(await client.closed).toMatchObject({ code: 1000, reason: '', by: 'peer' });
  });

  it('closes with the code and the reason given', async () => {
    const { ws, client } = visit();
    const end = await ws.endServer(4321, 'enough');
    expect(end).toMatchObject({ code: 4321, reason: 'enough', by: 'local', clean: true });
    expect(ws.closeInfo).toBe(end);
    expect(await client.closed).toMatchObject({ code: 4321, reason: 'enough', by: 'peer' });
  });

  it('closes as the first call says, and resolves all calls with the end', async () => {
    const { ws } = visit();
    const ends = await Promise.all([ws.endServer(4001), ws.endServer(4002), ws.endServer()]);
    expect(ends.map(gist)).toEqual(Array.from({ length: 3 }, () => [4001, 'local', true]));
    expect(gist(await ws.endServer(4003))).toEqual([4001, 'local', true]);
  });

  it.each([1000, 1001, 1002, 1003, 1007, 1011, 1014, 3000, 4999])('takes code %d', async (code) => {
    const { ws } = visit();
    expect((await ws.endServer(code)).code).toBe(code);
  });

  it.each([0, 99, 999, 1004, 1005, 1006, 1015, 1016, 2999, 5000, 1000.5, NaN, '1000', null])(
    'refuses code %s, and stays open',
    async (code) => {
      const { ws, client } = visit();
      await expect(ws.endServer(code as number)).rejects.toMatchObject({ code: 'COROSOCK_CLOSE_CODE' });
      await ws.write('still here');
      expect(await client.read()).toEqual(['still here', 'ok']);
    },
  );

  it.each([
    ['of 123 bytes', `${'é'.repeat(61)}!`],
    ['that is empty', ''],
  ])('takes a reason %s', async (_, reason) => {
    const { ws, client } = visit();
    await ws.endServer(1000, reason);
    expect((await client.closed).reason).toBe(reason);
  });

  it.each([
    ['of 124 bytes', 'é'.repeat(62)],
    ['that is not a string', null],
  ])('refuses a reason %s, and stays open', async (_, reason) => {
    const { ws } = visit();
    await expect(ws.endServer(1000, reason as string)).rejects.toMatchObject({
      code: 'COROSOCK_CLOSE_REASON',
    });
    expect(ws.closeInfo).toBe(undefined);
  });

  it('counts as unread what the peer still sends', async () => {
    const { ws, client } = visit();
    await client.write('before');
    await settle();
    const ending = ws.endServer();
    await client.write('after');
    expect((await ending).unread).toBe(2);
  });

  it('can be called without await', async () => {
    const { ws, client, memory } = visit();
    void ws.endServer(1005);
    void ws.endServer(1000, 'x'.repeat(200));
    void ws.endServer();
    expect(gist(await client.closed)).toEqual([1000, 'peer', true]);
    expect(memory.reports).toEqual([]);
  });
});
