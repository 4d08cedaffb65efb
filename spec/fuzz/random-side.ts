// One side of a random conversation: it writes numbered messages and reads what comes, in random
// ways, and keeps what came of each call. The laws over both sides: conversations.spec.ts.

import { select } from 'corosock';
import type { CloseInfo, Data, ReadResult, Socket, WriteStatus } from 'corosock';
import type { SeededRandom } from './seeded.ts';

/** A write, and what came of it. */
export interface Write {
  /** The message as text: bytes are those of the same letters. */
  readonly text: string;
  status: WriteStatus | 'pending' | 'rejected';
}

/** A read, and what came of it. */
export interface Read {
  text: string;
  status: ReadResult[1] | 'pending' | 'rejected';
}

const TIMES_MS = [0, 1, 5, 20, Infinity] as const;
const LENGTHS = [1, 2, 7, 50] as const;

/** How many bytes the longest message of a side has. */
export const LONGEST_BYTES = 64;

export class RandomSide {
  /** Whether it reads no more: the rest of a message is dropped then. */
  discards = false;
  readonly socket: Socket;
  readonly writes: Write[] = [];
  readonly reads: Read[] = [];
  /** What the reads gave, in the order in which they settled. */
  readonly settled: Array<Exclude<Read['status'], 'pending'>> = [];
  end: CloseInfo | undefined;
  readonly #random: SeededRandom;
  #controller = new AbortController();
  #isSelecting = false;

  constructor(socket: Socket, random: SeededRandom) {
    this.socket = socket;
    this.#random = random;
    // To ask for `closed` would be to have no last words.
    socket.signal.addEventListener('abort', () => (this.end = socket.closeInfo));
  }

  /** Whether the conversation is over, and each call has settled. */
  get isSettled(): boolean {
    const isWriting = this.writes.some(({ status }) => status === 'pending');
    return this.end !== undefined && !isWriting && this.settled.length === this.reads.length;
  }

  write(): void {
    const random = this.#random;
    const text = `#${this.writes.length}:`.padEnd(random.between(6, LONGEST_BYTES), '.');
    const write: Write = { text, status: 'pending' };
    this.writes.push(write);
    const options = { ...this.#signal(), ...(random.isLikely(0.5) ? { timeoutMs: this.#timeMs() } : {}) };
    this.socket.write(this.#message(text), options).then(
      (status) => (write.status = status),
      () => (write.status = 'rejected'),
    );
  }

  /** Reads in a random way. Beside a `select` nothing reads: the order of the calls is that of taking. */
  read(): void {
    if (this.#isSelecting) return;
    const read: Read = { text: '', status: 'pending' };
    this.reads.push(read);
    this.#follow(read, this.#anyRead());
  }

  /** Reads a whole message that is there. */
  readNow(): void {
    const read: Read = { text: '', status: 'pending' };
    this.reads.push(read);
    this.#follow(read, this.socket.readMessage(0));
  }

  abort(): void {
    this.#controller.abort();
    this.#controller = new AbortController();
  }

  #follow(read: Read, call: Promise<ReadResult>): void {
    const settle = (status: Exclude<Read['status'], 'pending'>): void => {
      read.status = status;
      this.settled.push(status);
    };
    call.then(
      ([data, status]) => {
        settle(status);
        if (data !== undefined) read.text = Buffer.from(data).toString('latin1');
      },
      () => settle('rejected'),
    );
  }

  /** Text, bytes, or the parts of one message. */
  #message(text: string): Data | Iterable<Data> {
    const way = this.#random.below(10);
    if (way < 5) return text;
    if (way < 9) return Buffer.from(text);
    return [text.slice(0, 3), text.slice(3)];
  }

  #anyRead(): Promise<ReadResult> {
    const random = this.#random;
    const waiting = { timeoutMs: this.#timeMs(), ...this.#signal() };
    const way = random.below(10);
    if (way < 5) return this.socket.readMessage(waiting);
    if (way < 9) return this.socket.read({ len: random.pick(LENGTHS), ...waiting });
    if (this.settled.length < this.reads.length - 1) return this.socket.readMessage(waiting);
    return this.#select(waiting);
  }

  async #select(options: { readonly timeoutMs: number; readonly signal?: AbortSignal }): Promise<ReadResult> {
    this.#isSelecting = true;
    try {
      const [key, value] = await select({ ws: this.socket }, options);
      return key === 'timeout' ? [undefined, 'timeout'] : value;
    } finally {
      this.#isSelecting = false;
    }
  }

  #timeMs(): number {
    return this.#random.pick(TIMES_MS);
  }

  #signal(): { readonly signal?: AbortSignal } {
    return this.#random.isLikely(0.2) ? { signal: this.#controller.signal } : {};
  }
}
