// The verdict on a scenario that cannot go on: who waits where, and what is in flight.

import { describe, expect, it } from 'vitest';
import type { Handler } from 'corosock';
import { failureOf, withoutLines } from '../told.ts';
import type { World } from 'corosock/testing';

const echo: Handler = async (ws) => {
  for await (const message of ws) await ws.write(message);
};
/** A host whose heartbeat ends no link. */
const silent = { heartbeat: false } as const;

const CURE = '. No timer is set that one of them waits for: send what it reads, or give the read a time-out';

async function verdictOf(scenario: (w: World) => Promise<void>): Promise<string> {
  const error = await failureOf(scenario, { seed: 1 });
  expect(error.code).toBe('COROSOCK_DEADLOCK');
  const [first = ''] = error.message.split('\n');
  expect(first).toContain(CURE);
  return withoutLines(first)
    .replace(/^.*nothing can go on: /u, '')
    .replace(CURE, '');
}

describe('the verdict on a deadlock', () => {
  it('names the handler and the client that wait for each other', async () => {
    const verdict = await verdictOf(async (w) => {
      const host = w.serve({ '/chat': async (ws) => void (await ws.readMessage()) });
      const client = await w.connect(host, { url: 'ws://localhost/chat' });
      await client.read();
    });
    expect(verdict).toBe(
      'handler of /chat of client 1 waits in read at who-waits.spec.ts; ' +
        'client 1 waits in read at who-waits.spec.ts; the scenario has not ended; nothing is in flight',
    );
  });

  it('names child tasks, and handlers that wait in a channel', async () => {
    const verdict = await verdictOf(async (w) => {
      const host = w.serve(async (ws) => {
        const task = ws.spawn(async function listen() {
          await ws.readMessage();
        });
        await task;
      });
      await (await w.connect(host)).read();
    });
    expect(verdict).toContain('handler of client 1 waits in task at who-waits.spec.ts');
    expect(verdict).toContain("task 'listen' of handler of client 1 waits in read at who-waits.spec.ts");
  });

  it('names the scenario where it waits for something foreign', async () => {
    const verdict = await verdictOf(() => new Promise(() => {}));
    expect(verdict).toBe('the scenario has not ended; nothing is in flight');
  });

  it('names no scenario that has ended, and what is to come eventually', async () => {
    const error = await failureOf(
      async (w) => {
        void w.eventually('it comes', () => false, 60_000);
        void w.eventually('it goes', () => false, 60_000);
      },
      { seed: 1, untilMs: 10 },
    );
    expect(error.message).toContain(
      "(untilMs): eventually 'it comes' is not true yet; eventually 'it goes' is not true yet; nothing is in flight",
    );
  });

  it('says that messages wait for a reader', async () => {
    const verdict = await verdictOf(async (w) => {
      const client = await w.connect(w.serve(() => new Promise(() => {}), { queueMessages: 1 }));
      for (;;) await client.write('x'.repeat(100_000));
    });
    expect(verdict).toContain('client 1 waits in write at who-waits.spec.ts; ');
    expect(verdict).toMatch(/; what is in flight waits for a reader$/u);
  });

  it('names what a stalled link holds', async () => {
    const verdict = await verdictOf(async (w) => {
      const client = await w.connect(w.serve(echo, silent));
      client.link.stall('out');
      await client.write('held');
      // Its heartbeat ends it; the host hears nothing of that.
      await client.closed;
      await new Promise(() => {});
    });
    expect(verdict).toContain('client 1 link stalls out and holds');
  });

  it('names a link that is cut, and a handshake without an answer', async () => {
    const verdict = await verdictOf(async (w) => {
      const host = w.serve({ server: async () => {}, onPreServer: () => new Promise(() => {}) }, silent);
      const other = await w.connect(w.serve(echo, silent));
      other.link.cut();
      void w.connect(host).catch(() => {});
      await w.clock.advance(60_000);
      await new Promise(() => {});
    });
    expect(verdict).toContain('client 1 link is cut');
  });

  it('names scripts, and the first twenty of all', async () => {
    const verdict = await verdictOf(async (w) => {
      const host = w.serve(echo);
      for (let count = 0; count < 12; count += 1) await w.connect(host);
      for (let count = 0; count < 12; count += 1)
        void w.spawn(`script ${count}`, () => new Promise(() => {}));
      await new Promise(() => {});
    });
    expect(verdict).toContain("script 'script 7' has not ended; 5 more wait; nothing is in flight");
  });

  it('names a handshake that has no answer', async () => {
    const error = await failureOf(
      async (w) => {
        const server = { server: async () => {}, onPreServer: () => new Promise<void>(() => {}) };
        await w.connect(w.serve(server));
      },
      { seed: 1, untilMs: 10 },
    );
    expect(error.message).toContain('client 1 waits for the answer to its handshake');
  });

  it('names no handshake that has failed', async () => {
    const scenario = async (w: World): Promise<void> => {
      const client = await w.connect(w.serve(echo)).catch(() => undefined);
      if (client === undefined) await new Promise(() => {});
    };
    for (const fidelity of ['messages', 'wire'] as const) {
      const reset = await failureOf(scenario, { faults: { reset: 1 }, fidelity });
      expect(reset.story).toContain('client 1 fails to connect: The handshake failed: ');
      expect(reset.message).toContain('nothing can go on: the scenario has not ended; nothing is in flight');
      const late = await failureOf(scenario, { faults: { halfOpen: 1 }, fidelity });
      expect(late.story).toContain('client 1 fails to connect: The handshake failed: no answer');
      expect(late.message).not.toContain('waits for the answer');
    }
  });

  it('names handlers that sleep, and those whose client has gone', async () => {
    const error = await failureOf(
      async (w) => {
        const host = w.serve({
          '/': () => new Promise<void>(() => {}),
          '/sleep': async (ws) => {
            await ws.clock.sleep(1_000_000);
          },
        });
        const pending = w.serve({ server: async () => {}, onPreServer: () => new Promise<void>(() => {}) });
        await (await w.connect(host)).close();
        await w.connect(host, { url: 'ws://localhost/sleep' });
        await w.connect(pending);
      },
      { seed: 1, untilMs: 1000 },
    );
    expect(withoutLines(error.message)).toContain(
      ': handler of / waits in no call of this package; handler of /sleep of client 2 waits at who-waits.spec.ts; ',
    );
  });

  it('is told, too, where a scenario has not ended by untilMs', async () => {
    const error = await failureOf(
      async (w) => {
        await w.connect(w.serve(echo));
        for (;;) await w.clock.advance(60_000);
      },
      { seed: 1, untilMs: 1_000_000 },
    );
    expect(withoutLines(error.message)).toContain(
      'it has not ended by t=1000000 (untilMs): handler of client 1 waits in read at who-waits.spec.ts; the scenario has not ended; nothing is in flight',
    );
  });
});
