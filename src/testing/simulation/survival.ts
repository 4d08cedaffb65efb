// Judges how one run of torture.ts has ended: whether all has ended that the handler began, and
// whether the end is the one that the cut explains.

import { textOf } from './torture-run.ts';
import type { Reported, SeenWait, TortureRun } from './torture-run.ts';
import type { Wait } from '../../server/host-waits.ts';

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
  if (run.isEndless) return { text: 'it goes round in a circle: time never passes' };
  return (
    ofScenario(run) ?? ofWhatRuns(run) ?? ofErrors(run) ?? ofWhatIsLeft(run) ?? ofClose(run, usual)
  );
}

/** A scenario has to succeed where nothing is cut, under the terms that were given. */
function ofScenario({ cut, waits, terms, thrown, isScenarioOver, wasCut }: TortureRun): Failure | undefined {
  if (cut !== undefined && (!wasCut || !isSame(waits[cut.number - 1], cut.wait)))
    return { text: `wait ${cut.number} is not that of the run before: code under test uses what no seed decides` };
  if (cut !== undefined || terms !== 'given') return undefined;
  if (thrown !== undefined) return { text: `the scenario fails: ${textOf(thrown.error)}`, cause: thrown.error };
  return isScenarioOver ? undefined : { text: 'the scenario does not end' };
}

function isSame(wait: SeenWait | undefined, other: SeenWait | undefined): boolean {
  return wait?.waits === other?.waits && wait?.at === other?.at && wait?.task === other?.task;
}

/** Code after a wait that never ends does not run, and its `finally` neither. */
function ofWhatRuns({ run, host }: TortureRun): Failure | undefined {
  if (run === undefined) return undefined;
  const [wait] = host.handlerWaits.of([run]);
  if (run.handling === undefined && run.tasks.length === 0) return undefined;
  return { text: `${whoRuns(wait)} never ends, so that its \`finally\` does not run` };
}

function whoRuns(wait: Wait | undefined): string {
  const who = wait?.task === undefined ? 'the handler' : `the child task ${wait.task}`;
  if (wait === undefined) return who;
  return `${who}, which waits in ${wait.waits}${wait.at === undefined ? '' : ` at ${wait.at}`},`;
}

function ofErrors({ rejections, reports, cut }: TortureRun): Failure | undefined {
  if (rejections.length > 0)
    return { text: `unhandled rejection: ${textOf(rejections[0])}`, cause: rejections[0] };
  const isExplained = ({ error, where }: Reported): boolean => cut?.cut.explains?.(error, where) === true;
  const reported = reports.find((report) => !isExplained(report));
  if (reported === undefined) return undefined;
  const { error, where } = reported;
  return { text: `error reported by ${where.phase}: ${textOf(error)}`, cause: error };
}

function ofWhatIsLeft({ isScenarioOver, looseCalls, world }: TortureRun): Failure | undefined {
  if (!isScenarioOver) return undefined;
  if (looseCalls > 0)
    return { text: 'a call is left over that never ends: what comes after it, such as `finally`, does not run' };
  const { timers, isAwaited } = world.agenda;
  const text = timers === 1 ? '1 timer is left over' : `${timers} timers are left over`;
  return timers > 0 && isAwaited ? { text } : undefined;
}

function ofClose({ run, cut, wasEnding }: TortureRun, usual: number | undefined): Failure | undefined {
  const end = run?.conversation.queue.end;
  if (end === undefined || cut === undefined || wasEnding || end.code === usual) return undefined;
  // A client may close whenever it likes, and with any code.
  if (end.by === 'peer') return undefined;
  if (cut.cut.isRightEnd(end, usual)) return undefined;
  return { text: `a wrong close code: ${end.code} by ${end.by}`, cause: end.cause };
}
