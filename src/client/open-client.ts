// The opening of one client's socket: the time it may take, what gives it up, and
// the conversation over the link that comes of it. How a link is opened is the
// connector's business.

import type { ClientSettings } from './client-settings.ts';
import type { ClientSocket } from '../socket/client-socket.ts';
import { Conversation } from '../conversation/conversation.ts';
import { abortable, unattended } from '../waiting/abortable.ts';
import type { Connector } from '../transport/connector.ts';
import { ConnectError } from '../core/errors.ts';

/** What opens links, and what users hold of them. */
export interface ClientKind {
  readonly connector: Connector;
  readonly Socket: new (conversation: Conversation, url: string) => ClientSocket;
}

/** What comes of an opening: gives the socket, or throws. */
type Outcome = () => ClientSocket;

/**
 * Opens a link, and makes a conversation over it.
 *
 * @param url - Checked by `clientUrl`.
 * @throws ConnectError; the signal's reason. No socket, timer or listener is left.
 */
export function openClient(kind: ClientKind, url: URL, settings: ClientSettings): Promise<ClientSocket> {
  const { signal } = settings;
  const start = (settle: (outcome: Outcome) => void): (() => void) => begin(kind, url, settings, settle);
  const outcome =
    signal === undefined ? new Promise<Outcome>((settle) => void start(settle)) : abortable(signal, start);
  return unattended(outcome.then((take) => take()));
}

/** @returns What gives it up. */
function begin(
  { connector, Socket }: ClientKind,
  url: URL,
  settings: ClientSettings,
  settle: (outcome: Outcome) => void,
): () => void {
  const { clock, timeoutMs } = settings;
  const fail = (error: ConnectError): void => {
    clock.clearTimeout(timer);
    settle(() => {
      throw error;
    });
  };
  const cancel = connector(
    { ...settings, url },
    {
      opened: (transport) => {
        clock.clearTimeout(timer);
        // Before anything is delivered: the queue and its bounds are there first (I8).
        const socket = new Socket(new Conversation(transport, settings), url.href);
        settle(() => socket);
      },
      failed: fail,
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
