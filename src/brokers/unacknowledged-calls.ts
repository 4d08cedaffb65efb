// The calls of `publish` that the broker has not acknowledged. They are bounded in bytes, so that a
// slow broker costs no memory without bound, and all of them are lost with the link.

import { BrokerError } from '../core/errors.ts';

/**
 * Most bytes of one node that wait for the acknowledgement of its broker. Each message counts with
 * {@link CALL_BYTES} more.
 *
 * @limit Bytes that wait for the acknowledgement of a broker | `publish` rejects
 */
export const MAX_UNACKNOWLEDGED_BYTES = 16_777_216;
/** What a message costs besides its bytes: promises, and what the client keeps. */
export const CALL_BYTES = 256;

/** Calls under way. */
export class UnacknowledgedCalls {
  readonly #rejections = new Set<(error: BrokerError) => void>();
  #bytes = 0;

  /**
   * Makes a call, unless too much is under way.
   *
   * @throws BrokerError `COROSOCK_BROKER`.
   */
  async track<T>(bytes: number, call: () => Promise<T>): Promise<T> {
    const cost = bytes + CALL_BYTES;
    if (this.#bytes + cost > MAX_UNACKNOWLEDGED_BYTES) {
      throw new BrokerError(`The broker is too slow: ${this.#bytes} bytes wait for its acknowledgement`);
    }
    this.#bytes += cost;
    try {
      return await this.#settled(call);
    } finally {
      this.#bytes -= cost;
    }
  }

  /** Rejects all calls that are under way: the link is lost. */
  lose(): void {
    for (const reject of this.#rejections)
      reject(new BrokerError('The broker went down before it had acknowledged'));
    this.#rejections.clear();
  }

  #settled<T>(call: () => Promise<T>): Promise<T> {
    return new Promise((resolve, reject) => {
      this.#rejections.add(reject);
      const settle = (): boolean => this.#rejections.delete(reject);
      call().then(
        (value) => settle() && resolve(value),
        (cause: unknown) =>
          settle() && reject(new BrokerError('The broker has not taken the call', { cause })),
      );
    });
  }
}
