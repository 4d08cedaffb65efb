// Before the 101: the hook's turn, and what comes of it. The stream that waits
// is waiting-stream.ts's; how it is answered is the upgrade's.

import type { HandshakeAnswer } from './handshake.ts';
import { OpenHandshake } from './handshake.ts';
import type { HandshakeRequest } from './handshake-request.ts';
import type { WebSocketServer } from './servable.ts';
import type { TaskQueue } from '../time/task-queue.ts';
import type { LazySignal } from '../time/lazy-signal.ts';

/** A conversation that may come to be. */
export interface Arrival {
  readonly id: string;
  readonly request: HandshakeRequest;
  readonly server: WebSocketServer;
  /** The subprotocol to answer with, unless the hook sets another. */
  readonly protocol: string;
}

/** What the hook has come to. `over`: there was nobody left to answer, or no time. */
export type Verdict =
  | { readonly kind: 'accepted'; readonly context: unknown; readonly answer: HandshakeAnswer }
  | { readonly kind: 'refused'; readonly response: Response }
  | { readonly kind: 'failed'; readonly error: unknown }
  | { readonly kind: 'over' };

/** The verdict on a server without a hook. */
export function acceptedWithoutHook(protocol: string): Verdict & { readonly kind: 'accepted' } {
  return {
    kind: 'accepted',
    context: undefined,
    answer: { sharedConnection: false, protocol, responseHeaders: undefined },
  };
}

/**
 * Runs the hook when its turn comes. Never rejects.
 *
 * @param over - Ends the wait, in the queue or in the hook; what the hook does
 *   afterwards has no effect.
 */
export async function askPreServer(
  arrival: Arrival,
  admission: TaskQueue,
  over: LazySignal,
): Promise<Verdict> {
  const { id, request, server, protocol } = arrival;
  const handshake = new OpenHandshake(id, request, over.signal, protocol);
  try {
    const context: unknown = await admission.run<unknown>(
      () => server.onPreServer?.(handshake) as unknown,
      over.signal,
    );
    if (over.aborted) return { kind: 'over' };
    if (context instanceof Response) return { kind: 'refused', response: context };
    return { kind: 'accepted', context, answer: handshake.answer() };
  } catch (error) {
    return over.aborted ? { kind: 'over' } : { kind: 'failed', error };
  }
}
