// Upgrades, from a judged request to a conversation or a refusal: the hook's
// turn, the 101, the answers. What is served is the host's, which listens.

import { HandshakeDeadline } from '../handshake/handshake-deadline.ts';
import { REFUSALS } from '../handshake/rules.ts';
import type { HostSettings } from './host-options.ts';
import { acceptedAtOnce, isPlain, prepare } from './admission.ts';
import type { AcceptedHandshake, PendingHandshake, Refused, HandshakeResult } from './admission.ts';
import type { Refusal } from '../handshake/refusal.ts';
import { refuse, refuseWith } from '../handshake/refusal.ts';
import { checkHooks } from './routes.ts';
import { TaskQueue } from '../waiting/task-queue.ts';
import { EarlyData } from '../handshake/early-data.ts';
import { WsAcceptor } from '../transport/ws/acceptor.ts';
import type { UpgradeRequest } from '../transport/ws/acceptor.ts';
import type { WsTransport } from '../transport/ws/transport.ts';
import { LinkedList } from '../structures/linked-list.ts';
import type { HandshakeEnd } from '../core/errors.ts';
import { noop } from '../core/noop.ts';

/** Who hears of a link that is open. */
export interface UpgradeListener {
  upgradeOnOpen(transport: WsTransport, arrival: PendingHandshake, accepted: AcceptedHandshake): void;
}

/** Takes upgrades through their handshake. */
export class Upgrades {
  readonly #settings: HostSettings;
  readonly #listener: UpgradeListener;
  readonly #acceptor: WsAcceptor;
  /** `onPreServer` hooks, so many at once. */
  readonly #admission: TaskQueue;
  /** Of the handshakes whose hook has not decided. */
  readonly #waiting = new LinkedList<HandshakeDeadline>();
  #isClosing = false;

  constructor(settings: HostSettings, listener: UpgradeListener) {
    this.#settings = settings;
    this.#listener = listener;
    this.#acceptor = new WsAcceptor(settings);
    this.#admission = new TaskQueue(settings.maxHandshakes);
  }

  get isClosing(): boolean {
    return this.#isClosing;
  }

  /** Answers an upgrade that keeps the rules: at once, or when its hook has decided. */
  take(upgrade: UpgradeRequest, arrival: PendingHandshake): void {
    if (this.#isClosing) return this.refuse(upgrade, REFUSALS.closing);
    if (isPlain(arrival)) return void this.#accept(upgrade, arrival, acceptedAtOnce(arrival.protocol));
    this.#askAndAnswer(upgrade, arrival);
  }

  /**
   * Asks what has to be asked, and goes on with what has come of it, in the same turn:
   * a handshake whose deadline has ended meanwhile, or whose host closes, is over.
   */
  decide<T>(
    arrival: PendingHandshake,
    deadline: HandshakeDeadline,
    goOn: (verdict: HandshakeResult) => T,
  ): Promise<T> {
    this.#waiting.append(deadline);
    return prepare(arrival, this.#admission, deadline.over).then((verdict) => {
      this.#waiting.remove(deadline);
      deadline.stop();
      return goOn(finalVerdict(verdict, arrival, deadline.why));
    });
  }

