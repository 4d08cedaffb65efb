// Opens the socket of one client: the time that it may take, the signal that gives it up, and the
// conversation over the link. `connect.ts` calls it for `connect` and for each attempt of
// `connect.each`; a Connector (transport/) opens the link.

import type { Attempt } from './attempt.ts';
import type { ConnectedSocket } from '../socket/client-socket.ts';
import { Conversation } from '../conversation/conversation.ts';
import { abortable, unattended } from '../waiting/abortable.ts';
import type { Connector } from '../transport/connector.ts';
import { ConnectError } from '../core/errors.ts';
import { showCaller } from '../core/stack-trace.ts';

/** What a client is made of: it differs between Node and browsers. */
export interface ClientParts {
  readonly connector: Connector;
  readonly Socket: new (conversation: Conversation, url: string) => ConnectedSocket;
}

/**
 * Opens a link, and a conversation over it.
 *
 * @throws ConnectError, whose stack leads to the caller of `connect`; the signal's reason; the
 *   error of the connector. No socket, timer or listener is left.
 */
export function openClient(parts: ClientParts, attempt: Attempt): Promise<ConnectedSocket> {
  const start = (settle: (socket: ConnectedSocket) => void, fail: (error: unknown) => void): (() => void) =>
    begin(parts, attempt, settle, fail);
  const { signal } = attempt.settings;
  if (signal !== undefined) return abortable(signal, start);
  return unattended(new Promise((settle, fail) => void start(settle, fail)));
}

/** Begins the opening. @returns Gives it up. */
function begin(
  { connector, Socket }: ClientParts,
  { url, settings }: Attempt,
  settle: (socket: ConnectedSocket) => void,
  fail: (error: ConnectError) => void,
): () => void {
  const { clock, timeoutMs, trace } = settings;
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
        fail(showCaller(error, trace));
      },
    },
  );
  const timer = clock.setTimeout(() => {
    const error = cancel() ?? new ConnectError(undefined, { problem: `no answer within ${timeoutMs} ms` });
    fail(showCaller(error, trace));
  }, timeoutMs);
  return () => {
    clock.clearTimeout(timer);
    cancel();
  };
}
