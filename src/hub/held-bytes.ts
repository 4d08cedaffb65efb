// Bytes that one end of a handle keeps for the node of the other, and what all handles of this node
// keep together. served-handle.ts counts what a handle has written, remote-transport.ts the parts
// of a message that it reads.

/**
 * Bytes that one end of a handle keeps for the other: the parts of a message whose last part has
 * not come, and writes that wait for the client.
 *
 * @limit Bytes that a handle on a socket of another node has written and that wait, and a message
 * that it reads | the handle ends with `by: 'link'`
 */
export const MAX_HELD_BYTES = 67_108_864;

/**
 * The same for all handles: once for those of other nodes on sockets of this one, and once for
 * those of this node on sockets of others.
 *
 * @limit Bytes that handles of other nodes have written to the sockets of a host and that wait, and
 * of messages that its own handles are reading | the handle that goes beyond them ends with
 * `by: 'link'`
 */
export const MAX_HELD_BYTES_OF_ALL = 268_435_456;

/** The least that a part counts with: parts may be empty. */
const PART_OVERHEAD_BYTES = 256;

/** What parts count with. */
export function bytesOfParts(parts: ReadonlyArray<{ readonly bytes: Uint8Array }>): number {
  return parts.reduce((sum, { bytes }) => sum + bytes.byteLength + PART_OVERHEAD_BYTES, 0);
}

/** Counts what one handle keeps. */
export class HeldBytes {
  readonly #all: { bytes: number };
  #bytes = 0;

  /** @param all - What all handles keep. */
  constructor(all: { bytes: number }) {
    this.#all = all;
  }

  /** @returns Whether there is room for so much more. It is counted in any case. */
  add(bytes: number): boolean {
    this.#bytes += bytes;
    this.#all.bytes += bytes;
    return this.#bytes <= MAX_HELD_BYTES && this.#all.bytes <= MAX_HELD_BYTES_OF_ALL;
  }

  remove(bytes: number): void {
    this.#bytes -= bytes;
    this.#all.bytes -= bytes;
  }
}

/** The parts of a message that a handle reads, until the last of them has come. */
export class HeldParts<Part extends { readonly bytes: Uint8Array }> {
  readonly #held: HeldBytes;
  #parts: Part[] = [];

  /** @param all - What all handles keep. */
  constructor(all: { bytes: number }) {
    this.#held = new HeldBytes(all);
  }

  /** @returns Whether there is room for it. It is counted in any case. */
  add(part: Part): boolean {
    this.#parts.push(part);
    return this.#held.add(bytesOfParts([part]));
  }

  take(): readonly Part[] {
    const parts = this.#parts;
    this.#parts = [];
    this.#held.remove(bytesOfParts(parts));
    return parts;
  }
}
