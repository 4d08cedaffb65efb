// How one run of torture-run.ts has ended: a record, and what has been left over, which survival.ts
// judges.

import type { CheckError, Thrown } from '../world/checks.ts';
import type { Conditions, PlannedCut } from './cuts.ts';
import type { SeenWait } from './seen-waits.ts';
import type { Story } from '../story/story.ts';
import { AwaitStacks } from '../../../server/await-stacks.ts';
import type { HandlerRun } from '../../../server/handler-run.ts';
import type { Wait } from '../../../server/host-waits.ts';
import type { Where } from '../../../server/report.ts';
import type { ServingHost } from '../../../server/serving-host.ts';
import { placesIn } from '../../../platform/own-frames.ts';
import type { CloseInfo } from '../../../core/close-info.ts';
import type { Resolver } from '../../../core/parked-wait.ts';
import { textOf } from '../../../core/stack-trace.ts';
import type { StackTrace } from '../../../core/stack-trace.ts';
import { looseWaits } from '../../../waiting/loose-waits.ts';

/** What a report got. */
export interface Reported {
  readonly error: unknown;
  readonly where: Where;
}

/** How a run has ended. */
export interface TortureResult {
  readonly conditions: Conditions;
  readonly cut: PlannedCut | undefined;
  /** Those of the handler until the cut. */
  readonly waits: readonly SeenWait[];
  /** Whether it goes round in a circle, and time never passes. */
  readonly isLivelock: boolean;
  /** Deliveries, timers and turns. */
  readonly steps: number;
  /** Says that code waits in nothing of the world. */
  readonly escaped: Thrown | undefined;
  /** Whether the host has accepted the client. */
  readonly isAccepted: boolean;
  /** What the scenario has thrown. */
  readonly thrown: Thrown | undefined;
  readonly isScenarioOver: boolean;
  /** Who waits where, if the scenario does not end. */
  readonly waiting: string;
  readonly wasCut: boolean;
  /** Whether one end had begun to close before the cut. */
  readonly wasEnding: boolean;
  /** Where the handler or a child task waits that runs on for ever. */
  readonly stuck: Wait | undefined;
  readonly reports: readonly Reported[];
  readonly rejections: readonly unknown[];
  /** What functions have thrown that a timer or a delivery has called. */
  readonly stepErrors: readonly unknown[];
  /** The first `always` of the stage's world that has failed. */
  readonly broken: CheckError | undefined;
  /** Calls that wait in no socket, and were not there before. */
  readonly looseCalls: readonly LeftCall[];
  /** The place of a timer of Node that is set. */
  readonly nodeTimer: string | undefined;
  /** The places of timers of the world that are set; undefined in a run that is not recorded. */
  readonly timers: ReadonlyArray<string | undefined>;
  /** How the socket has ended at the host. */
  readonly end: CloseInfo | undefined;
  /** Undefined where the run is not recorded. */
  readonly story: Story | undefined;
}

/** A call that still waits. */
interface LeftCall {
  readonly at: string | undefined;
}

/** Gives the calls that wait in no socket now. */
export function looseCalls(): WeakSet<Resolver> {
  return new WeakSet([...looseWaits].map(([, { resolver }]) => resolver));
}

/** Gives those that were not there before. */
export function leftCalls(before: WeakSet<Resolver>): readonly LeftCall[] {
  const left = [...looseWaits].filter(([, { resolver }]) => !before.has(resolver));
  return AwaitStacks.shared.ofWaits(left.map(([, wait]) => wait)).map(({ at }) => ({ at }));
}

/** Gives where the handler or a child task waits that still runs. */
export function stuckIn(run: HandlerRun, host: ServingHost): Wait | undefined {
  if (run.handling === undefined && run.tasks.length === 0) return undefined;
  return host.handlerWaits.of([run])[0];
}

/** The line of users that has set a timer. */
export function callerIn(trace: StackTrace | undefined): string | undefined {
  return placesIn(textOf(trace))[0];
}
