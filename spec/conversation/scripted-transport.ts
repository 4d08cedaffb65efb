// A link whose far end is the spec: the spec makes messages arrive, takes sent bytes and ends the
// link, each at once, and sees the calls of the conversation, which runs on a clock that the spec
// moves.

import { Conversation } from '../../src/conversation/conversation.ts';
import { Inflows } from '../../src/conversation/inflow.ts';
import type { InflowLimits } from '../../src/conversation/inflow.ts';
import { LastWords } from '../../src/conversation/last-words.ts';
import { PausedLink } from '../../src/conversation/paused-link.ts';
import { ReadTraces } from '../../src/conversation/read-mistakes.ts';
import type { ConversationListener, ConversationSettings } from '../../src/conversation/conversation.ts';
import type { Readers } from '../../src/conversation/reader.ts';
import { MessageSocket } from '../../src/socket/message-socket.ts';
import { Deadlines } from '../../src/time/deadline.ts';
import { TurnBudget } from '../../src/time/turn-budget.ts';
import type {
  OnControl,
  FragmentOptions,
  Outlet,
  SendOptions,
  Transport,
  TransportSink,
} from '../../src/transport/transport.ts';
import type { LinkEnd } from '../../src/core/close-info.ts';
import { bytesOf } from '../../src/core/data.ts';
import type { Data } from '../../src/core/data.ts';
import { HandClock } from '../time/hand-clock.ts';

export class ScriptedTransport implements Transport {
  readonly protocol = 'chat';
  bufferedBytes = 0;
  /** What has come, and what was taken, as far as the spec says. */
  receivedBytes = 0;
  flushedBytes = 0;
  /** Whether something that was sent is lost, as far as the spec says. */
  hasLost = false;
  /** All calls but `open` and `send`, in order. */
  readonly calls: string[] = [];
  readonly sent: { readonly data: Data; readonly options: SendOptions & { readonly last?: boolean } }[] = [];
  /** What of it has taken the outlet. */
  readonly offered: Data[] = [];
  isPaused = false;
  #isOpen = true;
  #sink: TransportSink | undefined;

  // Called by the conversation.

  open(sink: TransportSink): void {
    this.#sink = sink;
  }

  send(data: Data, options: SendOptions): boolean {
    if (!this.#isOpen) return false;
    this.sent.push({ data, options });
    this.bufferedBytes += bytesOf(data);
    return true;
  }

  /** Undefined until something was sent. */
  get outlet(): Outlet | undefined {
    return this.sent.length === 0 ? undefined : this.#outlet;
  }

  readonly #outlet: Outlet = {
    limitBytes: 0,
    offer: (data, options) => {
      if (options.shared === undefined || this.bufferedBytes >= this.#outlet.limitBytes) return false;
      if (!this.#isOpen) return false;
      this.offered.push(data);
      return this.send(data, options);
    },
  };

  ping(): boolean {
    if (this.#isOpen) this.calls.push('ping');
    return this.#isOpen;
  }

  pong(): boolean {
    if (this.#isOpen) this.calls.push('pong');
    return this.#isOpen;
  }

  sendFragment(data: Data, options: FragmentOptions): boolean {
    return this.send(data, options);
  }

  pause(): void {
    this.isPaused = true;
    this.calls.push('pause');
  }

  resume(): void {
    this.isPaused = false;
    this.calls.push('resume');
  }

  /** Only the first one counts (promise 12 of the port). */
  close(code: number, reason: string): void {
    if (!this.#isOpen) return;
    this.#isOpen = false;
    this.calls.push(`close ${code} ${reason}`.trimEnd());
  }

  terminate(): void {
    this.#isOpen = false;
    this.calls.push('terminate');
  }

  // Called by the spec.

  get sentData(): readonly Data[] {
    return this.sent.map(({ data }) => data);
  }

  /** Text that was sent: a message as it is, of a message in parts `first+`, `next+`, `last.` */
  get sentText(): readonly string[] {
    const mark = (last: boolean | undefined): string => (last === true ? '.' : '+');
    return this.sent.map(({ data, options }) =>
      'last' in options ? `${String(data)}${mark(options.last)}` : String(data),
    );
  }

  /** The peer has sent messages. */
  arrive(...messages: readonly Data[]): void {
    for (const data of messages) {
      this.receivedBytes += bytesOf(data);
      this.#sink?.receive(data, bytesOf(data));
    }
  }

  /** The peer takes what was sent: so many bytes, or all. */
  take(bytes: number = this.bufferedBytes): void {
    const taken = Math.min(bytes, this.bufferedBytes);
    this.bufferedBytes -= taken;
    this.flushedBytes += taken;
    this.#sink?.drain();
  }

  /** The peer has sent its close frame: the next `close` answers it. */
  peerCloses(): void {
    this.#sink?.peerClosed();
  }

  /** A message has come in part; 0: it is whole now. */
  unfinished = 0;
  begin(number: number): void {
    this.unfinished = number;
    this.#sink?.begin();
  }

  /** Called for each ping and pong, once the conversation has asked for that. */
  onControl: OnControl | undefined;
  watchControls(onControl: OnControl): void {
    this.onControl = onControl;
  }

  /** What was sent has to wait for the peer. */
  stall(): void {
    this.#sink?.stall();
  }

  /** The link ends: by default it is lost. */
  end(end: Partial<LinkEnd> = {}): void {
    this.#isOpen = false;
    this.#sink?.end({ code: 1006, reason: '', clean: false, by: 'link', ...end });
  }
}

/** How a link ends when the peer has closed it properly. */
export const CLOSED_BY_PEER: LinkEnd = { code: 1000, reason: 'bye', clean: true, by: 'peer' };

/** A listener that hears of nothing, for specs to spread. */
export const HEARS_NOTHING: ConversationListener = {
  owesReply: false,
  conversationOnEnd: () => {},
  conversationOnUnread: () => {},
  report: () => {},
  reportFault: () => {},
};

export interface ScriptedConversation {
  readonly link: ScriptedTransport;
  readonly clock: HandClock;
  readonly conversation: Conversation;
  readonly ws: MessageSocket;
}

/** Makes a conversation over a scripted link, with the defaults of a host. */
export function scripted(
  { messageTimeoutMs = 60_000, rate, ...settings }: Partial<ConversationSettings & InflowLimits> = {},
  link: ScriptedTransport = new ScriptedTransport(),
  clock: HandClock = new HandClock(),
  readers: Readers = 'one',
): ScriptedConversation {
  const defaults: ConversationSettings = {
    maxMessageBytes: 1_048_576,
    queueMessages: 64,
    queueBytes: 1_048_576,
    overflow: 'pause',
    writeBufferBytes: 65_536,
    writeTimeoutMs: 30_000,
    closeTimeoutMs: 5000,
    clock,
    deadlines: new Deadlines(clock),
    budget: new TurnBudget(clock),
    traces: new ReadTraces(),
    lastWords: (options) => new LastWords(options),
    inflows: new Inflows({ clock, messageTimeoutMs, rate }),
    PausedLink,
  };
  const conversation = new Conversation(link, { ...defaults, ...settings }, readers);
  return { link, clock, conversation, ws: new MessageSocket(conversation) };
}
