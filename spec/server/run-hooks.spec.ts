// The AsyncLocalStorage context of the hooks of an open socket is that of its handshake, whatever
// has made them run. The context of `onPreServer`: spec/faults/pre-server.spec.ts.

import { AsyncLocalStorage } from 'node:async_hooks';
import type { ServerSocket, WebSocketServer } from 'corosock';
import { settle } from 'corosock/testing';
import { describe, expect, it } from 'vitest';
import { MemoryHost } from '../fixtures/memory-host.ts';
import type { MemoryVisit, Sharing } from '../fixtures/memory-host.ts';

const storage = new AsyncLocalStorage<string>();

/** A server whose calls tell in which context they run, at once and later. */
class Telling implements WebSocketServer {
  readonly told: string[] = [];

  server(ws: ServerSocket): Promise<void> {
    return this.#tell(ws.sharedConnection ? 'server of a shared socket' : 'server');
  }

  async onClientMessage(): Promise<boolean> {
    await this.#tell('onClientMessage');
    return false;
  }

  onExpire(): Promise<void> {
    return this.#tell('onExpire');
  }

  onPostServer(): Promise<void> {
    return this.#tell('onPostServer');
  }

  async #tell(what: string): Promise<void> {
    const [early, late] = [storage.getStore(), await settle().then(() => storage.getStore())];
    this.told.push(`${what}: ${early}, ${late}`);
  }
}

function visit(memory: MemoryHost, server: WebSocketServer, sharing: Sharing): MemoryVisit {
  return storage.run('visitor', () => memory.visit(server, sharing));
}

describe('the hooks of a socket', () => {
  it('run in the context of its handshake, also where no other code has one', async () => {
    const server = new Telling();
    const { client, run } = visit(new MemoryHost(), server, 'shared');
    await client.write('a');
    await settle();
    await client.close();
    await run.outcome;
    expect(server.told).toEqual([
      'server of a shared socket: visitor, visitor',
      'onClientMessage: visitor, visitor',
      'onPostServer: visitor, visitor',
    ]);
  });

  it('run in it when a read in another context has resumed the link', async () => {
    const memory = new MemoryHost({ queueMessages: 1 });
    const server = new Telling();
    const { client, run } = visit(memory, server, 'shared');
    for (const text of ['1', '2', '3']) await storage.run('client', () => client.write(text));
    await settle();
    expect(run.ws.queued.messages).toBeLessThan(3);
    const [handle] = await memory.host.openServer(run.ws.id);
    await storage.run('job', async () => {
      for (const text of ['1', '2', '3']) expect(await handle?.read()).toEqual([text, 'ok']);
    });
    expect(server.told.slice(1)).toEqual(Array(3).fill('onClientMessage: visitor, visitor'));
  });

  it('run in it when code in another context has set the end of the credential', async () => {
    const memory = new MemoryHost();
    const server = new Telling();
    const { run } = visit(memory, server, 'shared');
    await settle();
    storage.run('job', () => run.ws.renew(0));
    await memory.clock.advance(0);
    await run.outcome;
    expect(server.told.slice(1)).toEqual(['onExpire: visitor, visitor', 'onPostServer: visitor, visitor']);
  });

  it('run in it when code in another context has ended the socket', async () => {
    const server = new Telling();
    const { run } = visit(new MemoryHost(), server, 'shared');
    await settle();
    storage.run('job', () => run.ws.terminate());
    await run.outcome;
    expect(server.told.at(-1)).toBe('onPostServer: visitor, visitor');
  });
});
