// The memory of compression. `ws` keeps the contexts of zlib of a socket from its first message to
// its end, 250 KiB, also where no message refers to an earlier one: here they are released once
// they have rested. And `ws` inflates all messages of a chunk, 61 MiB at most, also where the link
// is paused: here the next one waits until it is resumed. WsAcceptor makes one for each socket that
// compresses, WsTransport says when the link is resumed.

import type { Duplex, Writable } from 'node:stream';
import type { WebSocket } from 'ws';
import { nextTick } from './next-tick.ts';
import type { Compression } from '../../core/compression.ts';
import { LinkedList } from '../../structures/linked-list.ts';
import type { ListNode } from '../../structures/linked-list.ts';
import type { Clock } from '../../time/clock.ts';

/** Contexts that were not used for so long, or for twice as long, are released. */
const REST_MS = 1000;

const NO_BYTES: Buffer = Buffer.alloc(0);

type Done = (error: Error | null, result?: Buffer) => void;
type Work = (data: unknown, isLast: boolean, done: Done) => void;

/** The PerMessageDeflate of one socket, in a field of `ws`. */
interface Deflater {
  compress: Work;
  decompress: Work;
  /** Releases both contexts. They are made again when they are needed. */
  cleanup(): void;
}

/** Gives the options of `ws` for {@link Compression}. */
export function deflateOptions(compression: Compression | undefined): object | false {
  if (compression === undefined) return false;
  const { contextTakeover, thresholdBytes: threshold } = compression;
  if (contextTakeover) return { threshold };
  return { threshold, serverNoContextTakeover: true, clientNoContextTakeover: true };
}

/** Releases the contexts of all sockets of a host that rest. */
export class DeflateContexts {
  readonly #clock: Clock;
  readonly #isKept: boolean;
  /** Those that may have contexts. */
  readonly #used = new LinkedList<Deflation>();
  #timer: unknown;

  /** @param compression - Contexts that are taken over are never released. */
  constructor(clock: Clock, compression: Compression | undefined) {
    this.#clock = clock;
    this.#isKept = compression?.contextTakeover === true;
  }

  /** Has the contexts released once they rest. */
  add(deflation: Deflation): void {
    if (this.#isKept || this.#used.has(deflation)) return;
    this.#used.append(deflation);
    this.#timer ??= this.#clock.setTimeout(this.#onTimer, REST_MS);
  }

  remove(deflation: Deflation): void {
    this.#used.remove(deflation);
    if (this.#used.first !== undefined) return;
    this.#clock.clearTimeout(this.#timer);
    this.#timer = undefined;
  }

  readonly #onTimer = (): void => {
    this.#timer = undefined;
    this.#used.forEach((deflation) => {
      if (deflation.release()) this.#used.remove(deflation);
    });
    if (this.#used.first !== undefined) this.#timer = this.#clock.setTimeout(this.#onTimer, REST_MS);
  };
}

/** What one socket compresses and inflates. */
export class Deflation implements ListNode<Deflation> {
  readonly #contexts: DeflateContexts;
  readonly #deflater: Deflater;
  /** Calls of zlib that are under way. */
  #running = 0;
  /** Whether a message in fragments has been compressed, or inflated, in part. */
  #isSending = false;
  #isReceiving = false;
  /** Whether it has worked since the last look. */
  #isUsed = false;
  /** Whether further messages are dropped: they come empty. */
  #isDropping = false;
  /** Inflates the next message once the link is resumed. */
  #onResume: (() => void) | undefined;
  previous: Deflation | undefined;
  next: Deflation | undefined;

  /** @param ws - Has agreed to compress. */
  constructor(ws: WebSocket, stream: Duplex, contexts: DeflateContexts) {
    this.#contexts = contexts;
    const extensions = Reflect.get(ws, '_extensions') as Readonly<Record<string, Deflater>>;
    this.#deflater = extensions['permessage-deflate'] as Deflater;
    const { compress, decompress } = this.#deflater;
    this.#deflater.compress = (data, isLast, done) => {
      this.#isSending = !isLast;
      compress.call(this.#deflater, data, isLast, this.#begin(done));
    };
    this.#deflater.decompress = (data, isLast, done) => {
      this.#isReceiving = !isLast;
      const onDone = this.#begin(done);
      const inflate = (): void => {
        if (this.#isDropping) nextTick(onDone, null, NO_BYTES);
        else decompress.call(this.#deflater, data, isLast, onDone);
      };
      if (ws.isPaused && ws.readyState === ws.OPEN) this.#onResume = inflate;
      else inflate();
    };
    endAtBrokenRule(Reflect.get(ws, '_receiver') as Writable);
    // `ws` waits for all that it has received, before it says that the link has ended.
    stream.once('close', () => this.resume());
    ws.once('close', () => contexts.remove(this));
  }

  /** Inflates no further message: our close has begun, and what comes behind it is dropped. */
  dropFurther(): void {
    this.#isDropping = true;
  }

  /** The link is resumed, or has ended. */
  resume(): void {
    const inflate = this.#onResume;
    this.#onResume = undefined;
    inflate?.();
  }

  /** Releases the contexts, unless they are in use or were of late. @returns Whether it did. */
  release(): boolean {
    const isResting = this.#running === 0 && !this.#isUsed && !this.#isSending && !this.#isReceiving;
    this.#isUsed = false;
    if (isResting) this.#deflater.cleanup();
    return isResting;
  }

  #begin(done: Done): Done {
    this.#running += 1;
    this.#isUsed = true;
    this.#contexts.add(this);
    return (error, result) => {
      this.#running -= 1;
      done(error, result);
    };
  }
}

/**
 * What comes while a message is inflated waits in the receiver of `ws`. It reads on behind a frame
 * that has broken a rule, has lost the place of the frames by then, and throws. Here it reads no
 * more (F32).
 */
function endAtBrokenRule(receiver: Writable): void {
  // oxlint-disable-next-line typescript/unbound-method -- it is called with its receiver
  const { _write: write } = receiver;
  let isBroken = false;
  // oxlint-disable-next-line no-underscore-dangle -- the name is Node's
  receiver._write = (chunk, encoding, done) => {
    if (isBroken) return done();
    write.call(receiver, chunk, encoding, (error) => {
      isBroken = error instanceof Error;
      done(error);
    });
  };
}
