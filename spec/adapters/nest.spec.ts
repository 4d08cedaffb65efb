// A gateway of Nest over corosock, unchanged: its WsAdapter with a server that corosock feeds, and
// a client of `ws`, over a port. The page for users: docs/guide/adapters.md.

import { once } from 'node:events';
import type { IncomingMessage, Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Module } from '@nestjs/common';
import type { INestApplication } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { WsAdapter } from '@nestjs/platform-ws';
import { ConnectedSocket, MessageBody, SubscribeMessage, WebSocketGateway } from '@nestjs/websockets';
import { asWs, attach } from 'corosock';
import type { Handshake, Host, ServerSocket, WsView } from 'corosock';
import { map, range } from 'rxjs';
import type { Observable } from 'rxjs';
import { describe, expect, it } from 'vitest';
import { WebSocket, WebSocketServer } from 'ws';

/** Opens the sockets of gateways by corosock. */
class CorosockAdapter extends WsAdapter {
  readonly #hosts = new Map<WebSocketServer, Host>();

  override create(_port: number, { path = '/' }: { readonly path?: string } = {}): WebSocketServer {
    const wss = new WebSocketServer({ noServer: true });
    const host = attach(this.httpServer as Server, {
      [path]: {
        onPreServer: ({ request }: Handshake) => request.raw as IncomingMessage,
        async server(ws: ServerSocket<IncomingMessage>) {
          const socket = asWs(ws);
          wss.clients.add(socket);
          wss.emit('connection', socket, ws.context);
          await ws.closed;
          wss.clients.delete(socket);
        },
      },
    });
    this.#hosts.set(wss, host);
    return this.bindErrorHandler(wss) as WebSocketServer;
  }

  override async close(wss: WebSocketServer): Promise<void> {
    await this.#hosts.get(wss)?.close({ graceMs: 0 });
    await super.close(wss);
  }
}

const events: unknown[] = [];

@WebSocketGateway({ path: '/chat' })
class ChatGateway {
  handleConnection(client: WsView, request: IncomingMessage): void {
    events.push(['connected', request.url, client.readyState]);
  }

  handleDisconnect(client: WsView): void {
    events.push(['disconnected', client.readyState]);
  }

  @SubscribeMessage('hello')
  hello(@MessageBody() name: string, @ConnectedSocket() client: WsView): object {
    client.send('direct');
    return { event: 'greeting', data: `hello ${name}` };
  }

  @SubscribeMessage('count')
  count(): Observable<object> {
    return range(1, 3).pipe(map((data) => ({ event: 'count', data })));
  }
}

@Module({ providers: [ChatGateway] })
// oxlint-disable-next-line typescript/no-extraneous-class -- the modules of Nest are such
class ChatModule {}

async function nestApp(): Promise<{ readonly app: INestApplication; readonly url: string }> {
  const app = await NestFactory.create(ChatModule, { logger: false });
  app.useWebSocketAdapter(new CorosockAdapter(app));
  await app.listen(0, '127.0.0.1');
  const { port } = (app.getHttpServer() as Server).address() as AddressInfo;
  return { app, url: `ws://127.0.0.1:${port}/chat` };
}

/** Says something to a gateway, and gives so many of its answers. */
async function ask(url: string, event: string, data: unknown, answers: number): Promise<readonly string[]> {
  const client = new WebSocket(url);
  const heard: string[] = [];
  client.on('message', (message: Buffer) => {
    if (heard.push(message.toString()) === answers) client.close(1000);
  });
  await once(client, 'open');
  client.send(JSON.stringify({ event, data }));
  await once(client, 'close');
  return heard;
}

describe('a gateway of Nest', () => {
  it('answers, and knows of its clients', async () => {
    const { app, url } = await nestApp();
    events.length = 0;
    expect(await ask(url, 'hello', 'Ada', 2)).toEqual(['direct', '{"event":"greeting","data":"hello Ada"}']);
    await app.close();
    expect(events).toEqual([
      ['connected', '/chat', 1],
      ['disconnected', 3],
    ]);
  });

  it('sends all values of an observable', async () => {
    const { app, url } = await nestApp();
    expect(await ask(url, 'count', undefined, 3)).toEqual(
      [1, 2, 3].map((data) => JSON.stringify({ event: 'count', data })),
    );
    await app.close();
  });

  it('closes its clients with the application, and refuses other paths', async () => {
    const { app, url } = await nestApp();
    const client = new WebSocket(url);
    await once(client, 'open');
    const closed = once(client, 'close');
    const other = new WebSocket(url.replace('/chat', '/else'));
    const [error] = (await once(other, 'error')) as [Error];
    expect(error.message).toBe('Unexpected server response: 404');
    await app.close();
    expect((await closed)[0]).toBe(1001);
  });
});
