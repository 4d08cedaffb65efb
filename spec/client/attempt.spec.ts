// What an attempt is made of: the URL, and what functions give before each attempt.

import { UsageError } from 'corosock';
import { settle } from 'corosock/testing';
import { describe, expect, it } from 'vitest';
import { clientUrl } from '../../src/client/attempt.ts';
import { scriptedClient } from './scripted-connector.ts';
import { loop } from './scripted-loop.ts';

describe('functions among the options', () => {
  it('of connect.each are called before each attempt: url, then headers, then protocols', async () => {
    const calls: string[] = [];
    const ask = <T>(name: string, value: T): T => (calls.push(name), value);
    let tokens = 0;
    const { sockets, attempts, attempt, clock } = loop(
      {
        headers: async () => ask('headers', { Authorization: `Bearer ${(tokens += 1)}` }),
        protocols: () => ask('protocols', ['chat', `token.${tokens}`]),
      },
      () => ask('url', 'ws://host/'),
    );
    void sockets.next();
    await settle();
    attempt().fails(503);
    await clock.advance(200);
    expect(calls).toEqual(['url', 'headers', 'protocols', 'url', 'headers', 'protocols']);
    expect(attempts.map(({ target: { headers, protocols } }) => [headers, protocols])).toEqual([
      [{ Authorization: 'Bearer 1' }, ['chat', 'token.1']],
      [{ Authorization: 'Bearer 2' }, ['chat', 'token.2']],
    ]);
  });

  it.each([
    ['protocols', { headers: { a: '1' }, protocols: async () => ['b'] }],
    ['headers', { headers: async () => ({ a: '1' }), protocols: ['b'] }],
    ['headers that are a Headers', { headers: () => new Headers({ a: '1' }), protocols: ['b'] }],
  ])('of connect are called once: %s', async (_, options) => {
    const { connect, clock, attempts, attempt } = scriptedClient();
    const opening = connect('ws://host', { clock, ...options });
    await settle();
    attempt().opens();
    expect((await opening).protocol).toBe('b');
    expect(attempts.map(({ target }) => target.headers)).toEqual([{ a: '1' }]);
  });

  it.each([
    ['nothing', () => undefined, 'the function for headers to return them, got undefined'],
    ['no object', () => 'a: b', 'headers to be an object of strings or a Headers, got "a: b"'],
    ['a function', () => () => ({}), 'headers to be an object of strings or a Headers, got a function'],
    [
      'a Map',
      () => new Map(),
      'headers to be an object of strings or a Headers (of pairs: Object.fromEntries(headers)), got an object',
    ],
  ])('that give %s are refused with the line of the call', async (_, headers, expected) => {
    const { connect, clock, attempts } = scriptedClient();
    const options = { clock, headers: headers as unknown as () => Record<string, string> };
    const error: unknown = await connect('ws://host', options).catch((reason: unknown) => reason);
    expect(error).toEqual(new UsageError('COROSOCK_ARGUMENT', `connect(): expected ${expected}`));
    expect((error as Error).stack).toContain('attempt.spec.ts');
    expect(attempts).toEqual([]);
  });

  it('that throw give their error as it is', async () => {
    const { connect, clock } = scriptedClient();
    const error = new UsageError('MINE', 'no token');
    const { stack } = error;
    const opening = connect('ws://host', { clock, headers: () => Promise.reject(error) });
    await expect(opening).rejects.toBe(error);
    expect(error.stack).toBe(stack);
  });

  it('are not waited for when the signal aborts', async () => {
    const { connect, clock, attempts } = scriptedClient();
    const controller = new AbortController();
    const { signal } = controller;
    const opening = connect('ws://host', { clock, signal, headers: () => new Promise(() => {}) });
    controller.abort('no more');
    await expect(opening).rejects.toBe('no more');
    expect([attempts, clock.timers]).toEqual([[], 0]);
  });

  it('do not hide a wrong URL or option', async () => {
    const { connect, attempts } = scriptedClient();
    const headers = (): Record<string, string> => ({});
    await expect(connect('ftp://host', { headers })).rejects.toThrow('connect(): expected url to begin');
    await expect(connect('ws://host', { headers, queueBytes: 0 })).rejects.toThrow('expected queueBytes');
    expect(() => connect.each('ftp://host', { headers })).toThrow('connect.each(): expected url to begin');
    expect(attempts).toEqual([]);
  });

  it('are refused as the url of connect', async () => {
    const { connect } = scriptedClient();
    const url = (() => 'ws://host') as unknown as string;
    await expect(connect(url)).rejects.toThrow(
      'connect(): expected url to be a string or a URL, got a function',
    );
  });
});

describe('clientUrl', () => {
  it.each([
    ['ws://host/path?q=1', 'ws://host/path?q=1'],
    ['wss://host', 'wss://host/'],
    ['http://host:8080/a', 'ws://host:8080/a'],
    ['https://host:443/a', 'wss://host/a'],
    ['  WS://Host', 'ws://host/'],
    ['ws://user:word@host', 'ws://user:word@host/'],
    [new URL('https://host/a'), 'wss://host/a'],
  ])('takes %s', (url, href) => {
    expect(clientUrl('connect()', url).href).toBe(href);
  });

  it('does not change the URL of its caller', () => {
    const url = new URL('https://host/a');
    clientUrl('connect()', url);
    expect(url.href).toBe('https://host/a');
  });

  it.each([
    ['ftp://host/?token=secret', 'url to begin with ws:, wss:, http: or https:, got "ftp:"'],
    ['ws+unix:///tmp/a:/', 'url to begin with ws:, wss:, http: or https:, got "ws+unix:"'],
    ['javascript:secret', 'url to begin with ws:, wss:, http: or https:, got "javascript:"'],
    ['w\ns://secret', 'url to begin with ws:, wss:, http: or https:, got ""'],
    ['ws://host/secret#part', 'url to have no fragment, got "#"'],
    ['ws://host/secret#', 'url to have no fragment, got "#"'],
    ['http//x', 'url to be an absolute URL, got "http//x"'],
    ['/chat?secret', 'url to be an absolute URL, got "/chat"'],
    ['/chat#secret', 'url to be an absolute URL, got "/chat"'],
    ['ws//user:secret@host', 'url to be an absolute URL, got "host"'],
    ['ws://', 'url to be an absolute URL, got "ws://"'],
    ['', 'url to be an absolute URL, got ""'],
    [undefined, 'url to be a string or a URL, got undefined'],
    [{ href: 'ws://secret' }, 'url to be a string or a URL, got an object'],
  ])('refuses %s, and shows nothing secret', (url, message) => {
    expect(() => clientUrl('connect()', url)).toThrow(
      new UsageError('COROSOCK_ARGUMENT', `connect(): expected ${message}`),
    );
  });
});
