// Child tasks that are cancelled, that fail, and that wait for nothing but their signal: each ends
// with its handler at the latest, one that is cancelled ends alone, one that fails ends all.

import { UsageError } from 'corosock';
import type { ServerSocket } from 'corosock';
import { claim } from './scene.ts';
import type { Scenario, Scene } from './scene.ts';

const PLANTED = new Error('of a task');
const CLOSE_TIMEOUT_MS = 5000;

/** What a handler does with its tasks, and the code with which its socket closes. */
const WAYS = [
  ['cancel', 1000],
  ['fail', 1011],
  ['spawn late', 1000],
  ['hear of the end', 1006],
] as const;

/** Runs tasks of one handler, and counts them. */
class Children {
  readonly #scene: Scene;
  readonly #ws: ServerSocket;
  running = 0;

  constructor(scene: Scene, ws: ServerSocket) {
    this.#scene = scene;
    this.#ws = ws;
  }

  /** Spawns one that waits for its signal, and takes a moment to end. */
  spawnPatient(): ReturnType<ServerSocket['spawn']> {
    return this.#ws.spawn(async (signal) => {
      this.running += 1;
      try {
        await this.#ws.clock.sleep(Infinity, { signal });
      } finally {
        await this.#scene.pause(20);
        this.running -= 1;
      }
    });
  }

  async play(way: (typeof WAYS)[number][0]): Promise<void> {
    const tasks = [this.spawnPatient(), this.spawnPatient(), this.spawnPatient()];
    await this.#scene.pause(30);
    if (way === 'cancel') return this.#cancel(tasks[0]);
    if (way === 'spawn late') return this.#scene.after(100, () => this.#spawnLate());
    if (way === 'fail') return this.#fail();
    // Ends with its socket: the handler waits for a task that nothing else ends.
    await Promise.resolve(tasks[1]).catch(() => {});
    claim(this.#ws.signal.aborted, 'a task has ended before its socket');
  }

  /** Ends one task, and waits until it has ended. The others go on. */
  async #cancel(task: ReturnType<ServerSocket['spawn']> | undefined): Promise<void> {
    await task?.cancel();
    claim(this.running === 2, 'another number of tasks', this.running);
    await this.#scene.pause(50);
    claim(this.running === 2 && !this.#ws.signal.aborted, 'another task has ended', this.running);
  }

  /** Fails one task: all others end, and none begins any more. */
  async #fail(): Promise<void> {
    const sinceMs = this.#scene.w.clock.now();
    void this.#ws.spawn(async () => {
      await this.#scene.pause(10);
      throw PLANTED;
    });
    await this.#ws.closed;
    while (this.running > 0) await this.#scene.sleep(1);
    const tookMs = this.#scene.w.clock.now() - sinceMs;
    claim(tookMs < CLOSE_TIMEOUT_MS, 'the others went on', tookMs);
    let hasBegun = false;
    const late = this.#ws.spawn(() => void (hasBegun = true));
    await Promise.resolve(late).catch(() => {});
    claim(!hasBegun, 'a task has begun after the failure of another');
  }

  #spawnLate(): void {
    let hasBegun = false;
    const late = this.#ws.spawn(() => void (hasBegun = true));
    void this.#scene.w.spawn('late', async () => {
      const error: unknown = await Promise.resolve(late).catch((reason: unknown) => reason);
      claim(error instanceof UsageError && !hasBegun, 'a task has begun after its handler', String(error));
    });
  }
}

async function family(scene: Scene): Promise<void> {
  const { w } = scene;
  const errors: unknown[] = [];
  const all: Children[] = [];
  const host = w.serve(
    async (ws) => {
      const children = new Children(scene, ws);
      all.push(children);
      const [at] = await ws.readText();
      await children.play(WAYS[Number(at)]?.[0] ?? 'cancel');
    },
    { closeTimeoutMs: CLOSE_TIMEOUT_MS, report: (error) => void errors.push(error) },
  );
  await scene.each(WAYS.length, 'client', async (at) => {
    const ws = await scene.connect(host);
    await ws.write(String(at));
    const [way, code] = WAYS[at] as (typeof WAYS)[number];
    if (way === 'hear of the end') {
      // Its handler waits by then.
      await scene.sleep(500);
      ws.link.reset();
    }
    const info = await scene.untilClosed(ws);
    claim(info.code === code && info.clean === (code !== 1006), 'another end', way, info);
    await w.eventually(`no task of ${way} is left`, () => all.every(({ running }) => running === 0), 10_000);
  });
  await host.close();
  const others = errors.filter((error) => error !== PLANTED && !isLate(error));
  claim(others.length === 0 && errors.includes(PLANTED), 'other errors', errors.map(String));
  await scene.claimNoTimers();
}

function isLate(error: unknown): boolean {
  return error instanceof UsageError && error.code === 'COROSOCK_TOO_LATE';
}

export const TASKS: readonly Scenario[] = [
  { name: 'a task that is cancelled ends alone, one that fails ends all', play: family },
];
