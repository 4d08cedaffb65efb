// How a member takes what is published: its options `slow` and `frame`, checked. Members of a room
// with the same options share one style, so that `frame` and `latestBy` are called once a publish,
// and not once a member. room-state.ts prepares a style before it delivers.

import type { FrameContext, JoinOptions } from './room.ts';
import { OutgoingMessage } from './outgoing-message.ts';
import { badArgument, checkFunction, checkNames } from '../core/arguments.ts';
import { isData } from '../core/data.ts';
import type { Data } from '../core/data.ts';
import { isObjectLike } from '../core/object-like.ts';

const CALL = 'ws.join()';
const JOIN_OPTIONS: ReadonlySet<string> = new Set(['slow', 'frame']);
const LATEST_OPTIONS: ReadonlySet<string> = new Set(['latestBy']);

type Frame = NonNullable<JoinOptions['frame']>;
type LatestBy = (data: Data) => string | undefined;

/** What a style has made of one publish. */
export interface Prepared {
  /** Undefined where the `frame` has failed: no member of the style gets it. */
  readonly message: OutgoingMessage | undefined;
  /** What `latestBy` has given; undefined for a message that nothing replaces. */
  readonly key: string | undefined;
}

/** Hears of what code of users has thrown. */
export type OnStyleError = (option: 'frame' | 'latestBy', error: unknown) => void;

/** Checks the options of `ws.join`. @throws UsageError `COROSOCK_ARGUMENT`. */
export function checkJoin(options: JoinOptions): void {
  checkNames(CALL, options, JOIN_OPTIONS);
  const { slow, frame } = options;
  if (frame !== undefined) checkFunction(CALL, 'frame', frame);
  if (slow === undefined || slow === 'skip' || slow === 'close') return;
  if (!isObjectLike(slow)) throw badArgument(CALL, "slow to be 'skip', 'close' or { latestBy }", slow);
  checkNames(CALL, slow, LATEST_OPTIONS);
  checkFunction(CALL, 'slow.latestBy', slow.latestBy);
}

/** The options of some members. */
export class JoinStyle {
  /** `latest`: `latestBy` is set. */
  readonly slow: 'skip' | 'close' | 'latest';
  readonly latestBy: LatestBy | undefined;
  readonly frame: Frame | undefined;
  /** Members that have it. */
  members = 0;
  /** What is delivered now. Set while no code of users runs. */
  now: Prepared | undefined;

  /** @param options - Checked. */
  constructor({ slow = 'skip', frame }: JoinOptions) {
    this.slow = typeof slow === 'string' ? slow : 'latest';
    this.latestBy = typeof slow === 'string' ? undefined : slow.latestBy;
    this.frame = frame;
  }

  /** Whether options say the same. Functions are the same where they are one object. */
  matches({ slow = 'skip', frame }: JoinOptions): boolean {
    if (frame !== this.frame) return false;
    return typeof slow === 'string' ? slow === this.slow : slow.latestBy === this.latestBy;
  }

  /**
   * Makes what its members get of one publish. Calls code of users, which may do anything.
   *
   * @param unframed - What was published.
   */
  prepare(unframed: OutgoingMessage, at: FrameContext, onError: OnStyleError): Prepared {
    const { data } = unframed;
    return {
      key: this.latestBy && keyOf(this.latestBy, data, onError),
      message: this.frame === undefined ? unframed : framed(this.frame, data, at, onError),
    };
  }
}

/** The styles with functions of one room. */
export class JoinStyles implements Iterable<JoinStyle> {
  /** By `frame`, then by `slow`: a function that is made anew for each member finds its place. */
  readonly #byFrame = new Map<unknown, Map<unknown, JoinStyle>>();

  /** Finds the style of options, or makes it. @param options - Checked. */
  of(options: JoinOptions): JoinStyle {
    const { frame, slow = 'skip' } = options;
    const bySlow = this.#byFrame.get(frame) ?? new Map<unknown, JoinStyle>();
    this.#byFrame.set(frame, bySlow);
    const key = typeof slow === 'string' ? slow : slow.latestBy;
    const style = bySlow.get(key) ?? new JoinStyle(options);
    bySlow.set(key, style);
    return style;
  }

  /** A member has left: a style without members goes. */
  release(style: JoinStyle): void {
    const bySlow = this.#byFrame.get(style.frame);
    if (style.members > 0 || bySlow === undefined) return;
    bySlow.delete(style.latestBy ?? style.slow);
    if (bySlow.size === 0) this.#byFrame.delete(style.frame);
  }

  *[Symbol.iterator](): IterableIterator<JoinStyle> {
    for (const bySlow of this.#byFrame.values()) yield* bySlow.values();
  }
}

function framed(
  frame: Frame,
  data: Data,
  at: FrameContext,
  onError: OnStyleError,
): OutgoingMessage | undefined {
  try {
    const made: unknown = frame(data, at);
    if (isData(made)) return new OutgoingMessage(made);
    throw badArgument(CALL, 'frame to give a string or a Uint8Array', made);
  } catch (error) {
    onError('frame', error);
    return undefined;
  }
}

/** A key that cannot be made is none: the message is a barrier, and nothing is lost. */
function keyOf(latestBy: LatestBy, data: Data, onError: OnStyleError): string | undefined {
  try {
    const key: unknown = latestBy(data);
    if (key === undefined || typeof key === 'string') return key;
    throw badArgument(CALL, 'slow.latestBy to give a string or undefined', key);
  } catch (error) {
    onError('latestBy', error);
    return undefined;
  }
}
