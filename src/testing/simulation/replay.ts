// What is found out about a seed that fails: with how few random choices it still fails, and what
// happens then. simulate.ts calls it once; each replay is a run of scenario-run.ts.

import type { RunFailure } from './scenario-run.ts';
import { SimulationError } from './simulation-error.ts';
import { recordingOf } from './story/story.ts';
import type { Recording } from './story/story.ts';
import { realClock } from '../../time/real-clock.ts';
import { propertyOf } from '../../core/object-like.ts';

/** One run of a seed, for a replay. */
export interface PlayedRun {
  readonly failure: RunFailure | undefined;
  /** Choices that it has taken. */
  readonly taken: number;
  readonly steps: number;
}

/**
 * Plays a seed again.
 *
 * @param most - So many choices are random.
 * @param recording - Undefined: it is not recorded.
 */
export type Play = (most: number, recording?: Recording) => Promise<PlayedRun>;

/** A seed that has failed. */
export interface FailedSeed {
  readonly seed: number;
  readonly run: PlayedRun & { readonly failure: RunFailure };
}

/** Most replays, steps of all of them, and real time, that look for a shorter failure. */
const MOST_REPLAYS = 20;
const MOST_STEPS = 2_000_000;
const MOST_REAL_MS = 2000;
/** In so many steps before its end a story tells which handlers go on: to find them takes time. */
const WATCHED_STEPS = 500;
/** So many lines of the story stand in the message: its end. The error has all. */
const SHOWN_LINES = 60;
/** So many lines of faults stand before them: the last ones. */
const SHOWN_FAULTS = 20;
/** Characters of what was thrown that stand in the message. Its cause has all. */
const SHOWN_TEXT = 4_000;

/** Makes the error of a seed that has failed. @param now - Real milliseconds. */
export async function explain(
  call: string,
  { seed, run }: FailedSeed,
  play: Play,
  now: () => number = () => realClock.now(),
): Promise<SimulationError> {
  const endMs = now() + MOST_REAL_MS;
  const short = await fewestChoices(run, play, () => now() < endMs);
  const told = [await play(short.most, recordingOf(short.steps, WATCHED_STEPS))];
  const isAgain = ({ failure }: PlayedRun): boolean => isSame(failure, run.failure);
  if (short.most < run.taken && !told.some(isAgain))
    told.push(await play(run.taken, recordingOf(run.steps, WATCHED_STEPS)));
  const again = told.find(isAgain);
  const escaped = told.find(({ failure }) => propertyOf(failure?.cause, 'code') === 'COROSOCK_REAL_TIME');
  if (again === undefined && escaped?.failure !== undefined)
    return errorOf(call, seed, escaped.failure, `At first it has failed so: ${run.failure.text}`);
  if (again?.failure === undefined) return errorOf(call, seed, run.failure, NOT_AGAIN);
  const needed = Math.min(short.most, again.taken);
  const choices =
    needed === 0
      ? 'It fails without any random order or fault'
      : `It fails with the first ${needed} of ${run.taken} random orders and faults`;
  return errorOf(call, seed, again.failure, `${choices}. Give { seed: ${seed} } to repeat it`);
}

/** Why a second run of a seed does not fail as the first. */
export const NOT_AGAIN: string =
  'The same seed has not failed again. Code under test may use Math.random, the time of the ' +
  'machine, real I/O, or a variable that outlives the scenario: draw from w.random() and w.clock, ' +
  'and make all state in the scenario';

/**
 * Halves the number of random choices while a seed fails in the same way. Fewer choices need not
 * fail where more do: it finds a small number, not always the smallest.
 */
async function fewestChoices(
  { failure, taken, steps }: FailedSeed['run'],
  play: Play,
  isInTime: () => boolean,
): Promise<ShortRun> {
  let [passes, fails] = [-1, { most: taken, steps }];
  let left = failure.kind === 'livelock' ? 0 : MOST_STEPS - steps;
  const isInBounds = (replays: number): boolean => replays < MOST_REPLAYS && left > 0 && isInTime();
  for (let replays = 0; isInBounds(replays) && fails.most - passes > 1; replays += 1) {
    const most = replays === 0 ? 0 : Math.floor((passes + fails.most) / 2);
    const run = await play(most);
    left -= run.steps;
    if (isSame(run.failure, failure)) fails = { most, steps: run.steps };
    else passes = most;
  }
  return fails;
}

/** The shortest run that is known to fail. */
interface ShortRun {
  readonly most: number;
  readonly steps: number;
}

/** Whether two runs fail in the same way. Numbers in the text may differ. */
function isSame(one: RunFailure | undefined, other: RunFailure): boolean {
  if (one?.kind !== other.kind) return false;
  return one.kind !== 'thrown' || formOf(one.text) === formOf(other.text);
}

function formOf(text: string): string {
  return text.replaceAll(/\d+/gu, '#');
}

function errorOf(call: string, seed: number, failure: RunFailure, hint: string): SimulationError {
  const { kind, text, cause, story = '' } = failure;
  const shortText = text.length > SHOWN_TEXT ? `${text.slice(0, SHOWN_TEXT)}…` : text;
  const message = messageOf(`${call}: seed ${seed} fails: ${shortText}`, story, hint);
  const run = { seed, story };
  if (kind === 'deadlock') return new SimulationError('COROSOCK_DEADLOCK', message, run);
  const options = kind === 'thrown' ? { cause } : undefined;
  return new SimulationError('COROSOCK_SIMULATION', message, run, options);
}

/** Puts together the text of an error: the end of its story stands in it. */
export function messageOf(head: string, story: string, hint: string): string {
  return [head, shownPart(story), hint].filter((part) => part !== '').join('\n\n');
}

/** The end of a story, with the faults that have struck before it. Equal lines become one. */
function shownPart(story: string): string {
  const lines = folded(story.split('\n'));
  const before = lines.slice(0, -SHOWN_LINES);
  if (before.length === 0) return lines.join('\n');
  const faults = before.filter((line) => FAULT.test(line)).slice(-SHOWN_FAULTS);
  return [...faults, '…', ...lines.slice(-SHOWN_LINES)].join('\n');
}

/** A line in which a fault strikes: `client 2 link reset`, `host 1 stops`, `broker of host 2 …`. */
const FAULT = /(?:^t=\d+| ·) (?:client \d+ link|host \d+ stops|broker (?:of host )?\d+)/u;
const TIMED = /^t=(\d+) (.*)$/u;

/** Makes one line of lines that follow each other and differ in time only. */
function folded(lines: readonly string[]): readonly string[] {
  const groups: string[][] = [];
  for (const line of lines) {
    const last = groups.at(-1);
    const words = wordsOf(line);
    if (last !== undefined && words !== undefined && wordsOf(last[0]) === words) last.push(line);
    else groups.push([line]);
  }
  return groups.map(([first = '', ...others]) => {
    const until = TIMED.exec(others.at(-1) ?? '')?.[1];
    return until === undefined ? first : `${first} (${others.length + 1} times, until t=${until})`;
  });
}

/** The words of a line; undefined for one without a time. */
function wordsOf(line: string | undefined): string | undefined {
  return TIMED.exec(String(line))?.[2];
}
