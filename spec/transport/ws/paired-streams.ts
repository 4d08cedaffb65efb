// Two plain streams in the place of a connection: each reads what is written to the other. They have
// nothing that only a net.Socket has.

import { Duplex } from 'node:stream';

type Done = (error?: Error | null) => void;

/** Makes both ends; destroying one that has not ended loses the other. */
export function pairedStreams(): readonly [Duplex, Duplex] {
  const [a, b] = [new PairedStream(), new PairedStream()];
  a.join(b);
  b.join(a);
  return [a, b];
}

class PairedStream extends Duplex {
  #other: PairedStream = this;
  /** Completes the other end's write, which waits until this end reads. */
  #onRead: (() => void) | undefined;

  join(other: PairedStream): void {
    this.#other = other;
  }

  override _read(): void {
    const onRead = this.#onRead;
    this.#onRead = undefined;
    onRead?.();
  }

  override _write(chunk: Buffer, _: BufferEncoding, done: Done): void {
    const other = this.#other;
    if (other.destroyed) return done(new Error('EPIPE'));
    if (other.push(chunk)) setImmediate(done);
    else other.#onRead = () => setImmediate(done);
  }

  override _final(done: Done): void {
    this.#other.push(null);
    done();
  }

  override _destroy(error: Error | null, done: Done): void {
    if (!this.writableFinished) setImmediate(() => this.#other.destroy());
    done(error);
  }
}
