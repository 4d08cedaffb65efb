// Redis gives a message to all subscribers, its own publisher among them. Here the echoes of a
// node's own messages are recognised, by what they hold: the bytes on the wire stay those of the
// caller, so that a program in another language can publish, too.

import { Ring } from '../structures/ring.ts';

/** Forgets all beyond this: the hub drops what it has sent itself, so that nothing breaks. */
const MOST = 65_536;
/** The same for their bytes: no echo comes of what was sent before its address was in force. */
const MOST_BYTES = 16_777_216;

interface Sent {
  /** Its bytes, one character each: a Map finds it by them. */
  readonly text: string;
  /** The server has taken it: its echo is on the link of the subscriber, or was lost with it. */
  isTaken: boolean;
}

/** What was sent to one address. */
interface Line {
  /** In the order in which they were sent. Echoes come in that order. */
  readonly queue: Ring<Sent>;
  /** How many messages of the queue hold the same bytes. Messages of other nodes are not in it. */
  readonly counts: Map<string, number>;
}

/** The messages of this node whose echo has not come. Each costs the same, however many wait. */
export class OwnEchoes {
  /** By address. */
  readonly #lines = new Map<string, Line>();
  #count = 0;
  #bytes = 0;

  get size(): number {
    return this.#count;
  }

  /** Expects the echo of a message. @returns Notes that the server has taken it. */
  expect(address: string, bytes: Uint8Array): () => void {
    if (this.#count >= MOST || this.#bytes + bytes.length > MOST_BYTES) this.#clear();
    const line = this.#lines.get(address) ?? { queue: new Ring(), counts: new Map() };
    this.#lines.set(address, line);
    const sent: Sent = { text: textOf(bytes), isTaken: false };
    this.#append(line, sent);
    return () => {
      sent.isTaken = true;
    };
  }

  /** Tells whether a message is an echo. Those that were sent before it on its address are lost. */
  isEcho(address: string, bytes: Uint8Array): boolean {
    const line = this.#lines.get(address);
    if (line === undefined) return false;
    const text = textOf(bytes);
    if (!line.counts.has(text)) return false;
    let sent: Sent;
    do sent = this.#shift(line);
    while (sent.text !== text);
    if (line.queue.length === 0) this.#lines.delete(address);
    return true;
  }

  /** The link of the subscriber is lost: no echo comes of what the server had taken. */
  lose(): void {
    for (const [address, line] of this.#lines) {
      const waiting = this.#shiftAll(line).filter(({ isTaken }) => !isTaken);
      for (const sent of waiting) this.#append(line, sent);
      if (waiting.length === 0) this.#lines.delete(address);
    }
  }

  /** The address is subscribed to no more. */
  forget(address: string): void {
    const line = this.#lines.get(address);
    if (line === undefined) return;
    this.#lines.delete(address);
    this.#shiftAll(line);
  }

  #append({ queue, counts }: Line, sent: Sent): void {
    queue.push(sent);
    counts.set(sent.text, (counts.get(sent.text) ?? 0) + 1);
    this.#count += 1;
    this.#bytes += sent.text.length;
  }

  /** Takes the oldest of a line. */
  #shift({ queue, counts }: Line): Sent {
    const sent = queue.shift();
    const count = counts.get(sent.text) as number;
    if (count === 1) counts.delete(sent.text);
    else counts.set(sent.text, count - 1);
    this.#count -= 1;
    this.#bytes -= sent.text.length;
    return sent;
  }

  #shiftAll(line: Line): readonly Sent[] {
    return Array.from({ length: line.queue.length }, () => this.#shift(line));
  }

  #clear(): void {
    this.#lines.clear();
    this.#count = 0;
    this.#bytes = 0;
  }
}

function textOf({ buffer, byteOffset, length }: Uint8Array): string {
  return Buffer.from(buffer, byteOffset, length).toString('latin1');
}
