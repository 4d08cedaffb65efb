// The opening of a client in memory, from its request to the answer of the host. `runServer` and
// the worlds of simulation/ open their clients here; check, admit and converse are
// memory-server.ts's.

import type { MemoryServer, Opened } from './memory-server.ts';
import type { HandshakeDeadline } from '../handshake/handshake-deadline.ts';
import { bodyOf, fieldsOf } from '../handshake/refusal.ts';
import type { HookAnswer, Refusal } from '../handshake/refusal.ts';
import type { HandshakeResult } from '../server/admission.ts';
import { answerTo } from '../server/answer-to.ts';
import { tellRefused } from '../server/host-hooks.ts';
import type { ShownSocket } from '../socket/shown-socket.ts';
import type { MemoryLinkOptions } from '../transport/memory-transport.ts';
import { MAX_BODY_BYTES, refusedError } from '../transport/ws/refused-answer.ts';
import type { Clock } from '../time/clock.ts';
import type { ConnectError } from '../core/errors.ts';
import { noop } from '../core/noop.ts';

/** A client that was accepted, or one that was not. */
export type Started = Opened | Refused;

/** The answer to a client, and what the client gets of it. */
interface Refused {
  readonly response: Response;
  readonly error: ConnectError;
}

/** How a client comes to its host. */
export interface Way {
  /** What carries its frames. Default: they arrive at once. */
  readonly wires?: MemoryLinkOptions['wires'];
  /** Gets the deadline of a handshake that is not decided in its turn. */
  readonly onWait?: (deadline: HandshakeDeadline) => void;
  /** Called when the host has decided, before it sends anything: the answer leaves first. */
  readonly onAnswer?: () => void;
}

/** Opens a client. */
export async function begin(
  memory: MemoryServer,
  request: MemoryServer['first'],
  { wires, onWait, onAnswer = noop }: Way = {},
): Promise<Started> {
  const pending = memory.check(request);
  const { clock } = memory.settings;
  if ('status' in pending) {
    onAnswer();
    return refusedWith(pending, clock);
  }
  memory.opening += 1;
  const onResult = (result: HandshakeResult): Started => {
    memory.opening -= 1;
    onAnswer();
    if (result.kind === 'accepted') return memory.open(pending, result, wires);
    pending.socketId.leave();
    const answer = answerTo(result, pending, memory.settings);
    tellRefused(memory.settings, pending.request, answer);
    return refusedWith(answer, clock);
  };
  return memory.host.admit(pending, onResult, onWait);
}

/** @throws ConnectError where the client was refused. */
export function clientOf(started: Started): ShownSocket {
  if ('error' in started) throw started.error;
  return started.client;
}

/** Gives an answer as the response and the error that a client on a port gets. */
function refusedWith(answer: Refusal | HookAnswer, clock: Clock): Refused {
  const [response, body] =
    'response' in answer ? [answer.response, answer.body] : [toResponse(answer), Buffer.from(bodyOf(answer))];
  const headers: Record<string, string> = {};
  for (const [name, value] of fieldsOf(answer)) {
    const before = headers[name.toLowerCase()];
    headers[name.toLowerCase()] = before === undefined ? value : `${before}, ${value}`;
  }
  const seen = body.subarray(0, MAX_BODY_BYTES);
  return { response, error: refusedError({ statusCode: response.status, headers }, seen, clock) };
}

function toResponse(refusal: Refusal): Response {
  const { status, headers } = refusal;
  return new Response(bodyOf(refusal), { status, ...(headers === undefined ? undefined : { headers }) });
}
