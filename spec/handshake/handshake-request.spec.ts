// What a handler can read of its request, from the bytes that were sent.

import { describe, expect, it } from 'vitest';
import { parseUpgrade } from '../fixtures/parsed-request.ts';
import { peerOf, UpgradeRequest } from '../../src/handshake/handshake-request.ts';
import { checkHandshake } from '../../src/handshake/check-handshake.ts';
import type { CheckedRequest } from '../../src/handshake/check-handshake.ts';
import type { RequestParts } from '../peers/raw-client.ts';

async function upgrade(parts: RequestParts, params = {}): Promise<UpgradeRequest> {
  const message = await parseUpgrade(parts);
  return new UpgradeRequest(message, checkHandshake(message) as CheckedRequest, params);
}

describe('UpgradeRequest', () => {
  it('has the URL that the client asked for', async () => {
    const request = await upgrade({
      requestLine: 'GET /chat/a%20b?x=1&x=2 HTTP/1.1',
      headers: { Host: 'Example.com:8080' },
    });
    expect(request.url.href).toBe('ws://example.com:8080/chat/a%20b?x=1&x=2');
    expect(request.url.searchParams.getAll('x')).toEqual(['1', '2']);
  });

  it('has one URL and one set of headers', async () => {
    const request = await upgrade({});
    expect(request.url).toBe(request.url);
    expect(request.headers).toBe(request.headers);
  });

  it('has the URL of a target in absolute form', async () => {
    const request = await upgrade({
      requestLine: 'GET http://127.0.0.1/chat?x HTTP/1.1',
    });
    expect(request.url.href).toBe('ws://127.0.0.1/chat?x');
  });

  it('takes a path that looks like a host for a path', async () => {
    const request = await upgrade({ requestLine: 'GET //evil.example/chat HTTP/1.1' });
    expect([request.url.host, request.url.pathname]).toEqual(['127.0.0.1', '//evil.example/chat']);
  });

  it('has headers as node gives them', async () => {
    const message = await parseUpgrade({ headers: { Cookie: ['a=1', 'b=2'], 'X-Mark': 'é' } });
    const request = new UpgradeRequest(message, checkHandshake(message) as CheckedRequest, {});
    expect({ ...request.headers }).toEqual(message.headers);
  });

  it('has the parameters of the route and the subprotocols that were offered', async () => {
    const request = await upgrade({ headers: { 'Sec-WebSocket-Protocol': 'a, b' } }, { room: '1' });
    expect([request.params, request.protocols]).toEqual([{ room: '1' }, ['a', 'b']]);
  });

  it('has the address of the peer', async () => {
    const message = await parseUpgrade();
    Object.defineProperty(message.socket, 'remoteAddress', { value: '192.0.2.1' });
    const request = new UpgradeRequest(message, checkHandshake(message) as CheckedRequest, {});
    expect(request.remoteAddress).toBe('192.0.2.1');
  });

  it('has no address where the stream has none', async () => {
    expect((await upgrade({})).remoteAddress).toBe(undefined);
  });

  it('reads the address once, and keeps it', async () => {
    const message = await parseUpgrade();
    const addresses = ['192.0.2.1', undefined];
    Object.defineProperty(message.socket, 'remoteAddress', { get: () => addresses.shift() });
    const request = new UpgradeRequest(message, checkHandshake(message) as CheckedRequest, {});
    expect([request.remoteAddress, request.remoteAddress]).toEqual(['192.0.2.1', '192.0.2.1']);
  });

  it('has the IPv4 address of an IPv4 peer, whatever the port listens on', async () => {
    const message = await parseUpgrade();
    Object.defineProperty(message.socket, 'remoteAddress', { value: '::ffff:192.0.2.1' });
    const request = new UpgradeRequest(message, checkHandshake(message) as CheckedRequest, {});
    expect(request.remoteAddress).toBe('192.0.2.1');
  });

  it('has the address, scheme and host of a client that a proxy names', async () => {
    const message = await parseUpgrade({ requestLine: 'GET /a?b HTTP/1.1' });
    const peer = { remoteAddress: '192.0.2.1', encrypted: true, authority: 'a.example:8443' };
    const request = new UpgradeRequest(message, checkHandshake(message) as CheckedRequest, {}, peer);
    request.releaseRaw();
    expect([request.remoteAddress, request.url.href]).toEqual(['192.0.2.1', 'wss://a.example:8443/a?b']);
    expect([request.authority, request.isSecure]).toEqual(['a.example:8443', true]);
  });

  it('has the scheme wss over TLS', async () => {
    const message = await parseUpgrade();
    Object.assign(message.socket, { encrypted: true });
    const request = new UpgradeRequest(message, checkHandshake(message) as CheckedRequest, {});
    expect(request.url.href).toBe('wss://127.0.0.1/');
  });

  it('has the same URL and headers once the message is released: it costs 1 KiB a socket', async () => {
    const parts = { requestLine: 'GET /chat?x HTTP/1.1', headers: { 'X-Empty': '', Cookie: ['a=1', 'b=2'] } };
    const [kept, released] = [await upgrade(parts), await upgrade(parts)];
    released.releaseRaw();
    released.releaseRaw();
    expect([kept.raw?.method, released.raw]).toEqual(['GET', undefined]);
    expect([released.url.href, released.headers]).toStrictEqual([kept.url.href, kept.headers]);
    expect(released.headers).toBe(released.headers);
  });
});

describe('peerOf', () => {
  it('gives what the socket of a request says', async () => {
    const message = await parseUpgrade({ headers: { Host: 'A.example:80' } });
    expect(peerOf(message)).toEqual({
      remoteAddress: undefined,
      encrypted: false,
      authority: 'A.example:80',
    });
    Object.assign(message.socket, { encrypted: true });
    expect(peerOf(message).encrypted).toBe(true);
  });
});