  /** Refuses what waits for its hook, and from now on all. */
  close(): void {
    this.#isClosing = true;
    for (const deadline of this.#waiting) deadline.end('closing');
  }

  refuse({ request, stream }: UpgradeRequest, refusal: Refusal): void {
    refuse(stream, refusal, this.#settings.clock, request.method);
  }

  #askAndAnswer(upgrade: UpgradeRequest, arrival: PendingHandshake): void {
    const { clock, handshakeTimeoutMs } = this.#settings;
    // Nobody else listens to the stream of an upgrade: a reset would bring the process down.
    upgrade.stream.on('error', noop);
    const deadline = new HandshakeDeadline(clock, handshakeTimeoutMs);
    let isDecided = false;
    let waiting: EarlyData | undefined;
    // What decides in this turn costs neither a timer nor listeners. Nothing is lost: nobody reads the stream.
    clock.setImmediate(() => {
      if (isDecided) return;
      deadline.begin();
      waiting = new EarlyData(upgrade.stream, upgrade.head, deadline);
    });
    void this.decide(arrival, deadline, (verdict) => {
      isDecided = true;
      const early = waiting?.release();
      const whole = early === undefined ? upgrade : { ...upgrade, head: early };
      this.#answer(whole, arrival, verdict, deadline);
    });
  }

  #answer(
    upgrade: UpgradeRequest,
    arrival: PendingHandshake,
    verdict: HandshakeResult,
    deadline: HandshakeDeadline,
  ): void {
    const { why } = deadline;
    switch (verdict.kind) {
      case 'accepted':
        // What the hook has begun for a socket that never was ends with its signal.
        if (!this.#accept(upgrade, arrival, verdict)) deadline.end('gone');
        // `ws` listens by now.
        else upgrade.stream.off('error', noop);
        // The stream stood still while the hook decided.
        upgrade.stream.resume();
        return undefined;
      case 'refused':
        return refuseWith(upgrade.stream, responseTo(verdict), verdict.body, this.#settings.clock);
      case 'failed':
        this.#settings.report(verdict.error, { socketId: arrival.socketId.value, phase: 'onPreServer' });
        return this.refuse(upgrade, refusalTo(verdict, REFUSALS.failed));
      case 'unavailable':
        this.#settings.report(verdict.error, { socketId: arrival.socketId.value, phase: 'session' });
        return this.refuse(upgrade, refusalTo(verdict, REFUSALS.unavailable));
      case 'over':
        if (why !== 'gone') return this.refuse(upgrade, refusalTo(verdict, refusalFor(why)));
        // A client that has ended its side can converse no more: it is as gone as one that has reset.
        verdict.opened?.release();
        return void upgrade.stream.destroy();
      default:
        return verdict satisfies never;
    }
  }

  /** @returns Whether the 101 is on its way. */
  #accept(upgrade: UpgradeRequest, arrival: PendingHandshake, accepted: AcceptedHandshake): boolean {
    const { answer, opened } = accepted;
    let transport: WsTransport | undefined;
    try {
      const outcome = this.#acceptor.accept(upgrade, {
        protocol: answer.protocol,
        headerLines: headerLinesOf(accepted),
      });
      if (outcome instanceof Error) {
        this.refuse(upgrade, REFUSALS.extensions);
      } else if (outcome !== undefined) {
        transport = outcome;
        this.#listener.upgradeOnOpen(transport, arrival, accepted);
      }
    } catch (error) {
      this.#settings.report(error, { socketId: arrival.socketId.value, phase: 'handshake' });
      // Nobody has it who would ever close it.
      transport?.terminate();
    }
    // The client had gone, or its request was none after all.
    if (transport === undefined) opened?.release();
    return transport !== undefined;
  }
}

/** What comes of a verdict when the handshake has ended meanwhile, or the hook has changed its server. */
function finalVerdict(
  verdict: HandshakeResult,
  { server }: PendingHandshake,
  why: HandshakeEnd | undefined,
): HandshakeResult {
  // A store that says nothing for all the time there is counts as one that is down.
  const isStoreSilent = verdict.kind === 'unavailable' && why === 'late';
  if (why !== undefined && !isStoreSilent) return { kind: 'over', opened: verdict.opened };
  if (verdict.kind !== 'accepted') return verdict;
  try {
    checkHooks('server', server);
    return verdict;
  } catch (error) {
    return { kind: 'failed', error, opened: verdict.opened };
  }
}

/** The answer to a handshake that is over, for a client that is still there. */
export function refusalFor(why: HandshakeEnd | undefined): Refusal {
  return why === 'closing' ? REFUSALS.closing : REFUSALS.tooLate;
}

// The client of a refusal learns an id, too: the hook may have moved the session before.

export function refusalTo(
  { opened }: Exclude<HandshakeResult, AcceptedHandshake>,
  refusal: Refusal,
): Refusal {
  const cookie = opened?.refuse();
  return cookie === undefined
    ? refusal
    : { ...refusal, headers: { ...refusal.headers, 'Set-Cookie': cookie } };
}

export function responseTo({ response, opened }: Refused): Response {
  const cookie = opened?.refuse();
  if (cookie === undefined) return response;
  const { status, statusText } = response;
  const headers = new Headers(response.headers);
  headers.append('Set-Cookie', cookie);
  return new Response(response.body, { status, statusText, headers });
}

const NO_LINES: readonly string[] = Object.freeze([]);

function headerLinesOf({ answer, opened }: AcceptedHandshake): readonly string[] {
  const cookie = opened?.writeCookie();
  const ours = cookie === undefined ? NO_LINES : [`Set-Cookie: ${cookie}`];
  if (answer.responseHeaders === undefined) return ours;
  return [...Array.from(answer.responseHeaders, ([name, value]) => `${name}: ${value}`), ...ours];
}
