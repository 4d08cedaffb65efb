// A whole host behind a port in memory: the upgrade, the handler and the close are those of a real
// port, down to the bytes, and no connection of the operating system is opened.

import { describe, expect, it } from 'vitest';
import { BytePort } from '../../../../src/testing/simulation/links/byte-port.ts';
import { MemoryServer } from '../../../../src/testing/memory-server.ts';
import { RecordedLink } from '../../../../src/testing/contracts/recorded-link.ts';
import type { ServerSocket } from '../../../../src/server/host.ts';
import { TARGET } from './byte-pair.ts';

async function greet(ws: ServerSocket): Promise<void> {
  const [name] = await ws.readText();
  await ws.write(`hello ${name} of ${ws.request.url.pathname}`);
}

describe('A host behind a port in memory', () => {
  it.each([
    ['as written', {}] as const,
    ['cut', { cutBy: { below: (limit: number) => limit - 1 } }] as const,
  ])('holds a conversation over chunks that are %s', async (_, options) => {
    await using host = new MemoryServer('spec', greet, {}).host;
    const target = { ...TARGET, url: new URL('ws://localhost/hall') };
    const far = await new BytePort(host).connect(target, options).transport;
    const { near: client } = new RecordedLink({ near: far, far });
    client.open();
    client.send('Ada');
    await client.untilEnd();
    expect(client.messages).toEqual(['hello Ada of /hall']);
  });

  it('refuses as on a port, once it closes', async () => {
    const { host } = new MemoryServer('spec', greet, {});
    await host.close();
    await expect(new BytePort(host).connect(TARGET, {}).transport).rejects.toMatchObject({ status: 503 });
  });

  it('ends the socket of a client whose connection is reset', async () => {
    const { promise, onClose } = nextClose();
    await using host = new MemoryServer('spec', greet, { onClose }).host;
    const { near, transport } = new BytePort(host).connect(TARGET, {});
    await transport;
    near.reset();
    expect(await promise).toMatchObject({ code: 1006, clean: false, by: 'link' });
  });
});

function nextClose(): {
  readonly promise: Promise<unknown>;
  readonly onClose: (ws: unknown, end: unknown) => void;
} {
  let settle: (end: unknown) => void = () => {};
  const promise = new Promise((resolve) => void (settle = resolve));
  return { promise, onClose: (_, end) => settle(end) };
}
