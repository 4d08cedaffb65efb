// Judges how one run of torture.ts has ended: whether all has ended that the handler began, and
// whether the end is the one that the cut explains.

import { isSameWait, waitText } from './seen-waits.ts';
import type { Reported, TortureRun } from './torture-run.ts';
import type { HandlerRun } from '../../server/handler-run.ts';
import type { Wait } from '../../server/host-waits.ts';
import { shownError } from '../../core/errors.ts';

/** Why a handler has not survived. */
export interface Failure {
  readonly text: string;
  readonly cause?: unknown;
}

/**
 * Finds why a handler has not survived a run.
 *
 * @param usual - The code with which the host ends the socket in a run without a cut.
 * @returns undefined where it has.
 */
export function failureOf(run: TortureRun, usual: number | undefined): Failure | undefined {
  if (run.isLivelock) return { text: 'it goes round in a circle: time never passes' };
  if (run.escaped !== undefined) return { text: shownError(run.escaped.error), cause: run.escaped.error };
  if (run.run === undefined)
    return {
      text: `the client gets no handler: ${shownError(run.thrown?.error)}`,
      cause: run.thrown?.error,
    };
  return ofScenario(run) ?? ofWhatRuns(run) ?? ofErrors(run) ?? ofWhatIsLeft(run) ?? ofClose(run, usual);
}

/** A scenario has to succeed where nothing is cut, under the terms that were given. */
function ofScenario({ cut, waits, terms, thrown, isScenarioOver, wasCut }: TortureRun): Failure | undefined {
  if (cut !== undefined && (!wasCut || !isSameWait(waits[cut.number - 1], cut.counted[cut.number - 1])))
    return { text: otherText(cut.number) };
  if (cut !== undefined || terms !== 'given') return undefined;
  if (thrown !== undefined)
    return { text: `the scenario fails: ${shownError(thrown.error)}`, cause: thrown.error };
  return isScenarioOver ? undefined : { text: 'the scenario does not end' };
}

function otherText(number: number): string {
  return `wait ${number} is not that of the run before: code under test uses what no seed decides`;
}

/** Code after a wait that never ends does not run, and its `finally` neither. */
function ofWhatRuns(of: TortureRun): Failure | undefined {
  const run = of.run as HandlerRun;
  if (run.handling === undefined && run.tasks.length === 0) return undefined;
  const [wait] = of.host.handlerWaits.of([run]);
  return { text: `${waitText(wait as Wait)}, and never ends: its \`finally\` does not run` };
}

function ofErrors({ rejections, stepErrors, reports, cut }: TortureRun): Failure | undefined {
  if (stepErrors.length > 0)
    return { text: `thrown in a timer: ${shownError(stepErrors[0])}`, cause: stepErrors[0] };
  if (rejections.length > 0)
    return { text: `unhandled rejection: ${shownError(rejections[0])}`, cause: rejections[0] };
  const isExplained = ({ error, where }: Reported): boolean => cut?.cut.explains?.(error, where) === true;
  const reported = reports.find((report) => !isExplained(report));
  if (reported === undefined) return undefined;
  const { error, where } = reported;
  return { text: `error reported by ${where.phase}: ${shownError(error)}`, cause: error };
}

function ofWhatIsLeft({ isScenarioOver, looseCalls, world }: TortureRun): Failure | undefined {
  if (!isScenarioOver) return undefined;
  if (looseCalls > 0)
    return {
      text: 'a call is left over that never ends: what comes after it, such as `finally`, does not run',
    };
  const { timers, isAwaited } = world.agenda;
  const [nodeTimer] = world.escapes.nodeTimers;
  if (nodeTimer !== undefined) return { text: `a timer of Node is left over, set at ${nodeTimer}` };
  const text = timers === 1 ? '1 timer is left over' : `${timers} timers are left over`;
  return timers > 0 && isAwaited ? { text } : undefined;
}

function ofClose({ run, cut, wasEnding }: TortureRun, usual: number | undefined): Failure | undefined {
  const end = run?.conversation.queue.end;
  if (end === undefined || cut === undefined || wasEnding || end.code === usual) return undefined;
  // A client may close whenever it likes, and with any code.
  if (end.by === 'peer') return undefined;
  if (cut.cut.isRightEnd(end)) return undefined;
  return { text: `a wrong close code: ${end.code} by ${end.by}`, cause: end.cause };
}
