// Scripts that run beside a test: `w.spawn`.

import { describe, expect, it } from 'vitest';
import type { Handler } from 'corosock';
import { world } from 'corosock/testing';

const idle: Handler = async (ws) => void (await ws.closed);

describe('w.spawn', () => {
  it('runs a script beside the test, whose end the world waits for', async () => {
    const order: string[] = [];
    {
      await using w = world();
      const host = w.serve(idle);
      void w.spawn('ada', async () => {
        const ws = await w.connect(host);
        await ws.closed;
        order.push('ada');
      });
      await w.settle();
      order.push('test');
    }
    expect(order).toEqual(['test', 'ada']);
  });

  it('runs a script also when the first 200 events are over, in which escapes are looked for', async () => {
    await using w = world();
    for (let ms = 0; ms < 201; ms += 1) {
      void w.clock.sleep(1);
      await w.clock.advance(1);
    }
    let hasRun = false;
    await w.spawn('ada', async () => {
      await w.clock.sleep(0);
      hasRun = true;
    });
    expect(hasRun).toBe(true);
  });

  it('fails the end of the world with the error of a script', async () => {
    const w = world();
    const error = new Error('of the script');
    const task = w.spawn('ada', () => Promise.reject(error));
    await expect(task).rejects.toBe(error);
    await expect(w[Symbol.asyncDispose]()).rejects.toBe(error);
  });

  it('fails the end of the world for a script that never ends, with its name and its seed', async () => {
    const w = world({ seed: 7 });
    void w.spawn('ada', () => new Promise(() => {}));
    await expect(w[Symbol.asyncDispose]()).rejects.toThrow(
      "The script 'ada' of the world with seed 7 has not ended with its hosts",
    );
  });
});
