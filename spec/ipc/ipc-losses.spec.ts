// Processes and threads that are killed, and channels that are cut: the others lose nothing, and
// nothing comes twice.

import { fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { Worker } from 'node:worker_threads';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ipcBroker } from 'corosock/ipc';
import type { IpcBroker } from 'corosock/ipc';
import { RUNS } from '../brokers/loss-stories.ts';
import { buildPackage } from '../fixtures/built-package.ts';
import type { BuiltPackage } from '../fixtures/built-package.ts';
import { IpcEngine } from '../../src/ipc/ipc-broker.ts';
import { SharedRelay } from '../../src/ipc/shared-relay.ts';
import { untilWithin } from '../../src/testing/contracts/recorded-node.ts';

const until = untilWithin(30_000);
const program = fileURLToPath(new URL('losses-program.js', import.meta.url));

let built: BuiltPackage;
beforeAll(async () => {
  built = await buildPackage();
}, 60_000);
afterAll(() => built[Symbol.asyncDispose]());

type Event = number | 'gap';

/** A process or a thread with losses-program.js. */
interface Member {
  /** What it has got. */
  readonly events: readonly Event[];
  isReady: boolean;
  kill(): Promise<unknown>;
  /** Of a process: cuts its channel, and waits until it has found itself down. */
  cut(): Promise<unknown>;
}

let count = 0;

/** The broker of this thread, and what starts members of it. */
interface Family {
  readonly broker: IpcBroker;
  start(): Member;
}

function member(): Member & { readonly events: Event[]; hear(message: unknown): void } {
  const events: Event[] = [];
  const made = {
    events,
    isReady: false,
    hear(message: unknown) {
      const { event } = message as { event?: Event | 'ready' };
      if (event === 'ready') made.isReady = true;
      else if (event !== undefined) events.push(event);
    },
    kill: async (): Promise<unknown> => undefined,
    cut: async (): Promise<unknown> => undefined,
  };
  return made;
}

function processes(): Family {
  count += 1;
  const prefix = `losses-${process.pid}-${count}`;
  const { broker } = new IpcEngine(prefix, new SharedRelay(prefix, undefined));
  return {
    broker,
    start() {
      const child = fork(program, [`file://${built.folder}/dist/`, prefix], { execArgv: [] });
      const made = member();
      child.on('message', made.hear);
      const ended = once(child, 'exit');
      broker.adopt(child);
      made.kill = () => {
        child.kill('SIGKILL');
        return ended;
      };
      made.cut = async () => {
        child.disconnect();
        const [code] = (await ended) as [number | null];
        if (code !== 0) throw new Error(`The process that is cut off has ended with ${code}`);
      };
      return made;
    },
  };
}

function threads(): Family {
  count += 1;
  const prefix = `losses-${process.pid}-${count}`;
  return {
    broker: ipcBroker({ prefix, parent: false }),
    start() {
      const workerData = { dist: `file://${built.folder}/dist/`, prefix };
      const worker = new Worker(program, { workerData, execArgv: [] });
      const made = member();
      worker.on('message', made.hear);
      made.kill = () => worker.terminate();
      return made;
    },
  };
}

/** Finds what does not follow the event before it. A subscription may begin with a gap. */
const breaks = (all: readonly Event[]): readonly Event[] => {
  const events = all[0] === 'gap' ? all.slice(1) : all;
  return events.filter((event, index) => index > 0 && event !== Number(events[index - 1]) + 1);
};

const WAYS = [
  ['kills of a process', processes, (one: Member) => one.kill()],
  ['cuts of the channel of a process', processes, (one: Member) => one.cut()],
  ['kills of a thread', threads, (one: Member) => one.kill()],
] as const;

describe.concurrent('ipcBroker', () => {
  it.each(WAYS)(
    `0 silent losses and 0 doubles in ${RUNS} %s`,
    async (_, family, end) => {
      const { broker, start } = family();
      const kept = start();
      await until('the one that stays is ready', () => kept.isReady);
      const up = new Map<string, Event[]>();
      await broker.subscribe(
        'up',
        (bytes) => {
          const [sender = '', number] = Buffer.from(bytes).toString().split(' ');
          const numbers = up.get(sender) ?? [];
          numbers.push(Number(number));
          up.set(sender, numbers);
        },
        () => up.set('of this thread', ['gap', 'gap']),
      );
      let isOver = false;
      let said = 0;
      const publishing = (async () => {
        for (; !isOver; said += 1) {
          await broker.publish('down', Buffer.from(`${said}`));
          await new Promise((next) => setTimeout(next, 2));
        }
      })();
      const ended: Member[] = [];
      for (let run = 0; run < RUNS; run += 1) {
        const one = start();
        await until('it is ready', () => one.isReady);
        // From it, too.
        await until('numbers have come', () => one.events.length > 3 && up.size === run + 2);
        await end(one);
        ended.push(one);
      }
      isOver = true;
      await publishing;
      await until('the last has come', () => kept.events.at(-1) === said - 1);
      const all = [...[kept, ...ended].map(({ events }) => events), ...up.values()];
      expect(all.flatMap((events) => breaks(events))).toEqual([]);
      expect([ended.length, up.size]).toEqual([RUNS, RUNS + 1]);
      await kept.kill();
      await broker.close();
    },
    60_000 + RUNS * 4000,
  );
});
