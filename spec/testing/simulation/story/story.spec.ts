// The story of a run that fails: one line an event, in the order of the events.

import { describe, expect, it } from 'vitest';
import type { Handler } from 'corosock';
import { failureOf, linesOf, withoutLines } from '../told.ts';
import { seededWorld } from '../seeded-worlds.ts';

const echo: Handler = async (ws) => {
  for await (const message of ws) await ws.write(message);
};

describe('the story of a simulation', () => {
  it('tells a lost update: who read, who went on, who wrote, and when', async () => {
    const error = await failureOf(async (w) => {
      let total = 0;
      const add: Handler = async (ws) => {
        for await (const message of ws) {
          const next = total + Number(message);
          await ws.clock.sleep(10);
          total = next;
          for (const other of ws.host.sockets.values()) await other.write(`total ${total}`);
        }
      };
      const host = w.serve({ '/room': add });
      const [ada, bob] = [
        await w.connect(host, { url: 'ws://localhost/room' }),
        await w.connect(host, { url: 'ws://localhost/room' }),
      ];
      await ada.write('1');
      await w.clock.advance(5);
      await bob.write('1');
      await w.clock.advance(100);
      expect(total).toBe(2);
    });
    expect(linesOf(error)).toEqual([
      't=0 client 1 at story.spec.ts connects to /room',
      't=0 host accepts client 1',
      't=0 client 2 at story.spec.ts connects to /room',
      't=0 host accepts client 2',
      't=0 client 1 at story.spec.ts writes "1"',
      't=0 handler of client 1 at story.spec.ts for await → "1"',
      't=5 client 2 at story.spec.ts writes "1"',
      't=5 handler of client 2 at story.spec.ts for await → "1"',
      't=10 handler of client 1 goes on at story.spec.ts · host at story.spec.ts writes "total 1" to client 1, client 2',
      't=10 "total 1" waits for client 1',
      't=10 "total 1" waits for client 2',
      't=15 handler of client 2 goes on at story.spec.ts · host at story.spec.ts writes "total 1" to client 1, client 2',
      't=15 "total 1" waits for client 1',
      't=15 "total 1" waits for client 2',
      't=105 fails: AssertionError: expected 1 to be 2 // Object.is equality (scenario at story.spec.ts)',
    ]);
  });

  it('is in the text of the error, with what repeats it', async () => {
    const error = await failureOf(
      async (w) => {
        await w.connect(w.serve(echo));
        throw new Error('of the scenario');
      },
      { seed: 9 },
    );
    expect(withoutLines(error.message)).toBe(
      `simulate(): seed 9 fails: Error: of the scenario (scenario at story.spec.ts)\n\n${withoutLines(error.story)}\n\n` +
        'It fails without any random order or fault. Give { seed: 9 } to repeat it',
    );
  });

  it('names the line of the user', async () => {
    let line = 0;
    const error = await failureOf(async (w) => {
      const client = await w.connect(w.serve(echo));
      line = 1 + Number(/story\.spec\.ts:(\d+)/u.exec(String(new Error('here').stack))?.[1]);
      await client.write('a');
      await client.read();
      throw new Error('of the scenario');
    });
    expect(error.story).toContain(`client 1 at story.spec.ts:${line} writes "a"`);
    expect(error.story).toContain(`client 1 at story.spec.ts:${line + 1} read → "a"`);
  });

  it('tells faults, and what comes of them in the same line', async () => {
    const error = await failureOf(async (w) => {
      const client = await w.connect(w.serve(echo));
      await w.clock.advance(30_000);
      client.link.reset();
      await w.settle();
      throw new Error('of the scenario');
    });
    expect(linesOf(error).at(-2)).toBe(
      't=30000 client 1 link reset · handler of client 1 at story.spec.ts for await → closed 1006 · ' +
        'client 1 has closed: 1006',
    );
  });

  it('tells what a handler throws, which fails the run', async () => {
    const error = await failureOf(async (w) => {
      const host = w.serve(() => Promise.reject(new TypeError('of the handler')));
      await w.connect(host);
      await w.clock.advance(1000);
    });
    expect(error).toMatchObject({ cause: { message: 'of the handler' } });
    expect(error.story).toContain('handler of client 1 fails: TypeError: of the handler');
  });

  it('tells what a hook throws', async () => {
    const error = await failureOf(async (w) => {
      const host = w.serve({
        server: async () => {},
        onPostServer: () => Promise.reject(new TypeError('of the hook')),
      });
      await w.connect(host);
      await w.clock.advance(1000);
    });
    expect(error.story).toContain('onPostServer of client 1 fails: TypeError: of the hook');
  });

  it('tells what fails before there is a socket', async () => {
    const error = await failureOf(async (w) => {
      const host = w.serve({
        server: async () => {},
        onPreServer: () => Promise.reject(new TypeError('of the hook')),
      });
      await w.connect(host);
    });
    expect(error.story).toMatch(/(onPreServer|handshake) fails: TypeError: of the hook/u);
  });

  it.each(['messages', 'wire'] as const)('tells which client is refused, and why: %s', async (fidelity) => {
    const error = await failureOf(
      async (w) => {
        const host = w.serve({
          '/': echo,
          '/members': {
            server: echo,
            onPreServer: () => new Response('Members only\nSee /join', { status: 403 }),
          },
          '/silent': { server: echo, onPreServer: () => new Response(null, { status: 401 }) },
        });
        await w.connect(host);
        for (const path of ['none', 'members', 'silent'])
          await w.connect(host, { url: `ws://localhost/${path}` }).catch(() => {});
        throw new Error('of the scenario');
      },
      { seed: 1, fidelity },
    );
    expect(linesOf(error).filter((line) => line.includes('refused'))).toEqual([
      't=0 client 2 is refused with 404: Nothing is served here',
      't=0 client 3 is refused with 403: Members only See /join',
      't=0 client 4 is refused with 401',
    ]);
  });

  it.each(['messages', 'wire'] as const)('tells why a client has no answer: %s', async (fidelity) => {
    const error = await failureOf(
      async (w) => {
        const host = w.serve(echo);
        await w.connect(host);
      },
      { seed: 1, fidelity, faults: { halfOpen: 1 } },
    );
    expect(error.story).toMatch(
      /^t=\d+ client 1 fails to connect: The handshake failed: no answer within 10000 ms$/mu,
    );
  });

  it('tells the reset that ends a handshake, and what comes of it, in one line', async () => {
    const error = await failureOf(
      async (w) => {
        const host = w.serve(echo);
        for (let clients = 0; clients < 50; clients += 1) await w.connect(host);
      },
      { seed: 1, faults: { reset: 0.9 } },
    );
    expect(error.story).toMatch(
      /client (\d+) link reset · client \1 fails to connect: The handshake failed: socket hang up$/mu,
    );
  });

  it('keeps the last ten thousand lines', async () => {
    const error = await failureOf(
      async (w) => {
        const client = await w.connect(w.serve(echo));
        for (let turn = 0; turn < 5100; turn += 1) {
          await client.write('a');
          await client.read();
        }
        throw new Error('of the scenario');
      },
      { seed: 1 },
    );
    const lines = linesOf(error);
    expect([lines.length, /^… \d+ lines before$/u.test(lines[0] ?? '')]).toEqual([10_001, true]);
    expect(error.message.split('\n').length).toBeLessThan(70);
  }, 60_000);

  it('tells reads and writes from a step on, and handshakes and faults from the beginning', async () => {
    await using w = seededWorld({}, { recording: { watchedFrom: Infinity, toldFrom: 5 } });
    const client = await w.connect(w.serve(echo));
    for (const word of ['early', 'late']) {
      client.link.stall();
      client.link.heal();
      await client.write(word);
      await client.read();
    }
    const lines = withoutLines(String(w.story?.finish('fails'))).split('\n');
    expect(lines).toEqual([
      '… before step 5 no reads and writes',
      't=0 client 1 at story.spec.ts connects to /',
      't=0 host accepts client 1',
      't=0 client 1 link stalls · client 1 link heals',
      't=0 client 1 link stalls · client 1 link heals',
      't=0 handler of client 1 for await → "late" · host at story.spec.ts writes "late" to client 1',
      't=0 client 1 read → "late"',
      't=0 fails',
    ]);
  });

  it('of a circle has its last steps: its lines take long to find', async () => {
    const error = await failureOf(
      async (w) => {
        const client = await w.connect(w.serve(echo));
        for (;;) await client.write('a').then(() => client.read());
      },
      { seed: 1 },
    );
    expect(error.story.split('\n', 2)).toEqual([
      expect.stringMatching(/^… \d+ lines before$/u),
      '… before step 80001 no reads and writes',
    ]);
  }, 60_000);

  it('gives one line, of bounded length, to what was thrown', async () => {
    const error = await failureOf(async () => {
      throw new Error(`Expected values to be equal:\n\n1 !== 2\n${'x'.repeat(100_000)}`);
    });
    expect(error.story).toMatch(/^t=0 fails: (?:Error: )?Expected values to be equal: 1 !== 2 x{10,110}…$/u);
  });
});
