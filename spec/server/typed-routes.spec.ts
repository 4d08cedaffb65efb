// What the compiler knows in a handler that stands in its map of routes: parameters, context, and
// the context of the host. `tsc` proves it; the programs run as well, so that the types say what is.

import { attach, defineServer, serve } from 'corosock';
import type {
  Created,
  Handler,
  Handshake,
  HandshakeRequest,
  Host,
  HostOptions,
  Route,
  RouteParams,
  Routes,
  Servable,
  ServeOptions,
  ServerSocket,
  WebSocketServer,
} from 'corosock';
import { connect } from 'corosock/client';
import { createServer } from 'node:http';
import { describe, expect, expectTypeOf, it } from 'vitest';
import { RouteTable } from '../../src/server/routes.ts';

type AnyParams = Readonly<Record<string, string>>;

const untilClosed = async (ws: ServerSocket): Promise<void> => void (await ws.closed);

/** The parameters that a pattern finds at run time. */
function found(pattern: string, path: string): unknown {
  const match = new RouteTable({ [pattern]: untilClosed }).find(path);
  return typeof match === 'object' ? { ...match.params } : match;
}

/** What a client hears first. */
async function hear(host: Host, path: string): Promise<unknown> {
  await using client = await connect(host.url + path);
  return (await client.readJson())[0];
}

describe('RouteParams', () => {
  it('has the name of each parameter, and no other', () => {
    expectTypeOf<RouteParams<'/chat/:room'>>().toEqualTypeOf<{ readonly room: string }>();
    expectTypeOf<RouteParams<'/:a/:b.:c-:d'>>().toEqualTypeOf<{
      readonly a: string;
      readonly b: string;
      readonly c: string;
      readonly d: string;
    }>();
    expect(found('/:a/:b.:c-:d', '/1/2.3-4')).toEqual({ a: '1', b: '2', c: '3', d: '4' });
  });

  it('has a text for a wildcard', () => {
    expectTypeOf<RouteParams<'/files/*path'>>().toEqualTypeOf<{ readonly path: string }>();
    expect(found('/files/*path', '/files/a/b')).toEqual({ path: 'a/b' });
  });

  it('has an optional name for a parameter in a group, also in a group of a group', () => {
    expectTypeOf<RouteParams<'/chat{/:id}'>>().toEqualTypeOf<{ readonly id?: string }>();
    expectTypeOf<RouteParams<'/:room{/:id{/*rest}}/end/:last'>>().toEqualTypeOf<{
      readonly room: string;
      readonly last: string;
      readonly id?: string;
      readonly rest?: string;
    }>();
    expect(found('/chat{/:id}', '/chat')).toEqual({});
    expect(found('/:room{/:id{/*rest}}/end/:last', '/a/end/z')).toEqual({ room: 'a', last: 'z' });
    expect(found('/:room{/:id{/*rest}}/end/:last', '/a/b/c/d/end/z')).toEqual({
      room: 'a',
      id: 'b',
      rest: 'c/d',
      last: 'z',
    });
  });

  it('reads names in quotes, names of other letters, and passes over what is escaped', () => {
    expectTypeOf<RouteParams<'/:"user name"/*"all of it"'>>().toEqualTypeOf<{
      readonly 'user name': string;
      readonly 'all of it': string;
    }>();
    expectTypeOf<RouteParams<'/:größe/:$_9'>>().toEqualTypeOf<{
      readonly größe: string;
      readonly $_9: string;
    }>();
    expectTypeOf<RouteParams<'/\\:no/\\{:yes\\}'>>().toEqualTypeOf<{ readonly yes: string }>();
    expect(found('/:"user name"/*"all of it"', '/a/b/c')).toEqual({ 'user name': 'a', 'all of it': 'b/c' });
    expect(found('/:größe/:$_9', '/1/2')).toEqual({ größe: '1', $_9: '2' });
    expect(found('/\\:no/\\{:yes\\}', '/:no/%7B1%7D')).toBeUndefined();
  });

  it('is a map of any names where the pattern is not known', () => {
    expectTypeOf<RouteParams<string>>().toEqualTypeOf<AnyParams>();
    expectTypeOf<RouteParams<symbol>>().toEqualTypeOf<AnyParams>();
  });

  it('takes long patterns', () => {
    type Long =
      '/api/v1/organisations/:organisation/projects/:project/rooms/:room/threads/:thread{/:message}';
    expectTypeOf<keyof RouteParams<Long>>().toEqualTypeOf<
      'organisation' | 'project' | 'room' | 'thread' | 'message'
    >();
  });
});

