// A program that is started, ended and started again, and that does not outlive this process.

import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';

/** What has not ended so long after its signal is killed. */
const ENDS_WITHIN_MS = 3000;

/** One process at a time. */
export class Program {
  readonly #spawn: () => ChildProcess;
  readonly #changed: () => void;
  #child: ChildProcess | undefined;

  /** @param changed - Called when a process has been started, and when it has ended. */
  constructor(spawn: () => ChildProcess, changed: () => void) {
    this.#spawn = spawn;
    this.#changed = changed;
  }

  /** Of the process; undefined while there is none. */
  get pid(): number | undefined {
    return this.#child?.pid;
  }

  /** @returns The process: a new one unless one runs. */
  start(): ChildProcess {
    if (this.#child !== undefined) return this.#child;
    const child = this.#spawn();
    this.#child = child;
    const kill = (): void => void child.kill('SIGKILL');
    process.once('exit', kill);
    child.on('error', (error) => console.error(error.message));
    child.once('close', () => {
      process.off('exit', kill);
      this.#child = undefined;
      this.#changed();
    });
    this.#changed();
    return child;
  }

  /** Resolves when it has ended. */
  async end(signal: 'SIGTERM' | 'SIGKILL'): Promise<void> {
    const child = this.#child;
    if (child === undefined) return;
    const hasEnded = once(child, 'close');
    child.kill(signal);
    const timer = setTimeout(() => child.kill('SIGKILL'), ENDS_WITHIN_MS);
    await hasEnded;
    clearTimeout(timer);
  }
}
