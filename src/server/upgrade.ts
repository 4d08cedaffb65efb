// One upgrade on the wire. serving-host.ts makes it of a request that keeps the rules; it keeps
// the stream while admission.ts decides, and then answers: with the 101 of transport/ws/acceptor.ts
// or with a refusal.

import type { Duplex } from 'node:stream';
import type { AcceptedHandshake, HandshakeResult, PendingHandshake, RejectedHandshake } from './admission.ts';
import { cancel } from './admission.ts';
import { answerTo } from './answer-to.ts';
import { whereOf } from './report.ts';
import type { AnswerSettings } from './answer-to.ts';
import { EARLY_BYTES, EarlyData, startReads, stopReads } from '../handshake/early-data.ts';
import { tellRefused } from './host-hooks.ts';
import type { LogHooks } from './host-hooks.ts';
import type { HandshakeDeadline } from '../handshake/handshake-deadline.ts';
import type { UpgradeRequest } from '../handshake/handshake-request.ts';
import { refuse, REFUSALS } from '../handshake/refusal.ts';
import type { HookAnswer, Refusal } from '../handshake/refusal.ts';
import type { UpgradeEvent, WsAcceptor } from '../transport/ws/acceptor.ts';
import type { WsTransport } from '../transport/ws/transport.ts';
import type { Clock } from '../time/clock.ts';
import { UsageError } from '../core/errors.ts';
import { noop } from '../core/noop.ts';

/** A handshake whose request came over the wire. */
export interface PendingUpgrade extends PendingHandshake {
  readonly request: UpgradeRequest;
}

export interface UpgradeSettings extends AnswerSettings, LogHooks {
  readonly clock: Clock;
}

/** Keeps the stream of one upgrade until it is answered. */
export class Upgrade {
  readonly #event: UpgradeEvent;
  readonly #pending: PendingUpgrade;
  readonly #acceptor: WsAcceptor;
  readonly #settings: UpgradeSettings;
  /** Undefined if the handshake is decided in the same turn: no data can come meanwhile. */
  #earlyData: EarlyData | undefined;
  #isHeld = false;

  constructor(event: UpgradeEvent, pending: PendingUpgrade, acceptor: WsAcceptor, settings: UpgradeSettings) {
    this.#event = event;
    this.#pending = pending;
    this.#acceptor = acceptor;
    this.#settings = settings;
  }

  /**
   * Holds the stream of a handshake that is not decided at once. It has no other listener: a reset
   * would end the process.
   */
  hold(): void {
    const { stream, head } = this.#event;
    this.#isHeld = true;
    stream.on('error', noop);
    // Before the event loop reads on: `wait` comes a turn later.
    if (head.byteLength >= EARLY_BYTES) stopReads(stream);
  }

  /** Keeps what the client sends from now on, and ends the deadline when the client leaves. */
  wait(deadline: HandshakeDeadline): void {
    const { stream, head } = this.#event;
    this.#earlyData = new EarlyData(stream, head, deadline, this.#settings.clock);
  }

  /** Answers the client. @returns The open link; undefined where no conversation comes of it. */
  answer(result: HandshakeResult): WsTransport | undefined {
    const head = this.#earlyData?.release() ?? this.#event.head;
    if (head.byteLength >= EARLY_BYTES) startReads(this.#event.stream);
    if (result.kind === 'accepted') return this.#accept(head, result);
    this.#reject(result);
    return undefined;
  }

  #accept(head: Buffer, accepted: AcceptedHandshake): WsTransport | undefined {
    const { request, stream } = this.#event;
    const { protocol } = accepted.answer;
    let transport: WsTransport | undefined;
    // Remove ours first: `ws` adds its own below, and for two listeners Node keeps an array.
    if (this.#isHeld) stream.off('error', noop);
    try {
      const outcome = this.#acceptor.accept(
        { request, stream, head },
        { protocol, headerLines: headerLinesOf(accepted) },
      );
      if (outcome instanceof Error) this.#refuse(REFUSALS.extensions);
      else transport = outcome;
    } catch (error) {
      // No `ws` may listen to it: a reset would end the process.
      stream.on('error', noop);
      this.#settings.report(error, whereOf(this.#pending, 'handshake'));
    }
    // The client has disconnected, or its request was malformed after all.
    if (transport === undefined) cancel(accepted);
    else this.#release(accepted);
    // It was paused by us, or by its server before the hand-over. A stream that another `ws` has
    // upgraded is left alone.
    if (transport !== undefined || this.#earlyData !== undefined) stream.resume();
    return transport;
  }

  /** The 101 is on its way: Node's request is not needed any more. */
  #release({ server }: AcceptedHandshake): void {
    const { request } = this.#pending;
    // Read it now, so that it is kept: `onPostServer` and `onClose` run after the connection has
    // closed.
    if (server.onPostServer !== undefined || this.#settings.onClose !== undefined) void request.remoteAddress;
    request.releaseRaw();
  }

  #reject(rejected: RejectedHandshake): void {
    const { stream } = this.#event;
    // A client that has ended its side cannot converse: it is as gone as one that has reset.
    if (rejected.kind === 'over' && rejected.why === 'gone') return void stream.destroy();
    this.#refuse(answerTo(rejected, this.#pending, this.#settings));
  }

  #refuse(answer: Refusal | HookAnswer): void {
    const { request, stream } = this.#event;
    refuse(stream, answer, this.#settings.clock, request.method);
    tellRefused(this.#settings, this.#pending.request, answer);
  }
}

const NO_LINES: readonly string[] = Object.freeze([]);

function headerLinesOf({ answer, setCookie }: AcceptedHandshake): readonly string[] {
  const ours = setCookie === undefined ? NO_LINES : [`Set-Cookie: ${setCookie}`];
  if (answer.responseHeaders === undefined) return ours;
  return [...Array.from(answer.responseHeaders, ([name, value]) => `${name}: ${value}`), ...ours];
}

/** Marks the streams that a host was given, for all hosts. */
const HANDED_OVER: unique symbol = Symbol('handed over');
type HandedStream = Duplex & { [HANDED_OVER]?: true };

/** @returns false for a stream that a host was given before. */
export function markHandedOver(stream: HandedStream): boolean {
  if (stream[HANDED_OVER] === true) return false;
  stream[HANDED_OVER] = true;
  return true;
}

/** Makes the error of a stream that a host was given twice. */
export function handedOver(): UsageError {
  return new UsageError(
    'COROSOCK_HANDED_OVER',
    'host.handleUpgrade(): expected a stream that no host was given before, got one that was',
  );
}
