// Debian's python3-autobahn: it makes the frames of all cases (cases.py), and reads what our side
// has sent (judge.py). Where it is not installed, the cases are skipped and say so.

import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';

/** One case, as frames.py describes it. Bytes are in hex; messages are tokens, see `tokenOf`. */
export interface ConformanceCase {
  readonly group: string;
  /** The rule, and what it comes to. */
  readonly title: string;
  readonly host: 'plain' | 'deflate' | 'small' | 'both' | 'fragments' | 'leaving';
  /** The extensions that autobahn offers or, as a server, has agreed to. */
  readonly offer: string | null;
  readonly frames: readonly string[];
  /** In the place of `frames`, where the server asks for client_no_context_takeover. */
  readonly fresh: readonly string[] | null;
  /** The close frame that autobahn sends once it has all answers; null where it sends none. */
  readonly goodbye: string | null;
  readonly read: readonly string[];
  readonly pongs: readonly string[];
  readonly end: { readonly code: number; readonly by: string; readonly clean: boolean };
}

/** The side that autobahn is on; ours is the other one. */
export type Side = 'client' | 'server';

/** What autobahn makes of the bytes of our side. */
export interface Verdict {
  readonly messages: readonly string[];
  readonly pongs: readonly string[];
  readonly close: readonly [code: number, reason: string] | null;
  /** What our side did wrong. */
  readonly faults: readonly string[];
}

const PYTHON = process.env['PYTHON_PATH'] ?? '/usr/bin/python3';

export const isAutobahnHere: boolean = spawnSync(PYTHON, ['-c', 'import autobahn']).status === 0;

/** For the title of what is skipped without it; '' when it is there. */
export const withoutAutobahn: string = isAutobahnHere
  ? ''
  : ' (skipped: there is no python3-autobahn here; PYTHON_PATH can name a Python that has it)';

// The title is seen where skipped specs are listed; this is seen everywhere.
if (!isAutobahnHere) process.stderr.write(`No case of conformance was tried${withoutAutobahn}.\n`);

/** Makes all cases for one side. */
export async function makeCases(side: Side): Promise<readonly ConformanceCase[]> {
  return JSON.parse(await run(side, 'cases.py')) as readonly ConformanceCase[];
}

/** Has autobahn read what our side has sent on each connection. */
export async function judge(
  side: Side,
  connections: ReadonlyArray<{ readonly offer: string | null; readonly received: Buffer }>,
): Promise<readonly Verdict[]> {
  const lines = connections.map(({ offer, received }) =>
    JSON.stringify([offer, received.toString('base64')]),
  );
  const verdicts = await run(side, 'judge.py', `${lines.join('\n')}\n`);
  return verdicts
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line) as Verdict);
}

/** Runs a script of this folder. `-B`: it leaves no compiled files here. */
async function run(side: Side, script: string, input = ''): Promise<string> {
  const child = spawn(PYTHON, ['-B', fileURLToPath(new URL(script, import.meta.url)), side]);
  child.stdin.end(input);
  const ended = once(child, 'close');
  const [stdout, stderr] = await Promise.all([text(child.stdout), text(child.stderr), ended]);
  if (child.exitCode !== 0) throw new Error(`${script} has failed:\n${stderr}`);
  return stdout;
}
