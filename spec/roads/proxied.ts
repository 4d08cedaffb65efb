// What a host learns of a client behind a proxy that it trusts: address, scheme and host. Beside the
// behaviour suite, for roads with a proxy.

import type { HostOptions, ServerSocket } from 'corosock';
import { describe, expect, it } from 'vitest';
import type { Road } from './road.ts';

/** What a client itself claims. */
const FORGED = {
  'X-Forwarded-For': '203.0.113.7',
  'X-Forwarded-Proto': 'gopher',
  'X-Forwarded-Host': 'evil.example',
  Forwarded: 'for=198.51.100.1;host=evil.example',
};

/** @param scheme - That of the client's link to the proxy. */
export function proxied(road: Road, scheme: 'ws:' | 'wss:'): void {
  async function seen(options: HostOptions, headers: Readonly<Record<string, string>>): Promise<unknown> {
    await using stage = await road.serve(async (ws: ServerSocket) => {
      const { remoteAddress, url } = ws.request;
      await ws.writeJson([remoteAddress, url.protocol, url.hostname]);
    }, options);
    const client = await stage.connect('/', { headers });
    return (await client.readJson())[0];
  }

  describe('a proxy', () => {
    it('that nobody trusts is the client', async () => {
      expect(await seen({}, FORGED)).toEqual(['127.0.0.1', 'ws:', '127.0.0.1']);
    });

    it('that is trusted tells of the client that came to it, whatever that client claims', async () => {
      expect(await seen({ trustProxy: 1 }, FORGED)).toEqual(['127.0.0.1', scheme, '127.0.0.1']);
    });

    it('before it is trusted, too: its claim of an address counts', async () => {
      expect(await seen({ trustProxy: 2 }, FORGED)).toEqual(['203.0.113.7', scheme, '127.0.0.1']);
    });

    it('is trusted by its address: so is a client of that address', async () => {
      expect(await seen({ trustProxy: ['127.0.0.0/8'] }, FORGED)).toEqual([
        '203.0.113.7',
        scheme,
        '127.0.0.1',
      ]);
    });

    it('that is trusted makes the cookie of a session Secure where it ends TLS', async () => {
      const sessions = { secret: 'a secret of the specs, longer than 32 bytes' };
      await using stage = await road.serve(() => {}, { sessions, trustProxy: 1 });
      const { headers } = await stage.ask();
      expect(headers['set-cookie']?.includes('Secure')).toBe(scheme === 'wss:');
    });
  });
}
