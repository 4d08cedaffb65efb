// A process of its own, as its parent sees it: started on one core, asked one
// question at a time, stopped by its process id. The other half, in the child,
// is parent.ts.

import { spawn, spawnSync } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';

/** Longest wait for an answer, beyond the time that the question itself asks for. */
const ANSWER_MS = 30_000;

/** Whether processes can be kept on the cores 0 and 1 (`taskset` of util-linux, and two cores that are ours). */
export const canPin: boolean = ['0', '1'].every((core) => succeeds('taskset', ['-c', core, 'true']));

/** Whether a process may have so many files open, raising the limit if need be. */
export function canOpen(files: number): boolean {
  return succeeds('sh', ['-c', `ulimit -n ${files}`]);
}

export type Environment = Readonly<Record<string, string>>;

/**
 * `ws` takes the package bufferutil where it finds it. What is measured has none, unless its
 * environment says otherwise: it is installed beside the peers for the sake of those that have it.
 */
export function environmentOf(own: Environment = {}): NodeJS.ProcessEnv {
  return { ...process.env, WS_NO_BUFFER_UTIL: '1', ...own };
}

/** The words before a command that may have so many files open. Node takes what the hard limit allows; `ulimit -n` sets both. */
export function withFiles(files: number | undefined): readonly string[] {
  return files === undefined ? [] : ['sh', '-c', `ulimit -n ${files} && exec "$@"`, 'sh'];
}

export interface ChildOptions {
  /** Where it runs, if {@link canPin}. */
  readonly core: 0 | 1;
  /** How many files it has open at most. Default: as many as the machine allows by itself. */
  readonly files?: number | undefined;
  /** Where its CPU profile is written at its end. Default: none. */
  readonly profileFolder?: string | undefined;
  /** Words behind the program's name. Default none. */
  readonly words?: readonly string[];
  /** Beside that of this process and {@link environmentOf}. Default none. */
  readonly env?: Environment | undefined;
  /** A command that runs it, such as `ip netns exec NAME`. Default none. */
  readonly within?: readonly string[] | undefined;
}

/** One running program, asked for numbers. */
export class Child<Question extends object> {
  readonly #process: ChildProcess;
  readonly #name: string;
  #fail: (error: Error) => void = () => {};
  #answer: (answer: number) => void = () => {};

  constructor(
    program: URL,
    { core, files, profileFolder, words: more = [], env, within = [] }: ChildOptions,
  ) {
    this.#name = fileURLToPath(program);
    const words = [
      ...within,
      ...withFiles(files),
      ...(canPin ? ['taskset', '-c', String(core)] : []),
      process.execPath,
      '--expose-gc',
      ...(profileFolder === undefined ? [] : ['--cpu-prof', `--cpu-prof-dir=${profileFolder}`]),
      this.#name,
      ...more,
    ];
    this.#process = spawn(words[0] as string, words.slice(1), {
      stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
      env: environmentOf(env),
    });
    this.#process.on('message', (answer) => this.#answer(answer as number));
    this.#process.on('error', (error) => this.#fail(error));
    this.#process.on('exit', (code) => this.#fail(new Error(`${this.#name} ended with ${code}`)));
  }

  /**
   * Asks for a number.
   *
   * @param forMs - How long the answer takes by itself. Default 0.
   * @throws Error when the program ends, or has not answered {@link ANSWER_MS} after that.
   */
  async ask(question: Question, forMs = 0): Promise<number> {
    let timer: NodeJS.Timeout | undefined;
    try {
      return await new Promise<number>((resolve, reject) => {
        this.#answer = resolve;
        this.#fail = reject;
        timer = setTimeout(() => reject(new Error(`${this.#name} does not answer`)), forMs + ANSWER_MS);
        this.#process.send(question);
      });
    } finally {
      clearTimeout(timer);
    }
  }

  /** Lets it end by itself: it does when it is left alone. */
  async end(): Promise<void> {
    this.#fail = () => {};
    const ended = once(this.#process, 'exit');
    this.#process.disconnect();
    await ended;
  }

  /** Sends a signal, by its process id. */
  signal(name: 'SIGTERM' | 'SIGSTOP' | 'SIGCONT'): void {
    this.#process.kill(name);
  }

  /** Resolves with the exit code; null where a signal has ended it. */
  async exited(): Promise<number | null> {
    this.#fail = () => {};
    if (this.#process.exitCode !== null) return this.#process.exitCode;
    const [code] = (await once(this.#process, 'exit')) as [number | null];
    return code;
  }

  stop(): void {
    this.#process.kill('SIGKILL');
  }
}

function succeeds(command: string, words: readonly string[]): boolean {
  return spawnSync(command, words, { stdio: 'ignore' }).status === 0;
}
