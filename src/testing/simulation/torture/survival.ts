// Judges how one run of torture.ts has ended: whether all has ended that the handler began, and
// whether the end is the one that the cut explains.

import { isSameWait, seenText } from './seen-waits.ts';
import type { Reported, TortureResult } from './torture-result.ts';
import { placeText } from '../../who-waits.ts';
import { shownError } from '../../../core/errors.ts';

/** Why a handler has not survived. */
export interface Failure {
  readonly text: string;
  /** What helps, as one sentence; undefined where that depends on what was thrown. */
  readonly cure?: string;
  readonly cause?: unknown;
}

/**
 * Finds why a handler has not survived a run.
 *
 * @param usual - The code with which the host ends the socket in a run without a cut.
 * @returns undefined where it has.
 */
export function failureOf(result: TortureResult, usual: number | undefined): Failure | undefined {
  const { isLivelock, escaped, isAccepted, waiting } = result;
  if (isLivelock)
    return {
      text: `it goes round in a circle, and time never passes: ${waiting}`,
      cure: 'A loop needs a wait that takes time',
    };
  if (escaped !== undefined) return { text: shownError(escaped.error), cause: escaped.error };
  if (!isAccepted) return ofClient(result);
  return (
    ofScenario(result) ??
    ofWhatRuns(result) ??
    ofChecks(result) ??
    ofErrors(result) ??
    ofWhatIsLeft(result) ??
    ofClose(result, usual)
  );
}

function ofClient({ thrown, waiting }: TortureResult): Failure {
  const why = thrown === undefined ? waiting : shownError(thrown.error);
  return {
    text: `the client gets no handler: ${why}`,
    cure: 'Give client: { url } of a route that accepts it',
    cause: thrown?.error,
  };
}

/** A scenario has to succeed where nothing is cut, under the conditions that were given. */
function ofScenario(result: TortureResult): Failure | undefined {
  const { cut, waits, conditions, thrown, isScenarioOver, wasCut, waiting } = result;
  if (cut !== undefined) {
    const [seen, counted] = [waits[cut.number - 1], cut.counted[cut.number - 1]];
    if (wasCut && isSameWait(seen, counted)) return undefined;
    return {
      text: `wait ${cut.number} is not that of the run before: ${seenText(counted)} then, ${seenText(seen)} now`,
      cure: 'Draw chance from world.random(), and take time from ws.clock',
    };
  }
  if (conditions !== 'asGiven') return undefined;
  if (thrown !== undefined)
    return { text: `the scenario fails: ${shownError(thrown.error)}`, cause: thrown.error };
  if (isScenarioOver) return undefined;
  const cure = 'Let it return when it has heard what it wants';
  return { text: `the scenario does not end: ${waiting}`, cure };
}

/** Code after a wait that never ends does not run, and its `finally` neither. */
function ofWhatRuns({ stuck }: TortureResult): Failure | undefined {
  if (stuck === undefined) return undefined;
  return {
    text: `${seenText(stuck)}, and never ends: its \`finally\` does not run`,
    cure: 'Pass ws.signal to what it awaits, or give that a time-out',
  };
}

/** What always holds has to hold after a cut, too. What comes eventually need not come. */
function ofChecks({ broken }: TortureResult): Failure | undefined {
  return broken === undefined ? undefined : { text: broken.message, cause: broken.cause };
}

function ofErrors({ rejections, stepErrors, reports, cut }: TortureResult): Failure | undefined {
  if (stepErrors.length > 0)
    return { text: `thrown in a timer: ${shownError(stepErrors[0])}`, cause: stepErrors[0] };
  if (rejections.length > 0)
    return { text: `unhandled rejection: ${shownError(rejections[0])}`, cause: rejections[0] };
  const isExplained = ({ error, where }: Reported): boolean => cut?.cut.explains?.(error, where) === true;
  const reported = reports.find((report) => !isExplained(report));
  if (reported === undefined) return undefined;
  const { error, where } = reported;
  const text = `error reported by ${where.phase}: ${shownError(error)}`;
  return { text, cause: error, ...(cut === undefined ? undefined : { cure: AT_END }) };
}

/** What a handler does when its socket ends. */
const AT_END = "Return where a call gives 'closed' or 'timeout', or throw ws.signal.reason after the end";

function ofWhatIsLeft({ isScenarioOver, looseCalls, nodeTimer, timers }: TortureResult): Failure | undefined {
  if (!isScenarioOver) return undefined;
  const [call] = looseCalls;
  if (call !== undefined)
    return {
      text: `a call${placeText(call.at)} is left over that never ends: what comes after it does not run`,
      cure: 'Pass ws.signal to it, so that its `finally` runs',
    };
  if (nodeTimer !== undefined)
    return { text: `a timer of Node is left over${setAt(nodeTimer)}`, cure: CLEAR };
  if (timers.length === 0) return undefined;
  const left = timers.length === 1 ? '1 timer is left over' : `${timers.length} timers are left over`;
  return { text: `${left}${setAt(timers.find((at) => at !== undefined))}`, cure: CLEAR };
}

const CLEAR = 'Clear it in `finally`';

function setAt(at: string | undefined): string {
  return at === undefined ? '' : `, set${placeText(at)}`;
}

function ofClose({ end, cut, wasEnding }: TortureResult, usual: number | undefined): Failure | undefined {
  if (end === undefined || cut === undefined || wasEnding || end.code === usual) return undefined;
  // A client may close whenever it likes, and with any code.
  if (end.by === 'peer') return undefined;
  const { rightCodes } = cut.cut;
  if (rightCodes.has(end.code)) return undefined;
  return {
    text: `a wrong close code: ${end.code} by ${end.by}`,
    cure: `Right after this cut: ${rightCodes.text}${usual === undefined ? '' : `, or ${usual} as without it`}`,
    cause: end.cause,
  };
}
