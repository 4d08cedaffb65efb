// Upgrades, from a judged request to a conversation or a refusal: the hook's
// turn, the 101, the answers. What is served is the host's, which listens.

import { Patience } from './patience.ts';
import { REFUSALS } from './handshake-rules.ts';
import type { HostSettings } from './host-options.ts';
import { acceptedWithoutHook, askPreServer } from './pre-server.ts';
import type { Arrival, Verdict } from './pre-server.ts';
import type { Refusal } from './refusal.ts';
import { refuse, refuseWith } from './refusal.ts';
import { TaskQueue } from '../time/task-queue.ts';
import { WaitingStream } from './waiting-stream.ts';
import { WsAcceptor } from '../transport/ws-acceptor.ts';
import type { UpgradeAtHand } from '../transport/ws-acceptor.ts';
import type { WsTransport } from '../transport/ws-transport.ts';

export type Accepted = Verdict & { readonly kind: 'accepted' };

/** Who hears of a link that is open. */
export interface UpgradeListener {
  upgradeOnOpen(transport: WsTransport, arrival: Arrival, accepted: Accepted): void;
}

/** Takes upgrades through their handshake. */
export class Upgrades {
  readonly #settings: HostSettings;
  readonly #listener: UpgradeListener;
  readonly #acceptor: WsAcceptor;
  readonly #admission: TaskQueue;
  /** Of the handshakes whose hook has not decided. */
  readonly #waiting = new Set<Patience>();
  #isClosing = false;

  constructor(settings: HostSettings, admission: TaskQueue, listener: UpgradeListener) {
    this.#settings = settings;
    this.#listener = listener;
    this.#acceptor = new WsAcceptor(settings);
    this.#admission = admission;
  }

  /** Answers an upgrade that keeps the rules: at once, or when its hook has decided. */
  take(upgrade: UpgradeAtHand, arrival: Arrival): void {
    if (this.#isClosing) return this.refuse(upgrade, REFUSALS.closing);
    if (arrival.server.onPreServer === undefined) {
      return this.#accept(upgrade, arrival, acceptedWithoutHook(arrival.protocol));
    }
    void this.#askAndAnswer(upgrade, arrival);
  }

  /** Refuses what waits for its hook, and from now on all. */
  close(): void {
    this.#isClosing = true;
    for (const patience of this.#waiting) patience.end('closing');
  }

  refuse({ request, stream }: UpgradeAtHand, refusal: Refusal): void {
    refuse(stream, refusal, this.#settings.clock, request.method);
  }

  async #askAndAnswer(upgrade: UpgradeAtHand, arrival: Arrival): Promise<void> {
    const { clock, handshakeTimeoutMs } = this.#settings;
    const patience = new Patience(clock, handshakeTimeoutMs);
    const waiting = new WaitingStream(upgrade.stream, upgrade.head, patience);
    this.#waiting.add(patience);
    const verdict = await askPreServer(arrival, this.#admission, patience.over);
    this.#waiting.delete(patience);
    patience.stop();
    const head = waiting.release();
    this.#answer({ ...upgrade, head }, arrival, verdict, patience);
  }

  #answer(upgrade: UpgradeAtHand, arrival: Arrival, verdict: Verdict, { why }: Patience): void {
    switch (verdict.kind) {
      case 'accepted':
        if (this.#isClosing) return this.refuse(upgrade, REFUSALS.closing);
        this.#accept(upgrade, arrival, verdict);
        // The stream stood still while the hook decided.
        upgrade.stream.resume();
        return undefined;
      case 'refused':
        return void refuseWith(upgrade.stream, verdict.response, this.#settings.clock);
      case 'failed':
        this.#settings.report(verdict.error, { socketId: arrival.id, phase: 'onPreServer' });
        return this.refuse(upgrade, REFUSALS.failed);
      case 'over':
        return this.refuse(upgrade, why === 'closing' ? REFUSALS.closing : REFUSALS.tooLate);
      default:
        return verdict satisfies never;
    }
  }

  #accept(upgrade: UpgradeAtHand, arrival: Arrival, accepted: Accepted): void {
    const { protocol, responseHeaders } = accepted.answer;
    const headerLines = [...(responseHeaders ?? [])].map(([name, value]) => `${name}: ${value}`);
    try {
      this.#acceptor.accept(
        upgrade,
        { protocol, headerLines },
        {
          accepted: (transport) => this.#listener.upgradeOnOpen(transport, arrival, accepted),
          refused: () => this.refuse(upgrade, REFUSALS.extensions),
        },
      );
    } catch (error) {
      this.#settings.report(error, { phase: 'handshake' });
    }
  }
}
