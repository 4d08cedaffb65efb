// Code that leaves the time of its world: it is found and named, and `w.real` is the way out.

import { execFile } from 'node:child_process';
import { randomBytes, scrypt } from 'node:crypto';
import { open, readFile } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { gzip, gzipSync } from 'node:zlib';
import { describe, expect, it, vi } from 'vitest';
import { defineServer } from 'corosock';
import type { Handler } from 'corosock';
import { simulate, world } from 'corosock/testing';
import type { World } from 'corosock/testing';

const file = fileURLToPath(import.meta.url);
const hash = promisify(scrypt);
const code = 'COROSOCK_REAL_TIME';

/** A place in this file, as a pattern. */
const AT = String.raw`.*escapes\.spec\.ts:\d+:\d+`;

/** Code that has escaped is abandoned at the end of its world: that is reported. */
const QUIET = { report: (): void => {} };

/** A promise of nobody's, and what resolves it. */
function gate(): { readonly opened: Promise<void>; readonly open: () => void } {
  let open = (): void => {};
  const opened = new Promise<void>((resolve) => void (open = resolve));
  return { opened, open };
}

/** A timer whose callback is no resolver. */
async function once(ms: number): Promise<void> {
  await new Promise<void>((resolve) => setTimeout(() => resolve(), ms));
}

/** Serves a handler under one path, with one client that has written. */
async function visited(w: World, server: Handler, path = '/'): Promise<void> {
  const client = await w.connect(w.serve({ [path]: server }, QUIET), { url: `ws://localhost${path}` });
  await client.write('go');
}

