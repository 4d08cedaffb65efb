// Which faults a seed may choose: the option `faults` of `world` and `simulate`.
// seeded-faults.ts chooses and strikes; scripted faults are `client.link`, in world-link.ts.

import { badArgument, checkBoolean, checkNames, show } from '../../../core/arguments.ts';
import { UsageError } from '../../../core/errors.ts';
import { MAX_TIMER_MS } from '../../../core/limits.ts';
import { complete, defaultsOf, namesOf } from '../../../core/options.ts';
import type { Complete, OptionTable } from '../../../core/options.ts';

/**
 * What goes wrong in a world. Its seed decides where and when: each fault strikes a link, host or
 * node once at most, at one of its first 64 deliveries, or in its first 60 000 ms, whichever is
 * first. Those of single messages strike again and again in that time.
 */
export interface Faults {
  /**
   * Shortest and longest time that each message takes, or with `fidelity: 'wire'` each chunk; also
   * each message between nodes of `w.broker`, and its acknowledgement. Integers from 0 to 2³¹−1 ms.
   * Each direction keeps its order. Default `[0, 0]`.
   */
  readonly delayMs?: readonly [min: number, max: number];
  /**
   * Cuts chunks of bytes anywhere, and merges them. It needs `fidelity: 'wire'`: whole messages
   * have no chunks. Default false.
   */
  readonly cutChunks?: boolean;
  /**
   * Probability for each link that it is reset: both ends close with 1006 at once, and what is
   * under way is lost. During the handshake `w.connect` rejects with ConnectError. From 0 to 1.
   * Default 0.
   */
  readonly reset?: number;
  /**
   * Probability for each link that it falls silent for ever: nothing arrives, and no end is told.
   * The heartbeats find it, or time-outs. During the handshake `w.connect` rejects after 10 s. From
   * 0 to 1. Default 0.
   */
  readonly halfOpen?: number;
  /**
   * Probability for each direction of each link that it stands still, for 1 to 65 536 ms: the
   * sender has back-pressure, the receiver waits. Then all arrives in its order. From 0 to 1.
   * Default 0.
   */
  readonly stall?: number;
  /**
   * Probability for each link that both ends close at one moment: when one end begins to close, the
   * other does, too, and their close frames cross. The host then closes with 1001, the client with
   * 1000. From 0 to 1. Default 0.
   */
  readonly crossingClose?: number;
  /**
   * Probability for each host that it stops: all of its links hang, new clients get no answer, and
   * no end is told. Its handlers run on and find their links silent, as on a machine that has lost
   * its network, and its broker is down, of which it reports nothing. It never comes back: another
   * call of `w.serve` makes a host that can take its place. From 0 to 1. Default 0.
   */
  readonly nodeDeath?: number;
  /**
   * Probability for each message to another node of `w.broker` that it is lost in silence, in the
   * first 60 000 ms of the node that is to get it. From 0 to 1. Default 0.
   */
  readonly brokerDrop?: number;
  /** The same for each such message that it arrives twice. From 0 to 1. Default 0. */
  readonly brokerDuplicate?: number;
  /**
   * Probability for each node of `w.broker` that it is cut off, for 1 to 65 536 ms: its broker is
   * down, and what is under way to it is lost. From 0 to 1. Default 0.
   */
  readonly partition?: number;
  /**
   * Probability for each publish of a node of `w.broker` that it is acknowledged late, after 1 to
   * 65 536 ms, in the first 60 000 ms of the node. Its messages arrive in time. From 0 to 1.
   * Default 0.
   */
  readonly slowAcknowledgement?: number;
}

/**
 * Faults by name.
 *
 * - `'none'`: each delivery takes no time, and arrives.
 * - `'mild'`: what all networks do. Delays up to 200 ms, and chunks that are cut and merged.
 *   Between nodes some messages come twice, and some are acknowledged late. No message is lost, and
 *   no link ends by itself.
 * - `'cruel'`: all faults, each on many runs: delays up to 2 s, a tenth of the links reset and a
 *   tenth half-open, stalls, crossing closes, and one host of twenty stops. Between nodes one
 *   message of twenty is lost, and one node of five is cut off.
 */
export type FaultsOption = 'none' | 'mild' | 'cruel' | Faults;