describe('a map of routes', () => {
  it('gives each handler the parameters of its pattern', async () => {
    await using host = await serve({
      '/chat/:room': async (ws) => {
        expectTypeOf(ws.request.params).toEqualTypeOf<{ readonly room: string }>();
        // @ts-expect-error -- the pattern has no such parameter
        expect(ws.request.params.rooms).toBeUndefined();
        await ws.writeJson(ws.request.params.room);
      },
      '/none': async (ws) => {
        expectTypeOf<keyof typeof ws.request.params>().toBeNever();
        await ws.writeJson('no parameters');
      },
      '/files/*path': async (ws) => void (await ws.writeJson(ws.request.params.path)),
      '/maybe{/:id}': async (ws) => {
        expectTypeOf(ws.request.params.id).toEqualTypeOf<string | undefined>();
        await ws.writeJson(ws.request.params.id ?? 'none');
      },
      '/object/:id': {
        onPreServer: ({ request }) =>
          void expectTypeOf(request.params).toEqualTypeOf<{ readonly id: string }>(),
        server: async (ws) => void (await ws.writeJson(ws.request.params.id)),
        onPostServer: (ws) =>
          expectTypeOf(ws.request.params.id).toEqualTypeOf<string>() as unknown as undefined,
      },
      '/options/:id': {
        serve: async (ws) => void (await ws.writeJson(ws.request.params.id)),
        options: { maxMessageBytes: 10 },
      },
    });
    const paths = ['/chat/lobby', '/none', '/files/a/b', '/maybe', '/object/7', '/options/8'];
    expect(await Promise.all(paths.map((path) => hear(host, path)))).toEqual([
      'lobby',
      'no parameters',
      'a/b',
      'none',
      '7',
      '8',
    ]);
  });

  it('H30: takes handlers, objects and classes that state the parameters of their pattern', async () => {
    type Room = RouteParams<'/chat/:room'>;
    class Chat {
      onPreServer(): { readonly user: string } {
        return { user: 'ann' };
      }

      async server(ws: ServerSocket<{ readonly user: string }, Room>): Promise<void> {
        await ws.writeJson([ws.context.user, ws.request.params.room]);
      }
    }
    class Named extends Chat {
      readonly name: string;

      constructor(name: string) {
        super();
        this.name = name;
      }
    }
    const handler = async (ws: ServerSocket<unknown, Room>): Promise<void> => void (await ws.closed);
    await using host = await serve({
      '/class/:room': Chat,
      '/object/:room': new Chat(),
      '/created/:room': { create: () => new Named('a') },
      '/handler/:room': handler,
      '/more/:room/:id': Chat,
    });
    expect(await hear(host, '/class/lobby')).toEqual(['ann', 'lobby']);
    expect(await hear(host, '/created/lobby')).toEqual(['ann', 'lobby']);
    const http = createServer();
    // @ts-expect-error -- it reads a parameter that the pattern has not
    expect(attach(http, { '/chat': handler }).port).toBe(0);
    // @ts-expect-error -- as above
    expect(attach(http, { '/class': Chat }).port).toBe(0);
    // @ts-expect-error -- as above
    expect(attach(http, { '/object': new Chat() }).port).toBe(0);
    // @ts-expect-error -- as above
    expect(attach(http, { '/created': { create: () => new Named('a') } }).port).toBe(0);
    // @ts-expect-error -- as above
    expect(attach(http, { '/options': { serve: Chat, options: {} } }).port).toBe(0);
    // @ts-expect-error -- in a group it may be missing
    expect(attach(http, { '/maybe{/:room}': handler }).port).toBe(0);
    // @ts-expect-error -- the constructor takes an argument
    expect(attach(http, { '/named/:room': Named }).port).toBe(0);
  });

  it('takes handlers that are written for any route', () => {
    const any: Handler = (ws) => void expectTypeOf(ws.request.params).toEqualTypeOf<AnyParams>();
    const object: WebSocketServer<{ readonly user: string }> = { server: untilClosed };
    const created: Created = { create: () => object };
    const http = createServer();
    const routes = { '/a': any, '/b/:id': any, '/c{/:id}': object, '/d': created, '/e/*f': untilClosed };
    expect(attach(http, routes).port).toBe(0);
    const known: Readonly<Record<string, Route>> = { '/known': any };
    expect(attach(http, known).port).toBe(0);
    const unknown = (): Routes => ({ '/unknown': any });
    expect(attach(http, unknown()).port).toBe(0);
    const lone: Servable = any;
    expect(attach(http, lone).port).toBe(0);
    const name: string = '/computed/:id';
    const host = attach(http, {
      [name]: (ws) => void expectTypeOf(ws.request.params).toEqualTypeOf<AnyParams>(),
    });
    expect(host.port).toBe(0);
  });

  it('refuses options and servers that there are not', async () => {
    // @ts-expect-error -- a number is no server
    await expect(serve({ '/a': 1 })).rejects.toThrow(`routes['/a']: expected a function`);
    // @ts-expect-error -- a port is no text
    await expect(serve({ '/a': untilClosed }, { port: '80' })).rejects.toThrow('expected port to be');
    // @ts-expect-error -- misspelt
    await expect(serve({ '/a': untilClosed }, { prot: 80 })).rejects.toThrow('unknown option "prot"');
  });

  it('shows the mistake at the option, not at the server beside it', async () => {
    const lone = serve(
      async (ws) => void (await ws.closed),
      // @ts-expect-error -- a port is no text
      { port: '80' },
    );
    await expect(lone).rejects.toThrow('expected port to be');
    const attached = (): unknown =>
      attach(
        createServer(),
        async (ws) => void (await ws.closed),
        // @ts-expect-error -- misspelt
        { maxMesageBytes: 1 },
      );
    expect(attached).toThrow('unknown option "maxMesageBytes"');
  });

  it('may be a lone server, for every path and with any parameters', async () => {
    await using host = await serve(async (ws) => {
      expectTypeOf(ws.request.params).toEqualTypeOf<AnyParams>();
      await ws.writeJson('lone');
    });
    expect(await hear(host, '/any/path')).toBe('lone');
    await using hooked = await serve({
      onPreServer: () => ({ user: 'ann' }),
      server: async (ws) => {
        expectTypeOf(ws.context).toEqualTypeOf<{ user: string }>();
        await ws.writeJson(ws.context.user);
      },
    });
    expect(await hear(hooked, '/')).toBe('ann');
  });
});

