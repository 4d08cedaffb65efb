// The opening of a client in memory, from its request to the answer of the host. `runServer` and
// the worlds of simulation/ open their clients here; check, admit and converse are
// memory-server.ts's.

import type { MemoryServer, Opened } from './memory-server.ts';
import type { HandshakeDeadline } from '../handshake/handshake-deadline.ts';
import type { Refusal } from '../handshake/refusal.ts';
import type { HandshakeResult } from '../server/admission.ts';
import { answerTo } from '../server/answer-to.ts';
import { tellRefused } from '../server/host-hooks.ts';
import type { ShownSocket } from '../socket/shown-socket.ts';
import type { MemoryLinkOptions } from '../transport/memory-transport.ts';
import { ConnectError } from '../core/errors.ts';

/** A client that was accepted, or the answer to one that was not. */
export type Started = Opened | { readonly response: Response };

/** How a client comes to its host. */
export interface Way {
  /** What carries its frames. Default: they arrive at once. */
  readonly wires?: MemoryLinkOptions['wires'];
  /** Gets the deadline of a handshake that is not decided in its turn. */
  readonly onWait?: (deadline: HandshakeDeadline) => void;
}

/** Opens a client. */
export async function begin(
  memory: MemoryServer,
  request: MemoryServer['first'],
  { wires, onWait }: Way = {},
): Promise<Started> {
  const pending = memory.check(request);
  if ('status' in pending) return { response: toResponse(pending) };
  memory.opening += 1;
  const onResult = (result: HandshakeResult): Started => {
    memory.opening -= 1;
    if (result.kind === 'accepted') return memory.open(pending, result, wires);
    pending.socketId.leave();
    const answer = answerTo(result, pending, memory.settings);
    tellRefused(memory.settings, pending.request, answer);
    return { response: 'response' in answer ? answer.response : toResponse(answer) };
  };
  return memory.host.admit(pending, onResult, onWait);
}

/** @throws ConnectError where the client was refused. */
export function clientOf(started: Started): ShownSocket {
  if ('response' in started) throw new ConnectError(started.response.status);
  return started.client;
}

/** Gives a refusal as the response that a client on a port gets. */
function toResponse({ status, text, headers }: Refusal): Response {
  return new Response(`${text}\n`, { status, ...(headers === undefined ? undefined : { headers }) });
}
