// A site as applications build it: an Express 5 application with express-session over
// connect-redis and a Redis, and corosock on the same http server, the same store,
// cookie and secret. Its visitors keep one cookie each, as browsers do.

import { once } from 'node:events';
import { attach, expressSessionStore } from 'corosock';
import type { Host, HostOptions, Routes } from 'corosock';
import { parseSetCookie } from 'cookie';
import { RedisStore } from 'connect-redis';
import express from 'express';
import session from 'express-session';
import { createClient } from 'redis';
import type { RedisClientType } from 'redis';
import { WebSocket } from 'ws';
import { startRedis } from './redis-server.ts';
import { listen } from '../fixtures/listening-server.ts';

declare module 'express-session' {
  interface SessionData {
    user: string;
    notes: string[];
  }
}

const COOKIE = 'shop.sid';
const SECRET = 'a secret of 32 bytes, as it seems';
const TIMEOUT_MS = 900_000;

export interface Site extends AsyncDisposable {
  readonly host: Host;
  /** What `report` was told: codes or messages. */
  readonly reports: readonly string[];
  /** The connection of the application and of the host; to be destroyed for a store that is down. */
  readonly redis: RedisClientType;
  visitor(): Visitor;
}

/** Opens a site: `/login`, `/logout`, `/me`, `/note`, and the conversations of `routes`. */
export async function openSite(routes: Routes, options: HostOptions = {}): Promise<Site> {
  const server = await startRedis();
  const redis: RedisClientType = createClient({ url: server.url, disableOfflineQueue: true });
  redis.on('error', () => {});
  await redis.connect();
  const store = new RedisStore({ client: redis });
  const http = await listen(application(store));
  const reports: string[] = [];
  const host = attach(http.server, routes, {
    sessions: { secret: SECRET, cookie: COOKIE, store: expressSessionStore(store), timeoutMs: TIMEOUT_MS },
    report: (error) => void reports.push(codeOf(error)),
    ...options,
  });
  return {
    host,
    reports,
    redis,
    visitor: () => new Visitor(http.port),
    async [Symbol.asyncDispose]() {
      await host.close({ graceMs: 0 });
      await http[Symbol.asyncDispose]();
      if (redis.isOpen) redis.destroy();
      await server[Symbol.asyncDispose]();
    },
  };
}

function application(store: session.Store): express.Express {
  const app = express();
  app.use(
    session({
      name: COOKIE,
      secret: SECRET,
      store,
      resave: false,
      saveUninitialized: false,
      cookie: { maxAge: TIMEOUT_MS },
    }),
  );
  app.post('/login/:user', (request, response) => {
    request.session.user = request.params.user;
    response.end();
  });
  app.post('/logout', (request, response, next) => {
    request.session.destroy((error: unknown) => (error ? next(error) : response.end()));
  });
  app.post('/note/:text', (request, response) => {
    request.session.notes = [...(request.session.notes ?? []), request.params.text];
    response.end();
  });
  app.get('/me', ({ session: { user = 'nobody', notes = [] } }, response) => {
    response.json({ user, notes });
  });
  return app;
}

/** Somebody with a browser: one cookie, sent with all requests. */
export class Visitor {
  cookie: string | undefined;
  readonly #port: number;

  constructor(port: number) {
    this.#port = port;
  }

  /** A visitor with the same cookie: another tab, or a thief. */
  twin(): Visitor {
    const twin = new Visitor(this.#port);
    twin.cookie = this.cookie;
    return twin;
  }

  async post(path: string): Promise<void> {
    await this.#fetch(path, 'POST');
  }

  async get(path: string): Promise<unknown> {
    return await (await this.#fetch(path, 'GET')).json();
  }

  /** Opens a conversation; rejects with the HTTP status of a refusal. */
  async connect(path: string): Promise<Talk> {
    const socket = new WebSocket(`ws://127.0.0.1:${this.#port}${path}`, { headers: this.#headers() });
    const talk = new Talk(socket);
    socket.on('upgrade', ({ headers }) => this.#keep(headers['set-cookie']?.[0]));
    await new Promise<void>((resolve, reject) => {
      socket.on('open', resolve);
      socket.on('error', reject);
      socket.on('unexpected-response', (_request, { statusCode, headers }) => {
        this.#keep(headers['set-cookie']?.[0]);
        reject(new Error(`refused with ${statusCode}`));
      });
    });
    return talk;
  }

  async #fetch(path: string, method: string): Promise<Response> {
    const url = `http://127.0.0.1:${this.#port}${path}`;
    const response = await fetch(url, { method, headers: this.#headers() });
    this.#keep(response.headers.getSetCookie()[0]);
    return response;
  }

  #headers(): Record<string, string> {
    return this.cookie === undefined ? {} : { cookie: this.cookie };
  }

  #keep(setCookie: string | undefined): void {
    if (setCookie === undefined) return;
    const { name, value } = parseSetCookie(setCookie);
    this.cookie = `${name}=${encodeURIComponent(value ?? '')}`;
  }
}

/** A visitor's end of a conversation. */
export class Talk {
  readonly #socket: WebSocket;
  readonly #heard: string[] = [];
  /** The code that it was closed with. */
  readonly closed: Promise<number>;

  constructor(socket: WebSocket) {
    this.#socket = socket;
    socket.on('message', (data: Buffer) => this.#heard.push(data.toString()));
    this.closed = once(socket, 'close').then(([code]) => code as number);
  }

  say(text: string): void {
    this.#socket.send(text);
  }

  /** The next message, which may have come already. */
  async hear(): Promise<string> {
    while (this.#heard.length === 0) await once(this.#socket, 'message');
    return this.#heard.shift() as string;
  }

  close(): void {
    this.#socket.close();
  }
}

function codeOf(error: unknown): string {
  const code = error instanceof Error && 'code' in error ? error.code : error;
  return String(code);
}
