// The types of what is served: the context of `onPreServer` is that of all other hooks.

import { defineServer } from 'corosock';
import type { Handler, Handshake, Servable, ServerSocket, WebSocketServer } from 'corosock';
import { runServer } from 'corosock/testing';
import { describe, expect, expectTypeOf, it } from 'vitest';

describe('defineServer', () => {
  it('gives the server that it gets', () => {
    const server: WebSocketServer = { server: () => {} };
    expect(defineServer(server)).toBe(server);
  });

  it('takes the type of the context from onPreServer, without the Response', async () => {
    const server = defineServer({
      onPreServer: async ({ request }: Handshake) =>
        request.headers.cookie === undefined ? { user: 'ann' } : new Response('no', { status: 401 }),
      async server(ws) {
        expectTypeOf(ws.context).toEqualTypeOf<{ user: string }>();
        await ws.write(ws.context.user);
      },
      onClientMessage(ws) {
        expectTypeOf(ws.context).toEqualTypeOf<{ user: string }>();
        return false;
      },
      onPostServer(ws) {
        expectTypeOf(ws.context).toEqualTypeOf<{ user: string }>();
      },
    });
    expectTypeOf(server).toEqualTypeOf<WebSocketServer<{ user: string }>>();
    // The hook of messages is there for its type alone: the socket is not shared.
    await using run = runServer(server, { report: () => {} });
    expect(await (await run.client).read()).toEqual(['ann', 'ok']);
  });

  it('gives undefined for a hook that returns nothing', () => {
    const server = defineServer({
      onPreServer: () => undefined,
      server: (ws) => expectTypeOf(ws.context).toEqualTypeOf<undefined>() as unknown as undefined,
    });
    expectTypeOf(server).toEqualTypeOf<WebSocketServer<undefined>>();
    expect(server.onPreServer).toBeTypeOf('function');
  });
});

describe('Servable', () => {
  it('takes functions, objects and classes of any context', () => {
    class Chat {
      onPreServer(): { readonly room: string } {
        return { room: 'lobby' };
      }

      async server(ws: ServerSocket<{ readonly room: string }>): Promise<void> {
        await ws.write(ws.context.room);
      }
    }
    const handler: Handler<{ user: string }> = () => {};
    const servables: readonly Servable[] = [handler, new Chat(), Chat];
    expect(servables).toHaveLength(3);
  });
});
