// The conversation of a handle on a socket of another node: an ordinary one over a
// remote-transport.ts, which fetches messages only while a call waits for one, and whose writes
// have the status of the socket. remote-sockets.ts makes it.

import type { RemoteTransport } from './remote-transport.ts';
import type { ReceiptOptions, WriteReceipt } from './sent-writes.ts';
import type { Answer } from './socket-frames.ts';
import { Conversation } from '../conversation/conversation.ts';
import type { ConversationSettings } from '../conversation/conversation.ts';
import type { PendingRead, ReadView } from '../conversation/pending-read.ts';
import { Reader } from '../conversation/reader.ts';
import type { FragmentedRequest } from '../conversation/fragmented-write.ts';
import type { WriteRequest } from '../conversation/write-request.ts';
import { Writer } from '../conversation/writer.ts';
import { unattended } from '../waiting/abortable.ts';
import type { Clock } from '../time/clock.ts';
import { noop } from '../core/noop.ts';
import type { ReadResult, WriteStatus } from '../core/status.ts';
import { MAX_TIMER_MS } from '../core/limits.ts';

/** The node of the socket bounds its close. */
const CLOSE_TIMEOUT_MS = MAX_TIMER_MS;

/** Makes the conversation over an opened transport. @param settings - Those of its host. */
export function remoteConversation(transport: RemoteTransport, settings: ConversationSettings): Conversation {
  const { lastWords: _, ...shared } = settings;
  const conversation = new Conversation(
    transport,
    {
      ...shared,
      Reader: RemoteReader,
      Writer: RemoteWriter,
      closeTimeoutMs: CLOSE_TIMEOUT_MS,
      // One message is fetched at a time, and a read waits for it.
      maxMessageBytes: Infinity,
      queueMessages: Infinity,
      queueBytes: Infinity,
      heartbeat: undefined,
      inflows: undefined,
      PausedLink: undefined,
    },
    'many',
  );
  transport.pause();
  (conversation.reader as RemoteReader).fetchOver(transport);
  return conversation;
}

/** Fetches messages while a read or a select waits for one, and at no other time. */
class RemoteReader extends Reader {
  #link: Pick<RemoteTransport, 'pause' | 'resume'> | undefined;

  /** Called before any call of users. */
  fetchOver(link: Pick<RemoteTransport, 'pause' | 'resume'>): void {
    this.#link = link;
  }

  override read(read: PendingRead): Promise<ReadResult> {
    const answer = super.read(read);
    this.#look();
    // Runs before the caller goes on: where that reads again, its message is asked for at once.
    const look = (): void => this.#look();
    answer.then(look, look);
    return answer;
  }

  override subscribe(wake: () => void, view: ReadView): () => void {
    const remove = super.subscribe(wake, view);
    this.#look();
    return () => {
      remove();
      this.#look();
    };
  }

  #look(): void {
    const isAwaited = this.firstParked !== undefined || this.subscribers?.isEmpty === false;
    if (isAwaited) this.#link?.resume();
    else this.#link?.pause();
  }
}

/** Writes with the status that the socket of the other node gives. */
class RemoteWriter extends Writer {
  override write(request: WriteRequest): Promise<WriteStatus> {
    const receipt = new Receipt(this.clock, request.timeoutMs, request.signal);
    const options: ReceiptOptions = { ...request.options, receipt };
    return receipt.statusOf(super.write({ ...request, options }));
  }

  override writeFragments(request: FragmentedRequest): Promise<WriteStatus> {
    const receipt = new Receipt(this.clock, request.timeoutMs, request.signal);
    const options: ReceiptOptions = { ...request.options, receipt };
    return receipt.statusOf(super.writeFragments({ ...request, options }));
  }
}

class Receipt implements WriteReceipt {
  readonly dueMs: number;
  readonly #signal: AbortSignal | undefined;
  readonly #answer: Promise<Answer>;
  #settle: (answer: Answer) => void = noop;

  constructor(clock: Clock, timeoutMs: number, signal: AbortSignal | undefined) {
    this.dueMs = clock.now() + timeoutMs;
    this.#signal = signal;
    this.#answer = new Promise((resolve) => {
      this.#settle = resolve;
    });
  }

  sent(cancel: () => void): void {
    const signal = this.#signal;
    if (signal === undefined) return;
    signal.addEventListener('abort', cancel, { once: true });
    void this.#answer.then(() => signal.removeEventListener('abort', cancel));
  }

  settle(answer: Answer): void {
    this.#settle(answer);
  }

  /** @param accepted - Whether it was handed over. */
  statusOf(accepted: Promise<WriteStatus>): Promise<WriteStatus> {
    return unattended(this.#statusOf(accepted));
  }

  async #statusOf(accepted: Promise<WriteStatus>): Promise<WriteStatus> {
    const status = await accepted;
    if (status !== 'ok') return status;
    const answer = await this.#answer;
    if (answer === 'cancelled') throw this.#signal?.reason;
    return answer === 'ok' || answer === 'timeout' ? answer : 'closed';
  }
}
