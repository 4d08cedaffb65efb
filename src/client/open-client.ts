// Opens the socket of one client: the time that it may take, the signal that gives it up, and the
// conversation over the link. `connect.ts` calls it for `connect` and for each attempt of
// `connect.each`; a Connector (transport/) opens the link.

import type { ClientSettings } from './connect-options.ts';
import type { ClientSocket } from '../socket/client-socket.ts';
import { Conversation } from '../conversation/conversation.ts';
import { abortable, unattended } from '../waiting/abortable.ts';
import type { Connector } from '../transport/connector.ts';
import { ConnectError } from '../core/errors.ts';

/** What a client is made of: it differs between Node and browsers. */
export interface ClientParts {
  readonly connector: Connector;
  readonly Socket: new (conversation: Conversation, url: string) => ClientSocket;
}

/**
 * Opens a link, and a conversation over it.
 *
 * @param url - With the scheme `ws:` or `wss:`, and without a fragment.
 * @throws ConnectError; the signal's reason. No socket, timer or listener is left.
 */
export function openClient(parts: ClientParts, url: URL, settings: ClientSettings): Promise<ClientSocket> {
  const start = (settle: (socket: ClientSocket) => void, fail: (error: unknown) => void): (() => void) =>
    begin(parts, url, settings, settle, fail);
  const { signal } = settings;
  if (signal !== undefined) return abortable(signal, start);
  return unattended(new Promise((settle, fail) => void start(settle, fail)));
}

/** Begins the opening. @returns Gives it up. */
function begin(
  { connector, Socket }: ClientParts,
  url: URL,
  settings: ClientSettings,
  settle: (socket: ClientSocket) => void,
  fail: (error: ConnectError) => void,
): () => void {
  const { clock, timeoutMs } = settings;
  const cancel = connector(
    { ...settings, url },
    {
      opened: (transport) => {
        clock.clearTimeout(timer);
        // Before any message is delivered: the queue and its limits exist first (I8).
        settle(new Socket(new Conversation(transport, settings), url.href));
      },
      failed: (error) => {
        clock.clearTimeout(timer);
        fail(error);
      },
    },
  );
  const timer = clock.setTimeout(() => {
    cancel();
    fail(new ConnectError(undefined, { problem: `no answer within ${timeoutMs} ms` }));
  }, timeoutMs);
  return () => {
    clock.clearTimeout(timer);
    cancel();
  };
}
