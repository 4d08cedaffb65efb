// What the peer gets for its calls: results, errors, batches, and how many handlers run at once.

import { describe, expect, it } from 'vitest';
import { RequestError, requests } from 'corosock';
import type { RequestHandler } from 'corosock';
import { fakeSocket, settle } from 'corosock/testing';
import { recordWarnings } from '../fixtures/process-events.ts';
import { call, failure, result, scriptedRpc } from './scripted-rpc.ts';
import { echo, slowHandlers } from './slow-handlers.ts';

const INVALID = failure(null, -32_600, 'Invalid Request');
const UNPARSED = failure(null, -32_700, 'Parse error');

describe('a request of the peer', () => {
  it('gets what its handler returns or resolves with; undefined as null', async () => {
    const handlers = {
      sum: ([a, b]: readonly [number, number]) => a + b,
      later: async () => ({ at: 'last' }),
      nothing: () => {},
    };
    const { peer, sent } = scriptedRpc({ handlers });
    await peer(call('sum', 1, [1, 2]), call('later', 'b'), call('nothing', null));
    expect(sent()).toEqual([result(1, 3), result('b', { at: 'last' }), result(null, null)]);
  });

  it('calls its handler with params, a signal, and the handlers as `this`', async () => {
    const seen: unknown[] = [];
    const handlers = {
      look(this: unknown, params: unknown, { signal }: { signal: AbortSignal }) {
        seen.push(this === handlers, params, signal instanceof AbortSignal);
      },
    };
    const { peer } = scriptedRpc({ handlers });
    await peer(call('look', 1), call('look', 2, { a: 1 }));
    expect(seen).toEqual([true, undefined, true, true, { a: 1 }, true]);
  });

  it('is answered when its handler is ready, not in the order of the calls', async () => {
    const { handlers, end } = slowHandlers();
    const { peer, sent } = scriptedRpc({ handlers });
    await peer(call('wait', 1), call('echo', 2, []));
    await end('slow');
    expect(sent()).toEqual([result(2, []), result(1, 'slow')]);
  });

  it.each(['add', '__proto__', 'constructor', 'toString', 'hasOwnProperty', '', 'rpc.discover'])(
    'Q8: gets -32601 for the method %o, which the object does not have itself',
    async (method) => {
      const { peer, sent } = scriptedRpc({ handlers: { echo } });
      await peer(call(method, 1, []));
      expect(sent()).toEqual([failure(1, -32_601, 'Method not found')]);
    },
  );

  it('finds a method of any name that the object has itself', async () => {
    const handlers = JSON.parse('{"__proto__":1,"constructor":1}') as Record<string, RequestHandler>;
    for (const name of Object.keys(handlers)) Object.defineProperty(handlers, name, { value: () => name });
    const { peer, sent } = scriptedRpc({ handlers });
    await peer(call('__proto__', 1), call('constructor', 2));
    expect(sent()).toEqual([result(1, '__proto__'), result(2, 'constructor')]);
  });

  it.each([['a'], [''], [null], [-1], [1.5], [9_007_199_254_740_991]])('Q5: keeps the id %o', async (id) => {
    const { peer, sent } = scriptedRpc({ handlers: { echo } });
    await peer(call('echo', id, []));
    expect(sent()).toEqual([result(id, [])]);
  });

  it('gets a reply each where two share an id', async () => {
    const { peer, sent } = scriptedRpc({ handlers: { echo } });
    await peer(call('echo', 1, ['a']), call('echo', 1, ['b']));
    expect(sent()).toEqual([result(1, ['a']), result(1, ['b'])]);
  });
});

