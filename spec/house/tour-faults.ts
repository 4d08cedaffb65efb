// docs/internals/tour.md tells journeys file by file, as nested lists: a file below another
// is entered from there. This finds what the page says that the code does not.
// tour.spec.ts asks for no faults.

import { targetOf } from './source-files.ts';
import type { SourceFile } from './source-files.ts';

export interface Journey {
  readonly title: string;
  readonly steps: readonly Step[];
}

/** One line of a journey: a file, and the file from which it is entered. */
export interface Step {
  readonly file: string;
  /** Undefined for the first step of a journey. */
  readonly from: string | undefined;
  /** The port over which it is entered: both files import it. Undefined for a direct import. */
  readonly port: string | undefined;
}

/** How many files a journey may enter. */
export type Limits = Readonly<Record<string, number>>;

const STEP = /^(?<indent> *)(?:\d+\.|-) `(?<file>[^`]+\.ts)`(?:, through `(?<port>[^`]+\.ts)`)?/;

/** Reads the journeys of a page: one for each heading of the second level that has steps. */
export function journeysIn(page: string): readonly Journey[] {
  return page
    .split(/^## /m)
    .slice(1)
    .map((section) => ({ title: section.split('\n')[0] ?? '', steps: stepsIn(section) }))
    .filter(({ steps }) => steps.length > 0);
}

function stepsIn(section: string): readonly Step[] {
  const parents: Array<{ readonly indent: number; readonly file: string }> = [];
  const steps: Step[] = [];
  for (const line of section.split('\n')) {
    const { indent = '', file, port } = STEP.exec(line)?.groups ?? {};
    if (file === undefined) continue;
    while ((parents.at(-1)?.indent ?? -1) >= indent.length) parents.pop();
    steps.push({ file, from: parents.at(-1)?.file, port });
    parents.push({ indent: indent.length, file });
  }
  return steps;
}

/** Says where a journey and the code differ, one sentence each. */
export function tourFaults(
  journeys: readonly Journey[],
  files: readonly SourceFile[],
  limits: Limits,
): readonly string[] {
  const byPath = new Map(files.map((file) => [file.path, file]));
  const imports = (from: string, to: string): boolean => {
    const file = byPath.get(from);
    return file?.imports.some((specifier) => targetOf(file, specifier) === to) === true;
  };
  return [
    ...journeys.flatMap(({ title, steps }) => [
      ...steps.flatMap((step) =>
        [step.file, step.port]
          .filter((path) => path !== undefined && !byPath.has(path))
          .map((path) => `${title}: ${path} does not exist`),
      ),
      ...steps
        .filter(({ file, from, port }) => from !== undefined && !isJoined(imports, from, file, port))
        .map(({ file, from }) => `${title}: ${from} does not lead to ${file}`),
      ...startFaults(title, steps),
    ]),
    ...limitFaults(journeys, limits),
  ];
}

function isJoined(
  imports: (from: string, to: string) => boolean,
  from: string,
  file: string,
  port: string | undefined,
): boolean {
  if (port === undefined) return imports(from, file);
  return (from === port || imports(from, port)) && (file === port || imports(file, port));
}

function startFaults(title: string, steps: readonly Step[]): readonly string[] {
  const starts = steps.filter(({ from }) => from === undefined);
  return starts.slice(1).map(({ file }) => `${title}: ${file} is entered from nowhere`);
}

function limitFaults(journeys: readonly Journey[], limits: Limits): readonly string[] {
  return Object.entries(limits).flatMap(([title, most]) => {
    const journey = journeys.find((candidate) => candidate.title === title);
    if (journey === undefined) return [`${title}: the page has no such journey`];
    const count = new Set(journey.steps.map(({ file }) => file)).size;
    return count > most ? [`${title}: enters ${count} files, at most ${most} may be`] : [];
  });
}
