// The port of `serve` with TLS: what it takes, and that connections which speak no TLS, or never
// finish their TLS handshake, are cut without an error. Ports without TLS: serve.spec.ts.

import { createPrivateKey } from 'node:crypto';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { connect as connectSecurely } from 'node:tls';
import type { TLSSocket } from 'node:tls';
import { serve } from 'corosock';
import type { Handshake, Host, ServeOptions } from 'corosock';
import { virtualClock } from 'corosock/testing';
import { describe, expect, it } from 'vitest';
import { WebSocket } from 'ws';
import { until } from '../faults/until.ts';
import { recordWarnings } from '../fixtures/process-events.ts';
import { connectRaw, upgradeRequest } from '../peers/raw-client.ts';

const read = (name: string): string => readFileSync(new URL(`../fixtures/${name}`, import.meta.url), 'utf8');
const tls = { cert: read('localhost-cert.pem'), key: read('localhost-key.pem') };
const LOCKED_KEY = createPrivateKey(tls.key).export({
  type: 'pkcs8',
  format: 'pem',
  cipher: 'aes-256-cbc',
  passphrase: 'open',
});

/** Serves with TLS, and keeps what is reported. */
async function serveSecurely(options: ServeOptions = {}): Promise<Host & { readonly reports: unknown[] }> {
  const reports: unknown[] = [];
  const host = await serve(async (ws) => void (await ws.write(ws.request.url.href)), {
    tls,
    report: (error) => void reports.push(error),
    ...options,
  });
  return Object.assign(host, { reports });
}

/** Connects with TLS; nothing is sent. */
async function shakeHands(host: Host): Promise<TLSSocket> {
  const socket = connectSecurely({ port: host.port, host: '127.0.0.1', ca: tls.cert });
  await once(socket, 'secureConnect');
  return socket;
}

/** Sends bytes with TLS, and gives all that comes back. */
async function answerTo(host: Host, bytes: string): Promise<string> {
  const socket = await shakeHands(host);
  socket.write(bytes);
  const chunks: Buffer[] = [];
  for await (const chunk of socket) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks).toString();
}

