// Debian's python3-autobahn: it makes the frames of all cases (cases.py), and reads what the server
// has sent (judge.py). Where it is not installed, the cases are skipped and say so.

import { spawn, spawnSync } from 'node:child_process';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';

/** One case, as frames.py describes it. Bytes are in hex; messages are tokens, see `tokenOf`. */
export interface ConformanceCase {
  readonly group: string;
  /** The rule, and what it comes to. */
  readonly title: string;
  readonly host: 'plain' | 'deflate' | 'small' | 'both' | 'fragments' | 'leaving';
  /** The extensions that the client offers. */
  readonly offer: string | null;
  readonly frames: readonly string[];
  /** In the place of `frames`, where the server asks for client_no_context_takeover. */
  readonly fresh: readonly string[] | null;
  /** The close frame that the client sends once it has all answers; null where it sends none. */
  readonly goodbye: string | null;
  readonly read: readonly string[];
  readonly pongs: readonly string[];
  readonly end: { readonly code: number; readonly by: string; readonly clean: boolean };
}

/** What a client of autobahn makes of the bytes of a server. */
export interface Verdict {
  readonly messages: readonly string[];
  readonly pongs: readonly string[];
  readonly close: readonly [code: number, reason: string] | null;
  /** What the server did wrong. */
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

/** Makes all cases. */
export async function makeCases(): Promise<readonly ConformanceCase[]> {
  return JSON.parse(await run('cases.py')) as readonly ConformanceCase[];
}

/** Has autobahn read what a server has sent on each connection, from the 101 on. */
export async function judge(
  connections: ReadonlyArray<{ readonly offer: string | null; readonly received: Buffer }>,
): Promise<readonly Verdict[]> {
  const lines = connections.map(({ offer, received }) =>
    JSON.stringify([offer, received.toString('base64')]),
  );
  const verdicts = await run('judge.py', `${lines.join('\n')}\n`);
  return verdicts
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line) as Verdict);
}

/** Runs a script of this folder. `-B`: it leaves no compiled files here. */
async function run(script: string, input = ''): Promise<string> {
  const child = spawn(PYTHON, ['-B', fileURLToPath(new URL(script, import.meta.url))]);
  child.stdin.end(input);
  const [stdout, stderr] = await Promise.all([text(child.stdout), text(child.stderr)]);
  if (stdout === '') throw new Error(`${script} has printed nothing:\n${stderr}`);
  return stdout;
}
