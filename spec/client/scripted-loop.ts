// An iteration of `connect.each` whose rounds the spec controls.

import { settle } from 'corosock/testing';
import type { ClientSocket, ConnectEachOptions, EachUrl } from 'corosock/client';
import type { ConnectedSocket } from '../../src/socket/client-socket.ts';
import { scriptedClient } from './scripted-connector.ts';
import type { ScriptedClient } from './scripted-connector.ts';

export interface Loop extends ScriptedClient {
  readonly sockets: AsyncIterableIterator<ClientSocket>;
  /** Opens the newest attempt. @returns Both ends. */
  round(): Promise<{ readonly ws: ClientSocket; readonly server: ConnectedSocket }>;
}

/** Makes an iteration. An attempt may take longer than any wait. */
export function loop(options: ConnectEachOptions = {}, url: EachUrl = 'ws://host/'): Loop {
  const client = scriptedClient();
  const { clock, attempts } = client;
  const sockets = client.connect.each(url, { clock, timeoutMs: 1_000_000, ...options });
  const round = async (): Promise<{ ws: ClientSocket; server: ConnectedSocket }> => {
    const before = attempts.length;
    const next = sockets.next();
    await settle();
    if (attempts.length === before) await clock.advance(30_000);
    const server = client.attempt().opens();
    return { ws: (await next).value as ClientSocket, server };
  };
  return { ...client, sockets, round };
}