describe('serve with tls', () => {
  it('serves wss:, and says so in every URL', async () => {
    await using host = await serveSecurely();
    expect(host.url).toBe(`wss://127.0.0.1:${host.port}`);
    const client = new WebSocket(`${host.url}/a`, { ca: tls.cert });
    const [data] = (await once(client, 'message')) as [Buffer];
    expect(data.toString()).toBe(`wss://127.0.0.1:${host.port}/a`);
  });

  it('answers plain requests, and bytes that are no HTTP, as a port without TLS does', async () => {
    await using host = await serveSecurely();
    expect(await answerTo(host, 'GET / HTTP/1.1\r\nHost: a\r\n\r\n')).toMatch(/^HTTP\/1\.1 426 /);
    expect(await answerTo(host, 'GET / HTTP/1.1\r\n\r\n')).toMatch(/^HTTP\/1\.1 400 .*One valid Host/s);
    expect(await answerTo(host, 'nonsense\r\n\r\n')).toMatch(/^HTTP\/1\.1 400 .*malformed/s);
    expect(host.reports).toEqual([]);
  });

  it('H19: cuts a connection that speaks no TLS, and goes on serving', async () => {
    await using host = await serveSecurely();
    using warnings = recordWarnings();
    using plain = await connectRaw(host.port);
    await plain.send(upgradeRequest());
    await plain.untilClosed();
    using zeros = await connectRaw(host.port);
    await zeros.send(Buffer.alloc(2000));
    await zeros.untilClosed();
    using reset = await connectRaw(host.port);
    await reset.send(Buffer.from([22, 3, 1, 2, 0, 1]));
    reset.reset();
    expect(await answerTo(host, 'GET / HTTP/1.1\r\nHost: a\r\n\r\n')).toMatch(/^HTTP\/1\.1 426 /);
    expect([host.reports, warnings.texts]).toEqual([[], []]);
  });

  it.each([0, 20])(
    'H1: cuts a silent connection after handshakeTimeoutMs: %i',
    async (handshakeTimeoutMs) => {
      // No answer can be written: a timer that waits for one to be read would never ring.
      await using host = await serveSecurely({ handshakeTimeoutMs, clock: virtualClock() });
      using silent = await connectRaw(host.port);
      using half = await connectRaw(host.port);
      await half.send(Buffer.from([22, 3, 1, 2, 0, 1]));
      await Promise.all([silent.untilClosed(), half.untilClosed()]);
      expect(host.reports).toEqual([]);
    },
  );

  it('H1: answers 408 to a connection that is silent after its TLS handshake', async () => {
    const clock = virtualClock();
    await using host = await serveSecurely({ handshakeTimeoutMs: 5000, clock });
    const answer = answerTo(host, 'GET / HTTP/1.1\r\n');
    await until(() => clock.timers > 0);
    await clock.advance(5000);
    expect(await answer).toMatch(/^HTTP\/1\.1 408 /);
  });

  it('H1: takes a handshakeTimeout of node:https instead', async () => {
    await using host = await serveSecurely({ tls: { ...tls, handshakeTimeout: 20 } });
    using silent = await connectRaw(host.port);
    expect(await silent.untilClosed()).toBeDefined();
  });

  it('L6: frees the port while connections are in their TLS handshake', async () => {
    const host = await serveSecurely();
    using silent = await connectRaw(host.port);
    const idle = await shakeHands(host);
    await host.close({ graceMs: 0 });
    idle.destroy();
    expect(await silent.untilClosed()).toBeDefined();
    await expect(connectRaw(host.port)).rejects.toMatchObject({ code: 'ECONNREFUSED' });
  });

  it('asks clients for a certificate where tls says so, which the hook can read', async () => {
    const names: unknown[] = [];
    const server = {
      onPreServer: ({ request }: Handshake) => {
        const socket = request.raw?.socket as TLSSocket | undefined;
        names.push(socket?.getPeerCertificate().subject.CN);
      },
      server: () => {},
    };
    const reports: unknown[] = [];
    const report = (error: unknown): unknown => reports.push(error);
    await using host = await serve(server, { tls: { ...tls, requestCert: true, ca: tls.cert }, report });
    const stranger = new WebSocket(host.url, { ca: tls.cert });
    await once(stranger, 'error');
    const known = new WebSocket(host.url, { ca: tls.cert, cert: tls.cert, key: tls.key });
    expect((await once(known, 'close'))[0]).toBe(1000);
    expect([names, reports]).toEqual([['localhost'], []]);
  });

  it('takes a certificate that is found later, by name', async () => {
    const options = { tls: { SNICallback: () => {} } };
    await using host = await serve(() => {}, options);
    expect(host.url).toContain('wss:');
  });

  it.each([
    ['no object', 'on', 'tls to be an object, got "on"'],
    ['null', null, 'tls to be an object, got null'],
    ['no certificate', {}, 'tls to have a certificate: cert and key, pfx, or SNICallback'],
    ['a key alone', { key: tls.key }, 'tls to have a certificate'],
    ['a certificate alone', { cert: tls.cert }, 'tls to have the key of its cert'],
    ['the name of a file', { ...tls, cert: './cert.pem' }, 'tls.cert to be PEM, as in the file, got another'],
    ['the name of a key file', { ...tls, key: './key.pem' }, 'tls.key to be PEM'],
    ['another type', { ...tls, cert: [1] }, 'tls to be what node:https takes, got an error of it: The'],
  ])('refuses %s', async (_, given, says) => {
    await expect(serve(() => {}, { tls: given } as ServeOptions)).rejects.toMatchObject({
      code: 'COROSOCK_ARGUMENT',
      message: expect.stringContaining(`serve(): expected ${says}`) as string,
    });
  });

  it.each([
    ['a certificate for a key', { key: Buffer.from(tls.cert) }, 'the key is no private key in PEM'],
    ['bytes that are no certificate', { cert: Buffer.from('a') }, 'the cert is no certificate in PEM'],
    ['a key without its passphrase', { key: LOCKED_KEY }, 'the passphrase of the key is missing or wrong'],
  ])('says what OpenSSL means by its error: %s', async (_, given, says) => {
    await expect(serve(() => {}, { tls: { ...tls, ...given } })).rejects.toMatchObject({
      code: 'COROSOCK_ARGUMENT',
      message: expect.stringMatching(
        new RegExp(`tls to be what node:https takes, got an error of it: .+; ${says}$`),
      ) as string,
    });
  });
});
