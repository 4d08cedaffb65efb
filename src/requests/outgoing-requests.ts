// The requests of this end that wait for a reply: their ids, their time-outs, and how each settles
// once. requests.ts sends them and brings the replies; json-rpc.ts is what they look like.

import { INTERNAL_ERROR } from './json-rpc.ts';
import type { Outcome } from './json-rpc.ts';
import { ReplyError } from './request-error.ts';
import { noop } from '../core/noop.ts';
import type { ParkedWait, Resolver } from '../core/parked-wait.ts';
import { CLOSED, TIMED_OUT } from '../core/status.ts';
import type { ReadResult, WriteStatus } from '../core/status.ts';
import { Deadline } from '../time/deadline.ts';
import type { DeadlineOwner } from '../time/deadline.ts';
import type { Scheduling } from '../time/scheduling.ts';
import { abortable } from '../waiting/abortable.ts';
import { looseWaits } from '../waiting/loose-waits.ts';
import type { LooseWait, WaitHolder } from '../waiting/loose-waits.ts';

/** How a request settles. `timeout`: no reply has come; the peer may have done what was asked. */
export type Answer = Outcome | 'timeout' | 'closed';

type Settle = (answer: Answer) => void;

/** One request that waits. */
class PendingRequest implements DeadlineOwner, ParkedWait {
  readonly id: number;
  readonly settle: Settle;
  readonly resolver: Resolver;
  readonly sinceMs: number;
  readonly deadline: Deadline;
  readonly #list: OutgoingRequests;

  constructor(
    id: number,
    list: OutgoingRequests,
    { deadlines }: Scheduling,
    settle: Settle,
    resolver: Resolver,
  ) {
    this.id = id;
    this.#list = list;
    this.settle = settle;
    this.resolver = resolver;
    this.sinceMs = deadlines.now();
    this.deadline = new Deadline(deadlines, this);
  }

  onDeadline(): void {
    this.#list.settle(this.id, 'timeout');
  }
}

/** Keeps the requests that wait, by id. Each settles once, and then leaves nothing (I7). */
export class OutgoingRequests implements WaitHolder {
  readonly #scheduling: Scheduling;
  readonly #pending = new Map<number, PendingRequest>();
  /** Ids are counted, and never used again: a late reply meets no other request. */
  #lastId = 0;

  constructor(scheduling: Scheduling) {
    this.#scheduling = scheduling;
  }

  /** Requests that wait. */
  get size(): number {
    return this.#pending.size;
  }

  /**
   * Sends a request, and waits for its reply.
   *
   * An abort rejects with the signal's reason. The request then waits no longer, and its reply is
   * ignored. A message that still waits for room is not sent.
   *
   * @param send - Sends it under this id. What it gives, other than `ok`, is the answer.
   */
  add(
    timeoutMs: number,
    signal: AbortSignal | undefined,
    send: (id: number) => Promise<WriteStatus>,
  ): Promise<Answer> {
    if (signal === undefined)
      return new Promise((settle) => void this.#park(timeoutMs, settle, settle, send));
    return abortable(signal, (settle, _, resolver) => {
      const { id } = this.#park(timeoutMs, settle, resolver, send);
      return () => void this.#remove(id);
    });
  }

  /**
   * Settles the request with this id.
   *
   * @returns false where none with this id waits: it was answered before, has timed out or was
   *   aborted, or never was.
   */
  settle(id: unknown, answer: Answer): boolean {
    const request = this.#remove(id);
    request?.settle(answer);
    return request !== undefined;
  }

  /** Settles all with `closed`. */
  close(): void {
    for (const id of this.#pending.keys()) this.settle(id, 'closed');
  }

  // Called by `host.waits`.

  readonly isDone = false;

  get held(): readonly LooseWait[] {
    return Array.from(this.#pending.values(), (request): LooseWait => ['other', request]);
  }

  #park(
    timeoutMs: number,
    settle: Settle,
    resolver: Resolver,
    send: (id: number) => Promise<WriteStatus>,
  ): PendingRequest {
    this.#lastId += 1;
    if (this.#lastId === 1) looseWaits.hold(this);
    const request = new PendingRequest(this.#lastId, this, this.#scheduling, settle, resolver);
    this.#pending.set(request.id, request);
    request.deadline.setAt(request.sinceMs + timeoutMs);
    send(request.id).then((status) => {
      if (status !== 'ok') this.settle(request.id, status);
      // It rejects for the abort of the signal, which ends the request, too.
    }, noop);
    return request;
  }

  #remove(id: unknown): PendingRequest | undefined {
    const request = this.#pending.get(id as number);
    if (request === undefined) return undefined;
    this.#pending.delete(request.id);
    request.deadline.stop();
    return request;
  }
}

/** Gives a request what it has come to. @throws RequestError for an error of the peer. */
export function resultOf<T>(answer: Answer): ReadResult<T> {
  if (answer === 'timeout') return TIMED_OUT;
  if (answer === 'closed') return CLOSED;
  if (answer.kind === 'result') return [answer.value as T, 'ok'];
  throw errorOf(answer);
}

/** Makes the error of a reply that is no result. */
function errorOf(answer: Exclude<Outcome, { readonly kind: 'result' }>): ReplyError {
  if (answer.kind === 'error') return new ReplyError(answer.code, answer.message, answer.data);
  return new ReplyError(INTERNAL_ERROR.code, 'The reply is none of JSON-RPC 2.0');
}