/** Options of a world that belong together. */
interface Fidelity {
  readonly faults: FaultsOption;
  readonly fidelity?: unknown;
}

const FAULTS: OptionTable<Faults> = {
  delayMs: [[0, 0], checkRange],
  cutChunks: [false, checkBoolean],
  reset: [0, checkProbability],
  halfOpen: [0, checkProbability],
  stall: [0, checkProbability],
  crossingClose: [0, checkProbability],
  nodeDeath: [0, checkProbability],
  brokerDrop: [0, checkProbability],
  brokerDuplicate: [0, checkProbability],
  partition: [0, checkProbability],
  slowAcknowledgement: [0, checkProbability],
};

/** All faults, filled in. */
export type FaultSettings = Complete<Faults>;

export const NO_FAULTS: FaultSettings = defaultsOf(FAULTS);

const PRESETS: ReadonlyMap<unknown, FaultSettings> = new Map([
  ['none', NO_FAULTS],
  [
    'mild',
    {
      ...NO_FAULTS,
      delayMs: [0, 200],
      cutChunks: true,
      brokerDuplicate: 0.05,
      slowAcknowledgement: 0.05,
    },
  ],
  [
    'cruel',
    {
      delayMs: [0, 2000],
      cutChunks: true,
      reset: 0.1,
      halfOpen: 0.1,
      stall: 0.2,
      crossingClose: 0.2,
      nodeDeath: 0.05,
      brokerDrop: 0.05,
      brokerDuplicate: 0.05,
      partition: 0.2,
      slowAcknowledgement: 0.1,
    },
  ],
]);

/** So many values of an array stand in an error. */
const MOST_SHOWN = 3;

/** Refuses what is neither a name of faults nor an object of them. */
export function checkFaults(call: string, name: string, faults: unknown): void {
  if (PRESETS.has(faults)) return;
  if (typeof faults !== 'object' || faults === null || Array.isArray(faults))
    throw badArgument(call, `${name} to be 'none', 'mild', 'cruel' or an object of faults`, faults);
  checkNames(`${call} ${name}`, faults, namesOf(FAULTS));
  complete<Faults>(call, faults, FAULTS, `${name}.`);
}

/** Gives options back whose faults fit what links carry. Faults by name fit both. */
export function fitting<T extends Fidelity>(call: string, options: T): T {
  const { faults, fidelity } = options;
  if (fidelity === 'wire' || typeof faults === 'string' || faults.cutChunks !== true) return options;
  const expected = "expected fidelity: 'wire' beside faults.cutChunks: whole messages have no chunks";
  throw new UsageError('COROSOCK_ARGUMENT', `${call}: ${expected}`);
}

/** Gives all faults of an option that was checked. */
export function faultsOf(option: FaultsOption): FaultSettings {
  return PRESETS.get(option) ?? complete<Faults>('', option as Faults, FAULTS);
}

/** Whether a client may wait for an answer that never comes, or comes late. */
export function canFallSilent({ delayMs, halfOpen, stall, nodeDeath }: FaultSettings): boolean {
  return delayMs[1] + halfOpen + stall + nodeDeath > 0;
}

function checkProbability(call: string, name: string, probability: unknown): void {
  if (typeof probability === 'number' && probability >= 0 && probability <= 1) return;
  throw badArgument(call, `${name} to be a probability from 0 to 1`, probability);
}

function checkRange(call: string, name: string, range: unknown): void {
  const [min, max, ...more] = Array.isArray(range) ? (range as readonly unknown[]) : [];
  if (isTime(min) && isTime(max) && min <= max && more.length === 0) return;
  const expected = `${name} to be [min, max], integers from 0 to ${MAX_TIMER_MS} and min ≤ max`;
  throw new UsageError('COROSOCK_ARGUMENT', `${call}: expected ${expected}, got ${shownRange(range)}`);
}

/** Shows an array by its values, in bounded length. */
function shownRange(range: unknown): string {
  if (!Array.isArray(range)) return show(range);
  const shown = range.slice(0, MOST_SHOWN).map(show);
  return `[${[...shown, ...(range.length > MOST_SHOWN ? ['…'] : [])].join(', ')}]`;
}

function isTime(ms: unknown): ms is number {
  return Number.isInteger(ms) && (ms as number) >= 0 && (ms as number) <= MAX_TIMER_MS;
}
