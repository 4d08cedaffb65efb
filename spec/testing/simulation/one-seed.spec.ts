// The same seed gives the same run: whole traces are compared, each seed runs twice. A trace has
// every delivery, turn and timer, with the random choices so far, and what users see of it. A run
// takes 3 ms, and over the bytes of a port 9 ms, so that fewer seeds run there.

import { describe, expect, it } from 'vitest';
import type { Handler } from 'corosock';
import { ConnectError } from 'corosock/testing';
import type { FaultsOption, WorldClient, WorldOptions } from 'corosock/testing';
import { Agenda } from '../../../src/testing/simulation/seeded/agenda.ts';
import { SeededWorld } from '../../../src/testing/simulation/world/seeded-world.ts';

/** What the seeds of one kind play. */
interface Run {
  readonly faults: FaultsOption;
  readonly clients: readonly string[];
}

/** Many events fall on one time, so that their order is chosen: all faults but delays. */
const CROWDED: Run = {
  faults: { reset: 0.1, halfOpen: 0.1, stall: 0.2, crossingClose: 0.2, nodeDeath: 0.05 },
  clients: ['ada', 'bob', 'eve'],
};
const SLOW: Run = { faults: 'cruel', clients: ['ada', 'bob'] };
const MAX_LIFETIME_MS = 5000;

const SECRET = 'a secret of 32 bytes, as it seems';

/** Sends each message to all other sockets, and counts it in the session. */
const chat: Handler = async (ws) => {
  for await (const message of ws) {
    await ws.session?.update((data) => void (data['count'] = Number(data['count'] ?? 0) + 1));
    for (const other of ws.host.sockets.values()) if (other !== ws) await other.write(message);
  }
};

type Fidelity = Required<WorldOptions>['fidelity'];
type Add = (...facts: unknown[]) => void;

/** Adds each event when it runs: which lane it comes from, or which timer it is. */
function traceSteps(agenda: Agenda, add: Add): void {
  let [lanes, timers] = [0, 0];
  Object.assign(agenda, {
    openLane(deliver: (run: () => void) => void = (run) => run()) {
      const name = `lane ${(lanes += 1)}`;
      return Agenda.prototype.openLane.call(agenda, (run) => traced(name, () => deliver(run))());
    },
    setTimeout(...[run, ms, owner]: Parameters<Agenda['setTimeout']>) {
      const name = `timer ${(timers += 1)}`;
      return Agenda.prototype.setTimeout.call(agenda, traced(name, run), ms, owner);
    },
    setImmediate: (run: () => void) => Agenda.prototype.setImmediate.call(agenda, traced('turn', run)),
  });
  function traced(name: string, run: () => void): () => void {
    return () => {
      add(name);
      run();
    };
  }
}

/** Gives all that happens in a chat with ids, sessions, random numbers, times and a shut-down. */
async function traceOf(seed: number, { faults, clients }: Run, fidelity: Fidelity): Promise<string> {
  const trace: unknown[] = [];
  await using w = new SeededWorld({ faults, fidelity, seed });
  const add: Add = (...facts) => void trace.push([w.clock.now(), w.choices.taken, ...facts]);
  traceSteps(w.agenda, add);
  const host = w.serve(chat, {
    maxLifetimeMs: MAX_LIFETIME_MS,
    sessions: { secret: SECRET },
    onOpen: ({ id, sessionId }) => add('open', id, sessionId),
    onClose: ({ id, session }, { code }) =>
      void session?.load().then(({ count }) => add('close', id, code, count)),
  });
  const connected = async (): Promise<WorldClient | undefined> => {
    try {
      return await w.connect(host);
    } catch (error) {
      if (error instanceof ConnectError) return undefined;
      throw error;
    }
  };
  const visit = async (name: string): Promise<void> => {
    const ws = await connected();
    add(name, ws === undefined ? 'lost' : 'connected');
    if (ws === undefined) return;
    await ws.write(`${name} ${w.random()}`);
    for (let isOpen = true; isOpen;) {
      const [message, status] = await ws.readText(QUIET_MS);
      add(name, message, status);
      isOpen = status === 'ok';
    }
    add(name, (await ws.close()).code);
  };
  for (const name of clients) void w.spawn(name, () => visit(name));
  await w.clock.advance(MAX_LIFETIME_MS + 20_000);
  for (const name of clients) void w.spawn(name, () => visit(`${name} again`));
  await w.settle();
  const closing = host.close({ graceMs: 2000, spreadMs: 1000 }).then(({ closed }) => add('closed', closed));
  await w.clock.advance(10_000);
  await closing;
  return JSON.stringify(trace);
}

/** Longer than all other waits: clients that faults have left alone end by it. */
const QUIET_MS = 100_000;

describe('one seed of a world', () => {
  it.each<[what: string, seeds: number, fidelity: Fidelity]>([
    ['whole messages', 1000, 'messages'],
    ['the bytes of a port', 100, 'wire'],
  ])(
    'decides every delivery, timer, fault, id and random number over %s, for %d seeds',
    async (_, seeds, fidelity) => {
      const traces = new Set<string>();
      for (let seed = 0; seed < seeds; seed += 1) {
        const run = seed % 2 === 0 ? SLOW : CROWDED;
        const trace = await traceOf(seed, run, fidelity);
        if (trace !== (await traceOf(seed, run, fidelity))) expect.fail(`seed ${seed} gives two traces`);
        traces.add(trace);
      }
      expect(traces.size).toBe(seeds);
    },
    120_000,
  );
});