describe('code that leaves the time of its world', () => {
  it.each<[string, Handler, string]>([
    ['a timer of Node', async () => await sleep(1000), 'Timeout'],
    ['a timer that is short', async () => await sleep(50), 'Timeout'],
    ['a file', async () => void (await readFile(file)), '(?:FSReqPromise|ReadFileJob)'],
    ['a hash', async () => void (await hash('secret', 'salt', 64)), 'ScryptJob'],
  ])('is found and named: %s', async (_, escape, resource) => {
    await using w = world({ seed: 7 });
    const handler: Handler = async (ws) => {
      await ws.clock.sleep(10);
      await escape(ws);
    };
    await visited(w, handler, '/chat');
    await expect(w.clock.advance(10)).rejects.toMatchObject({
      code,
      message: expect.stringMatching(
        new RegExp(
          '^The world with seed 7 cannot go on: handler of /chat waits in nothing of it, while Node has ' +
            `${resource} \\(.*escapes\\.spec\\.ts:\\d+:\\d+\\) pending\\. Use ws\\.clock\\.sleep\\(ms\\) ` +
            "in place of Node's timers, and w\\.real\\(promise\\) around real I/O$",
        ),
      ) as string,
    });
  });

  it.each<[string, (w: World) => Promise<unknown>, string]>([
    ['a timer of Node', async () => await sleep(1000), `the code at ${AT} waits in nothing of it`],
    [
      'a timer with a callback',
      async () => await once(50),
      "a timer's callback of script 'ada' runs outside of it",
    ],
    ['a hash', async () => void (await hash('secret', 'salt', 64)), "script 'ada' waits in nothing of it"],
    [
      'a hash, and then a sleep',
      async (w) => {
        await hash('secret', 'salt', 64);
        await w.clock.sleep(10);
      },
      "script 'ada' waits in nothing of it",
    ],
    [
      'a timer that a callback of the world has set',
      async (w) => {
        const set = (): unknown => setTimeout(() => w.clock.setImmediate(() => {}), 20);
        await new Promise(() => void w.clock.setTimeout(set, 10));
      },
      "a timer's callback runs outside of it",
    ],
    [
      'a file that a callback of the world has opened',
      async (w) => {
        const read = async (): Promise<void> => {
          for (let opens = 0; opens < 3; opens += 1) await (await open(file)).close();
          w.clock.setImmediate(() => {});
        };
        await new Promise(() => void w.clock.setTimeout(() => void read(), 10));
      },
      'other code waits in nothing of it',
    ],
    [
      'a file, and then a client',
      async (w) => {
        for (let opens = 0; opens < 3; opens += 1) await (await open(file)).close();
        w.clock.setImmediate(() => {});
      },
      "script 'ada' waits in nothing of it",
    ],
  ])('is found in scripts: %s', async (_, escape, who) => {
    await using w = world();
    void w.spawn('ada', async () => {
      await new Promise<void>((resolve) => void w.clock.setTimeout(resolve, 10));
      await escape(w);
    });
    await expect(w.clock.advance(60_000)).rejects.toMatchObject({
      code,
      message: expect.stringMatching(
        `^The world with seed 1 cannot go on: ${who}, while Node has `,
      ) as string,
    });
  });

  it('is not looked for where a timer was cleared at once: that takes 0.1 s, thousands of turns', async () => {
    await using w = world();
    const { opened, open } = gate();
    await visited(w, () => opened);
    void w.spawn('ada', async () => clearTimeout(setTimeout(() => {}, 1000)));
    let turns = 0;
    let next = setImmediate(function count() {
      turns += 1;
      next = setImmediate(count);
    });
    await w.clock.advance(10);
    clearImmediate(next);
    open();
    expect(turns).toBeLessThan(200);
  });

  it('is looked for in the first 200 events of a world', async () => {
    const advancing = async (events: number): Promise<unknown> => {
      const w = world();
      await visited(w, async (ws) => {
        for (let event = 0; event < events; event += 1) await ws.clock.sleep(1);
        await sleep(50);
      });
      const passing = w.clock.advance(1000);
      const advanced = await passing.catch((error: unknown) => error);
      await sleep(60);
      await w[Symbol.asyncDispose]();
      return advanced;
    };
    expect(await advancing(150)).toMatchObject({ code });
    expect(await advancing(250)).toBe(undefined);
  });

  it('is found in clock.advance, before time passes', async () => {
    await using w = world();
    await visited(w, async (ws) => {
      await ws.clock.sleep(10);
      await sleep(1000);
    });
    await expect(w.clock.advance(60_000)).rejects.toMatchObject({ code });
    expect(w.clock.now()).toBe(10);
  });

  it.each<[string, Parameters<World['serve']>[0]]>([
    [
      "task 'poll' of handler of /",
      {
        '/': async (ws) => {
          await ws.spawn(async function poll() {
            await sleep(1000);
          });
        },
      },
    ],
    ['handler', async () => await sleep(1000)],
    [
      'onPostServer of /',
      { '/': defineServer({ server: () => {}, onPostServer: async () => await sleep(1000) }) },
    ],
    [
      'onClientMessage of /',
      {
        '/': defineServer({
          onPreServer: (handshake) => void (handshake.sharedConnection = true),
          server: () => {},
          onClientMessage: async () => {
            await sleep(1000);
            return true;
          },
        }),
      },
    ],
  ])('is named: %s', async (name, routes) => {
    await using w = world();
    const client = await w.connect(w.serve(routes, QUIET));
    await client.write('go');
    await expect(w.settle()).rejects.toThrow(`cannot go on: ${name} waits in nothing of it`);
  });

  it('is named: onPreServer', async () => {
    await using w = world();
    const slow = defineServer({ onPreServer: async () => await sleep(1000), server: () => {} });
    void w.connect(w.serve(slow));
    await expect(w.settle()).rejects.toThrow('cannot go on: onPreServer waits in nothing of it');
  });

  it.each<[string, (w: World) => Promise<void>]>([
    ['a handler', async (w) => await visited(w, async () => await sleep(1000))],
    ['a script', async (w) => void w.spawn('ada', async () => await sleep(1000))],
    ['the scenario', async () => await sleep(1000)],
    ['the scenario, in zlib', async () => void (await promisify(gzip)(Buffer.alloc(1_000_000)))],
    ['the scenario, in a process', async () => void (await promisify(execFile)(process.execPath, ['-v']))],
    ['the scenario, in a hash', async () => void (await hash('secret', 'salt', 64))],
  ])('fails a simulation: %s', async (_, scenario) => {
    await expect(simulate(scenario, { seed: 3 })).rejects.toMatchObject({
      code: 'COROSOCK_SIMULATION',
      message: expect.stringMatching(
        /seed 3 fails: .*cannot go on: .* waits in nothing of it, while Node has \w+ \(.*escapes\.spec\.ts/,
      ) as string,
      cause: { code },
    });
  });

  it('fails a simulation late, where a failing seed is run again', async () => {
    const scenario = async (w: World): Promise<void> => {
      const host = w.serve(async (ws) => {
        for (let message = 0; message < 150; message += 1) await ws.write((await ws.read())[0] as string);
        await sleep(1000);
      }, QUIET);
      const client = await w.connect(host);
      for (let message = 0; message < 150; message += 1) {
        await client.write('x');
        await client.read();
      }
      await client.read();
    };
    await expect(simulate(scenario, { seed: 3 })).rejects.toMatchObject({
      code: 'COROSOCK_SIMULATION',
      message: expect.stringMatching(
        /while Node has Timeout[^]*At first it has failed so: nothing/,
      ) as string,
      cause: { code },
    });
  });

  it('steps out of a simulation by w.real, the same in each run', async () => {
    const runs: unknown[] = [];
    for (let run = 0; run < 2; run += 1)
      runs.push(
        await simulate(
          async (w) => {
            const client = await w.connect(
              w.serve(async (ws) => void (await ws.write(await w.real(readFile(file))))),
            );
            await w.real(sleep(1));
            await client.read();
          },
          { runs: 5 },
        ),
      );
    expect(runs[1]).toEqual(runs[0]);
  });

  it('is not looked for where nobody waits for the world', async () => {
    await using w = world();
    const client = await w.connect(w.serve(async (ws) => void (await ws.write(await readFile(file)))));
    expect((await client.read())[1]).toBe('ok');
  });

  it('is found while another world ends', async () => {
    await using w = world();
    await world()[Symbol.asyncDispose]();
    await visited(w, async () => await sleep(1000));
    await expect(w.settle()).rejects.toMatchObject({ code });
  });

  it('does not fail the end of the world, too', async () => {
    const w = world();
    await visited(w, async () => await sleep(1000));
    await expect(w.settle()).rejects.toMatchObject({ code });
    await w[Symbol.asyncDispose]();
    expect(w.clock.timers).toBe(0);
  });
});

describe('no escape is', () => {
  it('a handler that waits for a promise of other code', async () => {
    await using w = world();
    const { opened, open } = gate();
    await visited(w, async () => await opened);
    await w.clock.advance(1000);
    open();
    expect(w.clock.now()).toBe(1000);
  });

  it('something of Node that was there before the world', async () => {
    const before = sleep(50);
    await using w = world();
    const { opened, open } = gate();
    await visited(w, async () => await opened);
    await w.settle();
    open();
    await before;
    expect(w.clock.now()).toBe(0);
  });

  it.each<[string, () => Promise<unknown>]>([
    ['a timer', async () => await sleep(20)],
    ['a hash', async () => await hash('secret', 'salt', 64)],
  ])('something of Node that ends without the handler: %s', async (_, begin) => {
    await using w = world();
    const { opened, open } = gate();
    let other: Promise<unknown> | undefined;
    await visited(w, async (ws) => {
      await ws.clock.sleep(10);
      other = begin();
      await opened;
    });
    await w.clock.advance(60);
    open();
    await other;
    expect(w.clock.now()).toBe(60);
  });

  it('what is over when its call returns', async () => {
    const setTimer = setTimeout;
    const pauses: number[] = [];
    vi.resetModules();
    vi.stubGlobal('setTimeout', (run: () => void, ms: number) => {
      if (ms === 5) pauses.push(ms);
      return setTimer(run, ms);
    });
    const kit = await import('corosock/testing');
    vi.unstubAllGlobals();
    await using w = kit.world();
    const { opened, open } = gate();
    await visited(w, async (ws) => {
      await ws.clock.sleep(10);
      randomBytes(8);
      gzipSync('x');
      await opened;
    });
    await w.clock.advance(200);
    open();
    expect(pauses).toEqual([]);
  });

  it('something of Node beside handlers that wait in calls of ours', async () => {
    await using w = world();
    await visited(w, async (ws) => void (await ws.closed));
    const other = sleep(1);
    await w.settle();
    expect(await other).toBe(undefined);
  });

  it('a turn of the event loop', async () => {
    await using w = world();
    let hasRun = false;
    await visited(w, async () => {
      await new Promise((resolve) => void setImmediate(resolve));
      hasRun = true;
    });
    await w.settle();
    expect(hasRun).toBe(true);
  });
});
