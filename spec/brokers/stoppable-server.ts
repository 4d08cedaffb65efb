// A server program that a spec starts on a port, and kills, stops (SIGSTOP) and starts again by its
// process id, while clients keep the port.

import { spawn, spawnSync } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { connect } from 'node:net';
import { setTimeout as wait } from 'node:timers/promises';
import { quietPort } from '../fixtures/free-port.ts';

const ACCEPTS_MS = 10_000;

/** Tells whether a program is installed. */
export function isInstalled(program: string): boolean {
  return spawnSync(program, ['--version']).status === 0;
}

/** A server on one port. */
export class StoppableServer implements AsyncDisposable {
  readonly port: number;
  readonly #program: string;
  readonly #args: readonly string[];
  #child: ChildProcess | undefined;

  private constructor(port: number, program: string, args: readonly string[]) {
    this.port = port;
    this.#program = program;
    this.#args = args;
  }

  /** Finds a port; the server is not started. */
  static async make(program: string, argsFor: (port: number) => readonly string[]): Promise<StoppableServer> {
    const port = await quietPort();
    return new StoppableServer(port, program, argsFor(port));
  }

  /** Of its process, while it runs. */
  get pid(): number | undefined {
    return this.#child?.pid;
  }

  /** Starts it, and waits until it takes connections. */
  async start(): Promise<void> {
    this.#child = spawn(this.#program, this.#args, { stdio: 'ignore' });
    const lastMs = performance.now() + ACCEPTS_MS;
    while (!(await accepts(this.port))) {
      if (performance.now() > lastMs) throw new Error(`${this.#program} takes no connection on ${this.port}`);
      await wait(10);
    }
  }

  /** Kills it, as a crash does. */
  async kill(): Promise<void> {
    const child = this.#child;
    this.#child = undefined;
    if (child === undefined || child.exitCode !== null) return;
    const hasEnded = once(child, 'exit');
    child.kill('SIGKILL');
    await hasEnded;
  }

  /** Stops it without an end: its links stay open. Resolves when the system has stopped it. */
  async pause(): Promise<void> {
    if (this.#child?.pid !== undefined) await pauseProcess(this.#child.pid);
  }

  resume(): void {
    this.#child?.kill('SIGCONT');
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.kill();
  }
}

/** Stops a process without an end (SIGSTOP). Resolves when the system has stopped it. */
export async function pauseProcess(pid: number): Promise<void> {
  process.kill(pid, 'SIGSTOP');
  // The state stands behind the name, which is in parentheses.
  while (!/\) [Tt] /.test(readFileSync(`/proc/${pid}/stat`, 'utf8'))) await wait(1);
}

async function accepts(port: number): Promise<boolean> {
  const socket = connect(port, '127.0.0.1');
  try {
    await once(socket, 'connect');
    return true;
  } catch {
    return false;
  } finally {
    socket.destroy();
  }
}
