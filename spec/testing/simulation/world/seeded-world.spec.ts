// A world that a test drives: what it takes, what it runs, and how it ends.

import { describe, expect, it } from 'vitest';
import type { Handler } from 'corosock';
import { world } from 'corosock/testing';

const echo: Handler = async (ws) => {
  for await (const message of ws) await ws.write(message);
};
const idle: Handler = async (ws) => void (await ws.closed);

describe('world', () => {
  it('settles when all that is ready has run', async () => {
    await using w = world();
    const ws = await w.connect(w.serve(echo));
    await ws.write('a');
    await w.settle();
    expect(ws.queued.messages).toBe(1);
  });

  it('gives a seed beyond 2³² numbers and ids of its own', async () => {
    const drawn = async (seed: number): Promise<readonly unknown[]> => {
      await using w = world({ seed });
      const ids: string[] = [];
      await w.connect(w.serve((ws) => void ids.push(ws.id)));
      await w.settle();
      return [w.random(), ...ids];
    };
    const [low, high] = [await drawn(5), await drawn(2 ** 32 + 5)];
    expect(low.map((value, at) => value === high[at])).toEqual([false, false]);
  });
});

describe('a world that gets what it does not take', () => {
  const w = world({ seed: 1 });
  const code = 'COROSOCK_ARGUMENT';

  it.each<[string, () => unknown]>([
    ['world(): expected seed to be a safe integer ≥ 0, got -1', () => world({ seed: -1 })],
    ['world(): expected seed to be a safe integer ≥ 0, got 0.5', () => world({ seed: 0.5 })],
    ["world(): expected fidelity to be 'messages' or 'wire'", () => world({ fidelity: 'bytes' as never })],
    ['w.spawn(): expected name to be a string', () => w.spawn(1 as never, async () => {})],
    ['w.spawn(): expected script to be a function', () => w.spawn('a', 1 as never)],
  ])('refuses: %s', (message, call) => {
    expect(call).toThrow(
      expect.objectContaining({ code, message: expect.stringContaining(message) as string }),
    );
  });

  it('refuses to go on after its end', async () => {
    const ended = world({ seed: 3 });
    const host = ended.serve(idle);
    await ended[Symbol.asyncDispose]();
    const text = (call: string): string =>
      `${call}: expected a world that lives, got that of seed 3, which has ended`;
    expect(() => ended.serve(idle)).toThrow(expect.objectContaining({ code, message: text('w.serve()') }));
    const spawning = (): unknown => ended.spawn('ada', async () => {});
    expect(spawning).toThrow(expect.objectContaining({ code, message: text('w.spawn()') }));
    await expect(ended.connect(host)).rejects.toMatchObject({ code, message: text('w.connect()') });
    const always = (): unknown => ended.always('it holds', () => true);
    expect(always).toThrow(expect.objectContaining({ code, message: text('w.always()') }));
    const eventually = (): unknown => ended.eventually('it comes', () => false, 10);
    expect(eventually).toThrow(expect.objectContaining({ code, message: text('w.eventually()') }));
  });
});
