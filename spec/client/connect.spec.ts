// What `connect` and `connect.each` refuse before a link is opened, and which URLs they take. No error
// shows a URL.

import type { ConnectOptions } from 'corosock/client';
import { describe, expect, it } from 'vitest';
import { clientUrl } from '../../src/client/connect.ts';
import { UsageError } from '../../src/core/errors.ts';
import { scriptedClient } from './scripted-connector.ts';

describe('connect', () => {
  it('rejects for a wrong URL or option, and opens nothing', async () => {
    const { connect, attempts } = scriptedClient();
    await expect(connect('ftp://host')).rejects.toThrow('connect(): expected url to begin with');
    await expect(connect('ws://host', { queueBytes: 0 })).rejects.toThrow(
      'connect(): expected queueBytes to be',
    );
    await expect(connect('ws://host', null as unknown as ConnectOptions)).rejects.toThrow(
      'connect(): expected options to be an object',
    );
    expect(attempts).toEqual([]);
  });
});

describe('connect.each', () => {
  it('throws at once for a wrong URL or option, and opens nothing', () => {
    const { connect, attempts } = scriptedClient();
    expect(() => connect.each('ftp://host')).toThrow('connect.each(): expected url to begin with');
    expect(() => connect.each('ws://host', { queueBytes: 0 })).toThrow('connect.each(): expected queueBytes');
    expect(() => connect.each('ws://host', { minDelayMs: 0 })).toThrow('connect.each(): expected minDelayMs');
    expect(attempts).toEqual([]);
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
    ['/chat?secret', 'url to be an absolute URL, got "string"'],
    ['ws://', 'url to be an absolute URL, got "string"'],
    ['', 'url to be an absolute URL, got "string"'],
    [undefined, 'url to be a string or a URL, got undefined'],
    [{ href: 'ws://secret' }, 'url to be a string or a URL, got an object'],
  ])('refuses %s, and does not show it', (url, message) => {
    expect(() => clientUrl('connect()', url)).toThrow(
      new UsageError('COROSOCK_ARGUMENT', `connect(): expected ${message}`),
    );
  });
});
