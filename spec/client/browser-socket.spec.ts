// A client's socket in a browser: which close codes it takes.

import { describe, expect, it } from 'vitest';
import { BrowserSocket } from '../../src/client/browser-socket.ts';
import { scripted } from '../conversation/scripted-transport.ts';

function setUp(): { readonly link: ReturnType<typeof scripted>['link']; readonly client: BrowserSocket } {
  const { link, conversation } = scripted();
  return { link, client: new BrowserSocket(conversation, 'ws://localhost/') };
}

describe('a client in a browser', () => {
  it.each<[[code?: number, reason?: string], string]>([
    [[], 'close 1000'],
    [[1000, 'bye'], 'close 1000 bye'],
    [[4999], 'close 4999'],
  ])('closes with what a page may send: %j', async (args, call) => {
    const { link, client } = setUp();
    void client.close(...args);
    expect(link.calls).toEqual([call]);
  });

  it.each([1001, 1008, 1011, 2999, 5000, '1000' as unknown as number])(
    'refuses %j, and stays open',
    async (code) => {
      const { link, client } = setUp();
      await expect(client.close(code)).rejects.toMatchObject({
        code: 'COROSOCK_CLOSE_CODE',
        message: `ws.close(): expected a close code that a page may send, 1000 or 3000–4999, got ${code}`,
      });
      expect([link.calls, client.closeInfo]).toEqual([[], undefined]);
    },
  );

  it('refuses a reason that is too long, like every socket', async () => {
    await expect(setUp().client.close(1000, 'x'.repeat(124))).rejects.toMatchObject({
      code: 'COROSOCK_CLOSE_REASON',
    });
  });
});
