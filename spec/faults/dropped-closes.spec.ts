// Peers that drop the link in place of an answer to our close frame, as many do. A stream that we ended
// is then no error, on a server and on a client.

import { once } from 'node:events';
import type { IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Duplex } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { serve } from 'corosock';
import type { CloseInfo, ServerSocket } from 'corosock';
import { connect } from 'corosock/client';
import { describe, expect, it } from 'vitest';
import type { WebSocket } from 'ws';
import { WebSocketServer } from 'ws';
import { closeFrame, textFrame } from '../peers/frames.ts';
import { openRaw } from '../peers/raw-client.ts';

describe('a peer that drops the link in place of an answer to our close frame', () => {
  it.each(['reset', 'halfClose'] as const)(
    'W14: by %s: the pipeline of a handler ends without an error',
    async (drop) => {
      let told: (outcome: unknown) => void = () => {};
      const outcome = new Promise<unknown>((resolve) => (told = resolve));
      const server = async (ws: ServerSocket): Promise<void> => {
        const peer = Duplex.fromWeb(ws, { objectMode: true });
        const ended = await pipeline(['all', 'of', 'it'], peer).then(
          () => 'finished',
          (error: unknown) => error,
        );
        told([ended, ws.closeInfo]);
      };
      await using host = await serve(server);
      using peer = await openRaw(host.port);
      expect([await peer.nextText(), await peer.nextText(), await peer.nextText()]).toEqual([
        'all',
        'of',
        'it',
      ]);
      await peer.untilCloseFrame();
      peer[drop]();
      expect(await outcome).toEqual([
        'finished',
        expect.objectContaining({ code: 1000, clean: false, by: 'local' }),
      ]);
    },
  );

  it('W14: the streams of a client end without an error', async () => {
    const server = new WebSocketServer({ port: 0, host: '127.0.0.1' });
    server.on('connection', (_: WebSocket, { socket }: IncomingMessage) => {
      // `ws` would answer.
      socket.removeAllListeners('data');
      let bytes = 0;
      socket.on('data', ({ length }: Buffer) => {
        bytes += length;
        if (bytes >= textFrame('last').length + closeFrame(1000).length) socket.destroy();
      });
    });
    await once(server, 'listening');
    const ws = await connect(`ws://127.0.0.1:${(server.address() as AddressInfo).port}`);
    const writer = ws.writable.getWriter();
    await writer.write('last');
    await writer.close();
    const { done } = await ws.readable.getReader().read();
    const end: CloseInfo = await ws.closed;
    expect([done, end.clean, end.by]).toEqual([true, false, 'local']);
    server.close();
  });
});
