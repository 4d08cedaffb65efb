// Which URLs a client takes, and that no error shows one.

import { describe, expect, it } from 'vitest';
import { clientUrl } from '../../src/client/client-url.ts';
import { UsageError } from '../../src/core/errors.ts';

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

  it('leaves the URL of its caller as it is', () => {
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