describe('an error of a handler', () => {
  const secret = new Error('password of the database');
  const thrower = (error: unknown): RequestHandler => {
    return () => {
      throw error;
    };
  };

  it('is the reply where it is a RequestError, and is not reported', async () => {
    const handlers = {
      find: () => {
        throw new RequestError(404, 'No such book', { id: 7 });
      },
    };
    const { peer, sent, reports } = scriptedRpc({ handlers });
    await peer(call('find', 1));
    expect([sent(), reports]).toEqual([[failure(1, 404, 'No such book', { id: 7 })], []]);
  });

  it.each([
    ['an error', secret, 'Error: password of the database'],
    ['a text', 'password', 'password'],
    ['undefined', undefined, 'undefined'],
    [
      'an error that a peer has answered with',
      Object.assign(new RequestError(1, 'x'), { isReply: true }),
      'RequestError: x',
    ],
    [
      'a RequestError of another package',
      Object.assign(new Error('x'), { name: 'RequestError', code: 1 }),
      'RequestError: x',
    ],
    ['one without a message', { name: 'RequestError', isReply: false, code: 1 }, '[object Object]'],
  ])('Q11: is -32603 without its text where it is %s, and is reported', async (_, error, shown) => {
    const { peer, sent, reports } = scriptedRpc({ handlers: { find: thrower(error) } });
    await peer(call('find', 1));
    expect(sent()).toEqual([failure(1, -32_603, 'Internal error')]);
    expect(reports).toEqual([`requests: find: ${shown}`]);
  });

  it.each([
    ['a result', () => 1n],
    ['a result', () => () => {}],
    [
      'data',
      () => {
        throw new RequestError(1, 'no', 1n);
      },
    ],
  ])('Q11: is made of %s that JSON cannot hold', async (_, find) => {
    const { peer, sent, reports } = scriptedRpc({ handlers: { find } });
    await peer(call('find', 1));
    expect(sent()).toEqual([failure(1, -32_603, 'Internal error')]);
    expect(reports).toEqual([
      expect.stringContaining('requests(): the handler of "find": expected a value that JSON can hold'),
    ]);
  });

  it('goes to the report of the host, and to a warning of the process on a client', async () => {
    using warnings = recordWarnings();
    const reported: unknown[] = [];
    const { ws, client } = fakeSocket({
      report: (error, { phase, socketId }) => reported.push([error, phase, socketId]),
    });
    const handlers = { find: () => Promise.reject(secret) };
    const server = requests(ws, { handlers });
    const other = requests(client, { handlers });
    await Promise.allSettled([server.request('find'), other.request('find')]);
    await settle();
    expect(reported).toEqual([[secret, 'requests: find', ws.id]]);
    expect(warnings.texts).toEqual([
      'CorosockWarning COROSOCK_REPORT: corosock, requests: find: Error: password of the database',
    ]);
  });
});

describe('errors that a peer causes without end', () => {
  const wrong = () => {
    throw new TypeError('wrong');
  };

  it('Q13: are counted from the 17th of a socket on, and those of each method apart', async () => {
    const reported: unknown[] = [];
    const { ws, client } = fakeSocket({
      report: (error, { phase }) => reported.push([phase, String(error)]),
    });
    requests(ws, { handlers: { one: wrong, other: wrong } });
    for (let sent = 0; sent < 50; sent += 1) await client.writeJson(call('one', sent));
    await client.writeJson(call('other'));
    await settle();
    expect(reported).toEqual([
      ...Array.from({ length: 17 }, () => ['requests: one', 'TypeError: wrong']),
      ['requests: other', 'TypeError: wrong'],
    ]);
  });

  it('Q13: are counted from the second on where a notification gets a RequestError', async () => {
    const reported: unknown[] = [];
    const { ws, client } = fakeSocket({ report: (error) => reported.push(String(error)) });
    const bad = () => {
      throw new RequestError(-32_602, 'Invalid params');
    };
    requests(ws, { handlers: { bad } });
    for (let sent = 0; sent < 50; sent += 1) await client.writeJson(call('bad'));
    await settle();
    expect(reported).toEqual(['RequestError: Invalid params']);
  });

  it('Q13: are left out from the 17th on at a client', async () => {
    using warnings = recordWarnings();
    const { ws, client } = fakeSocket();
    requests(client, { handlers: { wrong } });
    for (let sent = 0; sent < 50; sent += 1) await ws.writeJson(call('wrong'));
    await settle();
    expect(warnings.texts.length).toBe(16);
  });
});

describe('a notification of the peer', () => {
  it('is never answered, and all of its errors are reported', async () => {
    const seen: unknown[] = [];
    const handlers = {
      log: (params: unknown) => seen.push(params),
      bad: () => {
        throw new RequestError(1, 'no');
      },
    };
    const { peer, sent, reports } = scriptedRpc({ handlers });
    await peer(call('log', undefined, [1]), call('bad'), call('unknown'));
    expect([seen, sent(), reports]).toEqual([[[1]], [], ['requests: bad: RequestError: no']]);
  });
});

