// `openServer` of hosts and hubs: opens a shared socket by its id, of this process or of another
// node. They call it with arguments of users, and with the sockets of both.

import type { OpenResult } from './host.ts';
import { SocketHandle } from './hosted-socket.ts';
import type { HostedSocket } from './hosted-socket.ts';
import type { RemoteSockets } from '../hub/remote-sockets.ts';
import { unattended } from '../waiting/abortable.ts';
import { badArgument } from '../core/arguments.ts';
import { checkWait } from '../core/wait-options.ts';
import type { WaitOptions } from '../core/wait-options.ts';

/** The open sockets of this process, found by id. The registry of runs is one. */
export interface OpenSocketsById {
  /** undefined: no open socket has this id. */
  find(id: string): HostedSocket | undefined;
}

const NOT_FOUND: OpenResult = Object.freeze([undefined, 'not-found']);
const NOT_SHARED: OpenResult = Object.freeze([undefined, 'not-shared']);

/**
 * Refuses what no call of `openServer`, of a host or a hub, may have.
 *
 * @throws UsageError `COROSOCK_ARGUMENT`. The reason of the signal, where that has aborted.
 */
export function checkOpen(call: string, id: unknown, options: WaitOptions): void {
  if (typeof id !== 'string') throw badArgument(call, 'the id of a socket', id);
  checkWait(call, options);
  options.signal?.throwIfAborted();
}

/**
 * Opens a socket of this process.
 *
 * @returns A handle of its own for each call; `not-found` also for a socket that has ended.
 */
export function openLocally(sockets: OpenSocketsById, id: string): OpenResult {
  const ws = sockets.find(id);
  if (ws === undefined) return NOT_FOUND;
  return ws.sharedConnection ? [SocketHandle.on(ws), 'ok'] : NOT_SHARED;
}

/**
 * Opens a socket of another node.
 *
 * @throws The reason of the signal.
 */
export function openElsewhere(remote: RemoteSockets, id: string, options: WaitOptions): Promise<OpenResult> {
  const result = async (): Promise<OpenResult> => {
    const opened = await remote.open(id, options);
    if (typeof opened === 'string') return [undefined, opened];
    return [new SocketHandle({ id, conversation: opened }), 'ok'];
  };
  return unattended(result());
}
