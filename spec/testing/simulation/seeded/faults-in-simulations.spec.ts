// Faults in simulations: what they do to a scenario is no failure of it, unless it says so.

import { describe, expect, it } from 'vitest';
import type { Handler } from 'corosock';
import { ConnectError, simulate, SimulationError } from 'corosock/testing';
import type { Faults, SimulateOptions, World, WorldClient } from 'corosock/testing';

const echo: Handler = async (ws) => {
  for await (const message of ws) await ws.write(message);
};

/** Connects; undefined where a fault has ended the handshake. */
async function connected(w: World, host: ReturnType<World['serve']>): Promise<WorldClient | undefined> {
  try {
    return await w.connect(host);
  } catch (error) {
    if (error instanceof ConnectError) return undefined;
    throw error;
  }
}

const NAMES = ['ada', 'bob', 'eve'];

/** Clients each ask and wait for the answer, five times, and close. */
async function questions(w: World, onLost: () => void = () => {}, names = NAMES): Promise<void> {
  const host = w.serve(echo);
  const ask = async (name: string): Promise<void> => {
    const client = await connected(w, host);
    for (let turn = 0; client !== undefined && turn < 5; turn += 1) {
      await client.write(`${name} ${turn}`);
      const [answer, status] = await client.read();
      if (status === 'closed') return onLost();
      expect([answer, status]).toEqual([`${name} ${turn}`, 'ok']);
    }
    await client?.close();
  };
  for (const name of names) void w.spawn(name, () => ask(name));
}

/** Fails where both clients lose their links: few seeds do that. */
async function fragile(w: World): Promise<void> {
  let lost = 0;
  await questions(w, () => {
    lost += 1;
    if (lost === 2) throw new Error(`both are lost at ${w.clock.now()} ms, ${w.random()}`);
  }, ['ada', 'bob']);
}

async function failureOf(options: SimulateOptions): Promise<SimulationError> {
  const error: unknown = await simulate(fragile, options).catch((reason: unknown) => reason);
  if (error instanceof SimulationError) return error;
  return expect.fail('no seed fails');
}

describe('simulate with faults', () => {
  it.each<[string, 'mild' | 'cruel' | Faults]>([
    ['mild', 'mild'],
    ['cruel', 'cruel'],
    ['half-open links', { halfOpen: 1 }],
    ['stalls', { stall: 1 }],
    ['resets', { reset: 1 }],
    ['hosts that stop', { nodeDeath: 1 }],
    ['crossing closes', { crossingClose: 1, delayMs: [0, 100] }],
  ])('ends, and takes no fault for a deadlock: %s', async (_, faults) => {
    expect(await simulate(questions, { faults, runs: 50 })).toMatchObject({ runs: 50 });
  });

  it.each(['mild', 'cruel'] as const)('ends over the bytes of a port, too: %s', async (faults) => {
    const options = { faults, runs: 20, fidelity: 'wire' } as const;
    expect(await simulate(questions, options)).toMatchObject({ runs: 20 });
  });

  it('finds what a scenario forgets: a link may be reset', async () => {
    const failing = simulate(
      async (w) => {
        const client = await w.connect(w.serve(echo));
        await client.write('hello');
        expect(await client.read()).toEqual(['hello', 'ok']);
      },
      { faults: 'cruel', runs: 100 },
    );
    await expect(failing).rejects.toMatchObject({ code: 'COROSOCK_SIMULATION' });
  });

  it.each(['messages', 'wire'] as const)(
    'plays a seed that has failed exactly so again, alone: %s',
    async (fidelity) => {
      const options = { faults: 'cruel', fidelity } as const;
      const first = await failureOf({ ...options, runs: 100 });
      expect(first.seed).toBeGreaterThan(1);
      expect(first.story.split('\n').length).toBeGreaterThan(10);
      const again = await failureOf({ ...options, seed: first.seed });
      expect(facts(again)).toEqual(facts(first));
    },
  );
});

/** What an error says: the text has the time of the failure and a random number of the world. */
function facts({ code, seed, story, message, cause }: SimulationError): object {
  return { code, seed, story, message, cause: String(cause) };
}
