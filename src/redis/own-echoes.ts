// Redis gives a message to all subscribers, its own publisher among them. Here the echoes of a
// node's own messages are recognised, by what they hold: the bytes on the wire stay those of the
// caller, so that a program in another language can publish, too.

/** Forgets all beyond this: the hub drops what it has sent itself, so that nothing breaks. */
const MOST = 65_536;
/** The same for their bytes: no echo comes of what was sent before its address was in force. */
const MOST_BYTES = 16_777_216;

/** What tells most messages apart is in front: the header of an envelope. */
const SUMMED_BYTES = 96;

interface Sent {
  readonly bytes: Uint8Array;
  /** Of its first bytes: messages of other nodes are told apart by it without a look at all. */
  readonly sum: number;
  /** The server has taken it: its echo is on the link of the subscriber, or was lost with it. */
  isTaken: boolean;
}

/** The messages of this node whose echo has not come. */
export class OwnEchoes {
  /** In the order in which they were sent, by address. Echoes come in that order. */
  readonly #sent = new Map<string, Sent[]>();
  #count = 0;
  #bytes = 0;

  get size(): number {
    return this.#count;
  }

  /** Expects the echo of a message. @returns Notes that the server has taken it. */
  expect(address: string, bytes: Uint8Array): () => void {
    if (this.#count >= MOST || this.#bytes + bytes.length > MOST_BYTES) this.#clear();
    const sent: Sent = { bytes, sum: sumOf(bytes), isTaken: false };
    const line = this.#sent.get(address);
    if (line === undefined) this.#sent.set(address, [sent]);
    else line.push(sent);
    this.#count += 1;
    this.#bytes += bytes.length;
    return () => {
      sent.isTaken = true;
    };
  }

  /** Tells whether a message is an echo. Those that were sent before it on its address are lost. */
  isEcho(address: string, bytes: Uint8Array): boolean {
    const line = this.#sent.get(address);
    if (line === undefined) return false;
    const sum = sumOf(bytes);
    const index = line.findIndex((sent) => sent.sum === sum && isEqual(sent.bytes, bytes));
    if (index < 0) return false;
    const gone = line.splice(0, index + 1);
    this.#keep(address, line, gone);
    return true;
  }

  /** The link of the subscriber is lost: no echo comes of what the server had taken. */
  lose(): void {
    for (const [address, line] of this.#sent) {
      const left = line.filter(({ isTaken }) => !isTaken);
      const gone = line.filter(({ isTaken }) => isTaken);
      this.#keep(address, left, gone);
    }
  }

  /** The address is subscribed to no more. */
  forget(address: string): void {
    this.#keep(address, [], this.#sent.get(address) ?? []);
  }

  #keep(address: string, left: Sent[], gone: readonly Sent[]): void {
    this.#count -= gone.length;
    for (const { bytes } of gone) this.#bytes -= bytes.length;
    if (left.length === 0) this.#sent.delete(address);
    else this.#sent.set(address, left);
  }

  #clear(): void {
    this.#sent.clear();
    this.#count = 0;
    this.#bytes = 0;
  }
}

function isEqual(a: Uint8Array, b: Uint8Array): boolean {
  return a.length === b.length && Buffer.compare(a, b) === 0;
}

/** FNV-1a of 32 bits. */
function sumOf(bytes: Uint8Array): number {
  const end = Math.min(bytes.length, SUMMED_BYTES);
  let sum = 0x811c_9dc5;
  for (let index = 0; index < end; index += 1) sum = Math.imul(sum ^ (bytes[index] as number), 0x0100_0193);
  return sum;
}