describe('a message that is no request', () => {
  it.each([
    ['{"jsonrpc": "2.0", "method": "foobar, "params": "bar", "baz]', UNPARSED],
    ['', UNPARSED],
    [
      '[{"jsonrpc": "2.0", "method": "sum", "params": [1,2,4], "id": "1"},{"jsonrpc": "2.0", "method"',
      UNPARSED,
    ],
    ['{"jsonrpc": "2.0", "method": 1, "params": "bar"}', INVALID],
    ['[]', INVALID],
    ['[1]', [INVALID]],
    ['[1,2,3]', [INVALID, INVALID, INVALID]],
    ['{"jsonrpc":"2.0","method":"echo","params":null,"id":7}', failure(7, -32_600, 'Invalid Request')],
    ['{"jsonrpc":"2.0","method":"echo","id":{}}', INVALID],
  ])('Q6, Q7: is answered as the specification says: %s', async (text, reply) => {
    const { link, sent } = scriptedRpc({ handlers: { echo } });
    link.arrive(text);
    await settle();
    expect(sent()).toEqual([reply]);
  });

  it('is a binary one, unless the socket reads all as bytes', async () => {
    const { ws, link, sent } = scriptedRpc({ handlers: { echo } });
    const bytes = new TextEncoder().encode(JSON.stringify(call('echo', 1, ['€'])));
    link.arrive(bytes);
    await settle();
    ws.binaryData = true;
    link.arrive(bytes, new Uint8Array([0xff]));
    await settle();
    expect(sent()).toEqual([UNPARSED, UNPARSED, result(1, ['€'])]);
  });
});

describe('a batch', () => {
  it('is answered by one message with the replies of its requests', async () => {
    const { peer, sent } = scriptedRpc({ handlers: { echo } });
    await peer([
      call('echo', '1', [1]),
      call('echo', undefined, [7]),
      call('echo', '2', [2]),
      { foo: 'boo' },
      call('unknown', '5', []),
    ]);
    const [replies, ...more] = sent() as readonly (readonly unknown[])[];
    expect([new Set(replies), more]).toEqual([
      new Set([INVALID, failure('5', -32_601, 'Method not found'), result('1', [1]), result('2', [2])]),
      [],
    ]);
  });

  it('waits for all of them, while later requests are answered', async () => {
    const { handlers, end } = slowHandlers();
    const { peer, sent } = scriptedRpc({ handlers });
    await peer([call('wait', 1), call('echo', 2, [])], call('echo', 3, []));
    const before = sent();
    await end('slow');
    expect([before, sent()]).toEqual([[result(3, [])], [[result(2, []), result(1, 'slow')]]]);
  });

  it('of notifications alone is not answered', async () => {
    const { peer, sent } = scriptedRpc({ handlers: { echo } });
    await peer([call('echo'), call('unknown')]);
    expect(sent()).toEqual([]);
  });

  it('may bring replies beside requests', async () => {
    const { rpc, peer, sent } = scriptedRpc({ handlers: { echo } });
    const answer = rpc.request('add');
    await peer([call('echo', 1, []), result(1, 3)], [result(9, 3)]);
    expect([await answer, sent().slice(1)]).toEqual([[3, 'ok'], [[result(1, [])]]]);
  });

  it('Q7: of more than 1,000 requests gets one error, and its replies count all the same', async () => {
    const { rpc, peer, sent } = scriptedRpc({ handlers: { echo } });
    const answer = rpc.request('add');
    await peer([...Array<number>(1001).fill(1), result(1, 3)], Array<number>(1000).fill(1));
    expect(await answer).toEqual([3, 'ok']);
    expect(sent().slice(1)).toEqual([
      failure(null, -32_600, 'Invalid Request', 'a batch may hold 1000 requests'),
      Array<object>(1000).fill(INVALID),
    ]);
  });

  it('Q14: keeps 4 MiB of replies, and the first of any length; further ones are errors', async () => {
    const long = 'x'.repeat(5_000_000);
    const handlers = { echo, list: () => 'x'.repeat(1_000_000), long: () => long };
    const { peer, sent } = scriptedRpc({ handlers });
    const full = 'the replies to a batch may have 4194304 characters';
    await peer([
      ...Array.from({ length: 50 }, (_, id) => call('list', id)),
      call('list'),
      call('echo', 50, []),
    ]);
    const [replies] = sent() as readonly (readonly { readonly error?: unknown }[])[];
    expect(replies?.length).toBe(51);
    expect(replies?.slice(4)).toEqual(
      Array.from({ length: 47 }, (_, more) => failure(more + 4, -32_603, 'Internal error', full)),
    );
    const other = scriptedRpc({ handlers });
    await other.peer([call('long', 1), call('echo', 2, [])]);
    const [[first, second]] = other.sent() as readonly [readonly [{ readonly result: string }, unknown]];
    expect([first.result.length, second]).toEqual([long.length, failure(2, -32_603, 'Internal error', full)]);
  });

  it('does not run more of its requests at once than maxRunning', async () => {
    const { handlers, started, end } = slowHandlers();
    const { peer, sent } = scriptedRpc({ handlers, maxRunning: 2 });
    await peer([call('wait', 1, [1]), call('wait', 2, [2]), call('wait', 3, [3])]);
    const first = started.length;
    await end();
    expect([first, started]).toEqual([2, [[1], [2], [3]]]);
    await end();
    await end();
    expect(sent()).toEqual([[result(1, null), result(2, null), result(3, null)]]);
  });
});
