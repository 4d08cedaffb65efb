// The same seed gives the same run: whole traces are compared, each seed runs twice. Over the bytes
// of a port a run takes three times as long, so that fewer seeds run here.

import { describe, expect, it } from 'vitest';
import type { Handler } from 'corosock';
import { world } from 'corosock/testing';
import type { WorldOptions } from 'corosock/testing';

interface Run {
  readonly seeds: number;
  readonly options: WorldOptions;
  readonly clients: readonly string[];
  readonly maxLifetimeMs: number;
}

const SECRET = 'a secret of 32 bytes, as it seems';

/** Sends each message to all other sockets, and counts it in the session. */
const chat: Handler = async (ws) => {
  for await (const message of ws) {
    await ws.session?.update((data) => void (data['count'] = Number(data['count'] ?? 0) + 1));
    for (const other of ws.host.sockets.values()) if (other !== ws) await other.write(message);
  }
};

/** Gives what the clients of a chat see, with ids, sessions, random numbers, times and a shut-down. */
async function traceOf(seed: number, { options, clients, maxLifetimeMs }: Run): Promise<string> {
  const trace: unknown[] = [];
  await using w = world({ ...options, seed });
  const add = (...facts: unknown[]): void => void trace.push([w.clock.now(), ...facts]);
  const host = w.serve(chat, {
    maxLifetimeMs,
    sessions: { secret: SECRET },
    onOpen: ({ id, sessionId }) => add('open', id, sessionId),
    onClose: ({ id, session }, { code }) =>
      void session?.load().then(({ count }) => add('close', id, code, count)),
  });
  const visit = async (name: string): Promise<void> => {
    const ws = await w.connect(host);
    add(name, 'connected');
    await ws.write(`${name} ${w.random()}`);
    for await (const message of ws) add(name, message);
    add(name, ws.closeInfo?.code);
  };
  for (const name of clients) void w.spawn(name, () => visit(name));
  await w.clock.advance(maxLifetimeMs + 20_000);
  for (const name of clients) void w.spawn(name, () => visit(`${name} again`));
  await w.settle();
  const closing = host.close({ graceMs: 2000, spreadMs: 1000 }).then(({ closed }) => add('closed', closed));
  await w.clock.advance(10_000);
  await closing;
  return JSON.stringify(trace);
}

describe('one seed of a world', () => {
  it.each<[string, Run]>([
    ['whole messages', { seeds: 1000, options: {}, clients: ['ada', 'bob', 'eve'], maxLifetimeMs: 60_000 }],
    [
      'the bytes of a port, cut and merged',
      {
        seeds: 250,
        options: { fidelity: 'wire', faults: { cutChunks: true } },
        clients: ['ada', 'bob'],
        maxLifetimeMs: 5000,
      },
    ],
  ])(
    'decides every delivery, timer, id and random number over %s',
    async (_, run) => {
      const traces = new Set<string>();
      for (let seed = 0; seed < run.seeds; seed += 1) {
        const trace = await traceOf(seed, run);
        if (trace !== (await traceOf(seed, run))) expect.fail(`seed ${seed} gives two traces`);
        traces.add(trace);
      }
      expect(traces.size).toBe(run.seeds);
    },
    120_000,
  );
});
