// The socket of a client: its URL and its close.

import { describe, expect, it } from 'vitest';
import { scripted } from '../conversation/scripted-transport.ts';
import { ConnectedSocket } from '../../src/socket/client-socket.ts';

function setUp(): { readonly link: ReturnType<typeof scripted>['link']; readonly client: ConnectedSocket } {
  const { link, conversation } = scripted();
  return { link, client: new ConnectedSocket(conversation, 'ws://localhost/chat') };
}

describe('ConnectedSocket', () => {
  it('has the URL that it was opened with', () => {
    expect(setUp().client.url).toBe('ws://localhost/chat');
  });

  it.each<[string, [code?: number, reason?: string], string]>([
    ['1000 and no reason', [], 'close 1000'],
    ['the code and the reason of the call', [4000, 'enough'], 'close 4000 enough'],
  ])('closes with %s, and resolves with the real end', async (_, args, call) => {
    const { link, client } = setUp();
    const closing = client.close(...args);
    expect(link.calls).toEqual([call]);
    link.end({ code: 3000, reason: 'I was first', clean: true, by: 'peer' });
    expect(await closing).toEqual({ code: 3000, reason: 'I was first', clean: true, by: 'peer', unread: 0 });
  });

  it('closes when it is disposed', async () => {
    const { link, client } = setUp();
    const disposing = client[Symbol.asyncDispose]();
    expect(link.calls).toEqual(['close 1000']);
    link.end({ code: 1000, clean: true, by: 'local' });
    expect(await disposing).toBeUndefined();
  });
});
