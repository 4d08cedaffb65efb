// Which server a path has, and which patterns are refused.

import { UsageError } from 'corosock';
import type { Routes, WebSocketServer } from 'corosock';
import { describe, expect, it } from 'vitest';
import { RouteTable } from '../../src/server/routes.ts';
import type { Match } from '../../src/server/routes.ts';

const a = (): void => {};
const b = (): void => {};

class Echo {
  server(): void {}
}

class Silent {
  readonly name = 'silent';
}

/** The path's server() and parameters, or what there is instead. */
function find(routes: Routes, path: string): unknown {
  const found = new RouteTable(routes).find(path);
  return typeof found === 'object'
    ? [(found.makeServer() as WebSocketServer).server, { ...found.params }]
    : found;
}

/** The error of a table that cannot be made. */
function refused(routes: unknown): unknown {
  try {
    return new RouteTable(routes as Routes);
  } catch (error) {
    return error instanceof UsageError ? `${error.code}: ${error.message}` : error;
  }
}

describe('RouteTable', () => {
  it.each([
    ['/chat', '/chat', {}],
    ['/csp/user/MyApp.Echo.cls', '/csp/user/MyApp.Echo.cls', {}],
    ['/chat/:room', '/chat/lobby', { room: 'lobby' }],
    ['/chat/:room', '/chat/a%20b%2Cc', { room: 'a b,c' }],
    ['/chat/:room', '/chat/%25ff', { room: '%ff' }],
    ['/:a/:b', '/1/2', { a: '1', b: '2' }],
    ['/files/*path', '/files/a/b%20c', { path: 'a/b c' }],
    ['/chat{/:room}', '/chat', {}],
    ['/grüße', '/gr%C3%BC%C3%9Fe', {}],
    ['/a b', '/a%20b', {}],
    ['/%2e', '/%2e', {}],
  ])('finds by %s the server of %s', (pattern, path, params) => {
    expect(find({ [pattern]: a }, path)).toEqual([a, params]);
  });

  it.each([
    ['another case', '/Chat'],
    ['a slash more', '/chat/'],
    ['a slash before', '//chat'],
    ['a segment more', '/chat/a'],
    ['letters percent-encoded', '/%63hat'],
    ['a prefix', '/chatter'],
    ['nothing', '/'],
    ['the name of a property', '/constructor'],
    ['the name of the prototype', '/__proto__'],
  ])('finds nothing for %s', (_, path) => {
    expect(find({ '/chat': a }, path)).toBe(undefined);
  });

  it.each(['%ff', '%c0%ae', '%E0%A4'])('says that the parameter %s is malformed', (room) => {
    expect(find({ '/chat/:room': a }, `/chat/${room}`)).toBe('malformed');
  });

  it('finds the first of several patterns that match', () => {
    expect(find({ '/:any': a, '/chat': b }, '/chat')).toEqual([a, { any: 'chat' }]);
    expect(find({ '/chat': b, '/:any': a }, '/chat')).toEqual([b, {}]);
  });

  it.each(['%2e%2e%2fetc', 'a%2Fb', 'a%5cb', '%00', 'a%0d%0ab', '%7f', '%c2%85', '%2F', '..%2f..'])(
    'H11: says that the parameter %s is malformed: decoded, it could be part of another path',
    (room) => {
      const routes = { '/chat/:room': a, '/files/*path': a };
      expect(find(routes, `/chat/${room}`)).toBe('malformed');
      expect(find(routes, `/files/x/${room}/y`)).toBe('malformed');
    },
  );

  it('H11: says that a dot segment is malformed, also where no rule of targets has refused it', () => {
    const paths = ['/files/..', '/files/%2e%2E', '/files/a/%2e', '/files/./a'];
    expect(paths.map((path) => find({ '/files/*path': a }, path))).toEqual(paths.map(() => 'malformed'));
  });

  it.each(['%252e%252e%252f', '...', '.a', 'a..b', '%C3%A9', 'a%20b', '~', '%25'])(
    'decodes the parameter %s once',
    (room) => {
      expect(find({ '/chat/:room': a }, `/chat/${room}`)).toEqual([a, { room: decodeURIComponent(room) }]);
    },
  );

  it('A8: keeps parameters with names of properties', () => {
    const { params } = new RouteTable({ '/:__proto__/:constructor': a }).find('/x/y') as Match;
    expect(Object.entries(params)).toEqual([
      ['__proto__', 'x'],
      ['constructor', 'y'],
    ]);
    expect(params['toString']).toBe(undefined);
  });

  it('answers every path with a lone function', () => {
    expect(find(a, '/any/path')).toEqual([a, {}]);
    expect(new RouteTable(a).isLone).toBe(true);
    expect(new RouteTable({ '/*path': a }).isLone).toBe(false);
  });

  it('finds an object itself, with its hooks', () => {
    const object = { server: a, onPreServer: b, onPostServer: b, onClientMessage: () => true };
    const { makeServer } = new RouteTable(object).find('/') as Match;
    expect([makeServer(), makeServer()]).toEqual([object, object]);
    expect(find({ '/a': object }, '/a')).toEqual([a, {}]);
  });

  it('makes an instance of a class for each connection', () => {
    const { makeServer } = new RouteTable({ '/a': Echo }).find('/a') as Match;
    const [one, two] = [makeServer(), makeServer()];
    expect([one instanceof Echo, two instanceof Echo, one === two]).toEqual([true, true, false]);
  });

  it('tells a class from a function by its prototype', () => {
    function handler(): void {}
    expect(find(handler, '/')).toEqual([handler, {}]);
    const { makeServer } = new RouteTable(class extends Echo {}).find('/') as Match;
    expect(makeServer()).toBeInstanceOf(Echo);
  });

  it.each<[string, new () => unknown, string]>([
    ['without server()', Silent, 'an object or class with server()'],
    [
      'whose hook is not a function',
      class extends Echo {
        onPreServer = 1;
      },
      '.onPreServer: expected a function, got 1',
    ],
  ])('refuses a class %s with its first instance', (_, servable, message) => {
    const { makeServer } = new RouteTable({ '/a': servable as typeof Echo }).find('/a') as Match;
    expect(makeServer).toThrow(message);
  });

  it.each([
    ['nothing', undefined, 'got undefined'],
    ['null', null, 'got null'],
    ['a name', '/chat', 'got "/chat"'],
    ['a map without patterns', {}, 'at least one pattern'],
    [
      'a map with a number for a server',
      { '/a': 1 },
      `routes['/a']: expected a function, an object or class with server(), or { create }, got 1`,
    ],
    ['an object without server', { '/a': {} }, 'got an object'],
    ['a hook', { server: a, onPreServer: 1 }, 'routes.onPreServer: expected a function, got 1'],
    ['another hook', { server: a, onPostServer: null }, 'routes.onPostServer: expected a function, got null'],
    [
      'a third hook in a map',
      { '/a': { server: a, onClientMessage: 'on' } },
      `routes['/a'].onClientMessage: expected a function, got "on"`,
    ],
    [
      'a path in the place of a map',
      '/chat',
      `routes: expected a map such as { '/chat': handler }, not a path, got "/chat"`,
    ],
    ['an array', [a], 'got an array'],
    [
      'options beside server',
      { '/a': { server: a, options: { maxMessageBytes: 1 } } },
      `routes['/a']: options belong beside serve, not beside server: { serve: { server }, options }`,
    ],
    [
      'options beside create',
      { create: () => ({ server: a }), options: {} },
      'routes: options belong beside serve, not beside create: { serve: { create }, options }',
    ],
    [
      'serve beside server',
      { '/a': { serve: b, server: a, options: {} } },
      `routes['/a']: expected serve or server, not both`,
    ],
    ['serve beside server, alone', { serve: b, server: a }, 'routes: expected serve or server, not both'],
    [
      'create beside server',
      { create: () => ({ server: a }), server: a },
      'expected create or server, not both',
    ],
    [
      'create beside serve',
      { create: () => ({ server: a }), serve: a, options: {} },
      'routes: expected only serve and options, got "create"',
    ],
    [
      'serve beside server below serve',
      { '/a': { serve: { serve: b, server: a }, options: {} } },
      `routes['/a'].serve: expected serve or server, not both`,
    ],
    [
      'a class as create',
      { '/a': { create: Echo } },
      `routes['/a'].create: expected a function, such as () => new Echo(), got a class`,
    ],
  ])('refuses %s', (_, routes, message) => {
    expect(refused(routes)).toContain('COROSOCK_ARGUMENT');
    expect(refused(routes)).toContain(message);
  });

  it.each([
    ['without a slash', { chat: a }, `begins with '/', got 'chat'`],
    ['that is empty', { '': a }, `begins with '/', got ''`],
    ['named like a property', { ['__proto__']: a }, `got '__proto__'`],
    ['that path-to-regexp refuses', { '/(a': a }, /a pattern of path-to-regexp \(.+\), got '\/\(a'$/],
    ['with ?', { '/chat/:room?': a }, `an optional part in braces: '/chat{/:room}', got '/chat/:room?'`],
    ['with ? after text', { '/a-:b?/*c?': a }, `'/a-{:b}{/*c}'`],
    ['with * alone', { '/files/*': a }, `a name for the rest of a path: '/files/*rest', got '/files/*'`],
    ['with :', { '/files/:': a }, 'a pattern of path-to-regexp'],
    ['that is there twice', { '/chat/:room': a, '/chat/:id': b }, '/chat/:room is claimed already'],
  ])('refuses a pattern %s', (_, routes, message) => {
    expect(refused(routes)).toMatch(/^COROSOCK_ROUTE: routes: expected /);
    expect(refused(routes)).toEqual(
      typeof message === 'string' ? expect.stringContaining(message) : expect.stringMatching(message),
    );
  });

  it('lets members of a class be called options, serve and create', () => {
    class Optioned extends Echo {
      readonly options = {};
      readonly serve = a;
      readonly create = a;
    }
    expect(refused({ '/a': new Optioned(), '/b': { serve: Optioned, options: {} } })).toBeInstanceOf(
      RouteTable,
    );
  });

  it('refuses a pattern of another table, whatever its parameters are called', () => {
    const table = new RouteTable({ '/chat/:id': a });
    expect(() => table.refuseClash(new RouteTable({ '/chat/:room': b }))).toThrow('claimed already');
    expect(() => table.refuseClash(new RouteTable({ '/chat/lobby': b }))).not.toThrow();
  });

  it('refuses a second server for every path, and no pattern beside it', () => {
    const lone = new RouteTable(a);
    expect(() => lone.refuseClash(new RouteTable(b))).toThrow('every path is claimed already');
    expect(() => lone.refuseClash(new RouteTable({ '/chat': b }))).not.toThrow();
  });
});
