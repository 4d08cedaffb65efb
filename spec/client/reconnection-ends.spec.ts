// What ends an iteration of `connect.each` from our side, the signal and the end of
// the loop, and that no socket, timer or listener is left.

import { getEventListeners } from 'node:events';
import { settle } from 'corosock/testing';
import type { ClientSocket } from 'corosock/client';
import { describe, expect, it, vi } from 'vitest';
import { recordWarnings } from '../fixtures/process-events.ts';
import { scriptedClient } from './scripted-connector.ts';
import { loop } from './scripted-loop.ts';

describe('the signal of connect.each', () => {
  const controlled = (): AbortController & { readonly left: () => number } => {
    const controller = new AbortController();
    return Object.assign(controller, { left: () => getEventListeners(controller.signal, 'abort').length });
  };

  it('stops the iteration before the first attempt', async () => {
    const { sockets, attempts } = loop({ signal: AbortSignal.abort('no more') });
    await expect(sockets.next()).rejects.toBe('no more');
    expect([await sockets.next(), attempts]).toEqual([{ done: true, value: undefined }, []]);
  });

  it('stops while the function for the URL does not settle', async () => {
    const controller = controlled();
    const { sockets, attempts } = loop({ signal: controller.signal }, () => new Promise(() => {}));
    const next = sockets.next();
    await settle();
    controller.abort('no more');
    await expect(next).rejects.toBe('no more');
    expect([attempts, controller.left()]).toEqual([[], 0]);
  });

  it('stops an attempt, and leaves no socket', async () => {
    const controller = controlled();
    const { sockets, attempt, clock } = loop({ signal: controller.signal });
    const next = sockets.next();
    await settle();
    controller.abort('no more');
    await expect(next).rejects.toBe('no more');
    expect([attempt().isCancelled, clock.timers, controller.left()]).toEqual([true, 0, 0]);
  });

  it('stops a wait, and leaves no timer', async () => {
    const controller = controlled();
    const { sockets, attempts, attempt, clock } = loop({ signal: controller.signal });
    const next = sockets.next();
    await settle();
    attempt().fails();
    await settle();
    controller.abort('no more');
    await expect(next).rejects.toBe('no more');
    expect([attempts.length, clock.timers, controller.left()]).toEqual([1, 0, 0]);
  });

  it('closes the open socket with 1000, and the loop rejects with the reason', async () => {
    const controller = controlled();
    const { sockets, attempts, round } = loop({ signal: controller.signal });
    const { ws, server } = await round();
    controller.abort('no more');
    expect(await ws.read()).toEqual([undefined, 'closed']);
    await expect(sockets.next()).rejects.toBe('no more');
    expect([server.closeInfo?.code, attempts.length, controller.left()]).toEqual([1000, 1, 0]);
  });

  it('closes a socket that was just opened, before its round begins', async () => {
    const controller = controlled();
    const { sockets, attempt } = loop({ signal: controller.signal });
    const next = sockets.next();
    await settle();
    const server = attempt().opens();
    controller.abort('no more');
    await expect(next).rejects.toBe('no more');
    expect(await server.closed).toMatchObject({ code: 1000 });
    expect(controller.left()).toBe(0);
  });

  it('may be shared by many loops', async () => {
    using warnings = recordWarnings();
    const controller = controlled();
    const loops = Array.from({ length: 20 }, () => loop({ signal: controller.signal }));
    for (const { round } of loops) await round();
    await settle();
    expect([warnings.texts, controller.left()]).toEqual([[], 20]);
    for (const { sockets } of loops) await sockets.return?.();
    expect(controller.left()).toBe(0);
  });
});

describe('leaving connect.each', () => {
  const DONE = { done: true, value: undefined };

  it('by break closes the open socket, and waits for its end', async () => {
    const { connect, clock, attempt } = scriptedClient();
    let held: ClientSocket | undefined;
    const running = (async (): Promise<void> => {
      for await (const ws of connect.each('ws://host', { clock })) {
        held = ws;
        break;
      }
    })();
    await settle();
    const server = attempt().opens();
    await running;
    expect([held?.closeInfo?.code, server.closeInfo?.code, clock.timers]).toEqual([1000, 1000, 0]);
  });

  it('by an error closes the open socket, too', async () => {
    const { connect, clock, attempt } = scriptedClient();
    const running = (async (): Promise<void> => {
      for await (const _ of connect.each('ws://host', { clock })) throw new Error('mine');
    })();
    await settle();
    const server = attempt().opens();
    await expect(running).rejects.toThrow('mine');
    expect(server.closeInfo).toMatchObject({ code: 1000 });
  });

  it.each(['fresh', 'over'])('does nothing if no socket is open: %s', async (state) => {
    const { sockets, attempts, round } = loop();
    if (state === 'over') (await round()).server.terminate();
    await settle();
    expect([await sockets.return?.(), await sockets.return?.(), await sockets.next()]).toEqual([
      DONE,
      DONE,
      DONE,
    ]);
    expect(attempts.length).toBe(state === 'over' ? 1 : 0);
  });

  it.each(['in an attempt', 'in a wait', 'as a socket was just opened'])(
    'ends a next that waits %s',
    async (where) => {
      const { sockets, attempt, clock } = loop();
      const next = sockets.next();
      await settle();
      if (where === 'in a wait') attempt().fails();
      const server = where === 'as a socket was just opened' ? attempt().opens() : undefined;
      if (server === undefined) await settle();
      expect([await sockets.return?.(), await next]).toEqual([DONE, DONE]);
      await settle();
      expect([clock.timers, server?.closeInfo?.code]).toEqual([0, server === undefined ? undefined : 1000]);
    },
  );
});

describe('a wait of connect.each', () => {
  it('holds the process, because nothing else does', async () => {
    const { sockets, clock, attempt } = loop();
    const held: string[] = [];
    const { setTimeout } = clock;
    vi.spyOn(clock, 'setTimeout').mockImplementation((run, ms) => {
      setTimeout.call(clock, run, ms);
      return { ref: () => held.push(`${ms} ms`) };
    });
    void sockets.next();
    await settle();
    expect(held).toEqual([]);
    attempt().fails();
    await settle();
    expect(held).toEqual([expect.stringMatching(/^1\d\d.* ms$/)]);
  });
});
