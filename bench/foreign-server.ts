// A server that is no program of ours, or not on Node: it prints its port and knows
// nothing of us. What it costs is read from the operating system; `peers/collect.js`, which
// runs before it, collects its garbage at a signal.

import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import type { Interface } from 'node:readline';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { canPin, environmentOf, withFiles } from './child.ts';
import { PEER_PACKAGES, PEERS } from './places.ts';
import type { Runtime } from './scenario.ts';
import type { ServerQuestion } from './server-answers.ts';

/** Whether the operating system tells what a process costs that does not tell itself: Linux does. */
export const canAccount: boolean = existsSync('/proc/self/schedstat');

/** Longest wait until a server has collected its garbage. */
const COLLECTED_MS = 30_000;

/** Where each runtime may be, the first that is there; those of npm without having run an install script. */
const PLACES: Readonly<Record<Runtime, readonly string[]>> = {
  node: [process.execPath],
  bun: [inModules('bun/bin/bun.exe'), inModules('bun/bin/bun'), inModules('@oven/bun-linux-x64/bin/bun')],
  deno: [inModules('@deno/linux-x64-glibc/deno'), inModules('@deno/linux-arm64-glibc/deno')],
  // Debian's, beside Debian's python3-websockets.
  python3: ['/usr/bin/python3'],
};

/** Makes a runtime collect its garbage at SIGUSR2, and say so. */
const COLLECT = fileURLToPath(new URL('collect.js', PEERS));

const WORDS: Readonly<Record<Runtime, readonly string[]>> = {
  node: ['--expose-gc', '--import', COLLECT],
  bun: ['run', '--preload', COLLECT],
  deno: ['run', '--allow-net', '--no-config', '--v8-flags=--expose-gc', `--preload=${COLLECT}`],
  python3: [],
};

function inModules(path: string): string {
  return fileURLToPath(new URL(path, PEER_PACKAGES));
}

/** How a program is started; undefined where its runtime is not there. */
export function commandFor(runtime: Runtime, program: URL): readonly string[] | undefined {
  const place = PLACES[runtime].find((path) => existsSync(path));
  return place === undefined ? undefined : [place, ...WORDS[runtime], fileURLToPath(program)];
}

/** One running server, on core 0, asked as those of ours are. */
export class ForeignServer {
  readonly #process: ChildProcess;
  readonly #lines: Interface;
  readonly #port: Promise<number>;

  /** @param files - How many it has open at most. Default: as many as the machine allows by itself. */
  constructor(command: readonly string[], files?: number) {
    const words = [...withFiles(files), ...(canPin ? ['taskset', '-c', '0'] : []), ...command];
    this.#process = spawn(words[0] as string, words.slice(1), {
      stdio: ['ignore', 'pipe', 'inherit'],
      env: environmentOf(),
    });
    const ended = once(this.#process, 'exit').then(([code]) => {
      throw new Error(`${command.join(' ')} ended with ${code}`);
    });
    ended.catch(() => {});
    const { stdout } = this.#process;
    if (stdout === null) throw new Error('no output of a server');
    this.#lines = createInterface(stdout);
    const line = once(this.#lines, 'line').then(([text]) => Number(text));
    this.#port = Promise.race([line, ended]);
  }

  async ask({ ask }: ServerQuestion): Promise<number> {
    const port = await this.#port;
    switch (ask) {
      case 'port':
        return port;
      case 'cpu':
        return cpuMicroseconds(this.#process.pid ?? 0);
      case 'memory':
        return this.#resident();
      case 'mark-sweeps':
        throw new Error('a foreign server does not count its collections');
      case 'heap':
      case 'skipped':
      case 'watch blocks':
      case 'blocked':
        throw new Error('a foreign server does not tell of its inside');
      default:
        return ask satisfies never;
    }
  }

  /** After as many collections as a server of ours makes. */
  async #resident(): Promise<number> {
    for (let round = 0; round < 4; round += 1) {
      const collected = once(this.#lines, 'line', { signal: AbortSignal.timeout(COLLECTED_MS) });
      this.#process.kill('SIGUSR2');
      await collected;
      await delay(100);
    }
    return residentBytes(this.#process.pid ?? 0);
  }

  stop(): void {
    this.#process.kill('SIGKILL');
  }
}

function residentBytes(pid: number): number {
  const [, kibibytes = 'NaN'] =
    /^VmRSS:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8')) ?? [];
  return Number(kibibytes) * 1024;
}

/** @returns What all threads of a process have cost; none ends while it is measured. */
export function cpuMicroseconds(pid: number): number {
  const tasks = `/proc/${pid}/task`;
  return readdirSync(tasks).reduce((sum, task) => {
    const [onCpu = 'NaN'] = readFileSync(`${tasks}/${task}/schedstat`, 'utf8').split(' ');
    return sum + Number(onCpu) / 1000;
  }, 0);
}
