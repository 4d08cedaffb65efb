// The frames of `ws` over bytes in memory keep all promises of a transport, also where chunks are
// cut and merged.

import { describe, expect, it } from 'vitest';
import { transportContract } from 'corosock/testing';
import { bytePair, TARGET } from './byte-pair.ts';
import { BytePort } from '../../../../src/testing/simulation/links/byte-port.ts';
import type { ByteLinkOptions } from '../../../../src/testing/simulation/links/byte-link.ts';

/** Cuts and merges as one row of numbers says (the generator of ANSI C). */
function cutting(): ByteLinkOptions {
  let state = 1;
  const below = (limit: number): number => {
    state = (Math.imul(state, 1_103_515_245) + 12_345) & 0x7f_ff_ff_ff;
    return (state >>> 16) % limit;
  };
  return { cutBy: { below } };
}

describe.each([
  ['from host to client', 'host', () => ({})],
  ['from client to host', 'client', () => ({})],
  ['cut and merged, from host to client', 'host', cutting],
  ['cut and merged, from client to host', 'client', cutting],
] as const)('A byte link, %s, keeps the promise', (_, near, options) => {
  it.each(transportContract)('$name', async ({ run }) => {
    await expect(run(() => bytePair(near, options()))).resolves.toBe(undefined);
  });
});

describe('BytePort', () => {
  it.each([
    ['ws://localhost/', false],
    ['wss://localhost/', true],
  ])('shows the server of %s whether the link is encrypted: %s', async (url, encrypted) => {
    const shown = new Promise((resolve) => {
      const port = new BytePort({
        handleUpgrade: (request, stream) => {
          resolve(['encrypted' in request.socket, request.headers.host]);
          stream.destroy();
        },
      });
      port.connect({ ...TARGET, url: new URL(url) }, {}).transport.catch(() => {});
    });
    await expect(shown).resolves.toEqual([encrypted, 'localhost']);
  });

  it('rejects with the status of a refusal', async () => {
    const port = new BytePort({
      handleUpgrade: (_, stream) => void stream.end('HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\n\r\n'),
    });
    await expect(port.connect(TARGET, {}).transport).rejects.toMatchObject({ status: 403 });
  });

  it('rejects when the host drops the connection', async () => {
    const port = new BytePort({ handleUpgrade: () => {} });
    const { near, transport } = port.connect(TARGET, {});
    near.reset();
    await expect(transport).rejects.toMatchObject({ code: 'COROSOCK_CONNECT', status: undefined });
  });
});