describe('the context of an inline handler', () => {
  it('is what the hook beside it returns, without Response and false', async () => {
    await using host = await serve({
      '/plain': {
        onPreServer: () => ({ user: 'ann' }),
        async server(ws) {
          expectTypeOf(ws.context).toEqualTypeOf<{ user: string }>();
          await ws.writeJson(ws.context.user);
        },
        onPostServer(ws) {
          expectTypeOf(ws.context).toEqualTypeOf<{ user: string }>();
        },
      },
      '/refusing': {
        onPreServer: async ({ request }: Handshake) => {
          if (request.headers['x-no'] !== undefined) return false;
          return request.headers.cookie === undefined ? { user: 'bob' } : new Response(null, { status: 401 });
        },
        async server(ws) {
          expectTypeOf(ws.context).toEqualTypeOf<{ user: string }>();
          await ws.writeJson(ws.context.user);
        },
      },
      '/with-options': {
        serve: {
          onPreServer: () => 7,
          async server(ws) {
            expectTypeOf(ws.context).toEqualTypeOf<number>();
            await ws.writeJson(ws.context);
          },
        },
        options: { queueMessages: 1 },
      },
    });
    expect(
      await Promise.all(['/plain', '/refusing', '/with-options'].map((path) => hear(host, path))),
    ).toEqual(['ann', 'bob', 7]);
  });

  it('is any where the compiler does not see what the hook returns', async () => {
    await using host = await serve({
      '/late/:id': {
        onPreServer: ({ request }) => ({ id: request.params.id }),
        server: async (ws) => void (await ws.writeJson((ws.context as { id: string }).id)),
      },
      '/none': async (ws) => void expectTypeOf(ws.context).toBeAny(),
    });
    expect(await hear(host, '/late/7')).toBe('7');
  });

  it('is what the hook of the host returns, in a function, and handshake.context in a hook', async () => {
    await using host = await serve(
      {
        '/function': async (ws) => {
          expectTypeOf(ws.context).toEqualTypeOf<{ user: string }>();
          await ws.writeJson(ws.context.user);
        },
        '/hook': {
          onPreServer(handshake) {
            expectTypeOf(handshake.context).toEqualTypeOf<{ user: string }>();
            return { room: 'lobby', ...handshake.context };
          },
          server: async (ws) => void (await ws.writeJson(ws.context)),
        },
      },
      { onPreServer: async () => ({ user: 'ann' }) },
    );
    expect(await hear(host, '/function')).toBe('ann');
    expect(await hear(host, '/hook')).toEqual({ room: 'lobby', user: 'ann' });
  });

  it('is any with options that are typed elsewhere', () => {
    const options: HostOptions = { onPreServer: () => ({ user: 'ann' }) };
    const port: ServeOptions['port'] = 0;
    const stated = async (ws: ServerSocket<{ readonly user: string }>): Promise<void> =>
      void (await ws.closed);
    const host = attach(
      createServer(),
      { '/a': stated, '/b': (ws) => void expectTypeOf(ws.context).toBeAny() },
      options,
    );
    expect(host.port).toBe(port);
  });

  it('has to be the one that a handler states', () => {
    const stated = async (ws: ServerSocket<{ readonly id: number }>): Promise<void> => void (await ws.closed);
    const onPreServer = (): { readonly user: string } => ({ user: 'ann' });
    // @ts-expect-error -- the hook of the host gives a user, the handler wants an id
    expect(attach(createServer(), { '/a': stated }, { onPreServer }).port).toBe(0);
    // @ts-expect-error -- as the hook of the route does
    expect(attach(createServer(), { '/a': { onPreServer, server: stated } }).port).toBe(0);
  });
});

describe('defineServer', () => {
  it('keeps context and parameters', () => {
    const server = defineServer({
      onPreServer: () => ({ user: 'ann' }),
      server: (ws: ServerSocket<{ user: string }, { readonly room: string }>) => void ws.request.params.room,
    });
    expectTypeOf(server).toEqualTypeOf<WebSocketServer<{ user: string }, { readonly room: string }>>();
    expect(attach(createServer(), { '/chat/:room': server }).port).toBe(0);
    // @ts-expect-error -- the pattern has no room
    expect(attach(createServer(), { '/chat': server }).port).toBe(0);
  });
});

describe('HandshakeRequest', () => {
  it('has any parameters where none are stated', () => {
    expectTypeOf<HandshakeRequest['params']>().toEqualTypeOf<AnyParams>();
    expectTypeOf<Handshake<{ readonly id: string }>['request']['params']>().toEqualTypeOf<{
      readonly id: string;
    }>();
  });
});
