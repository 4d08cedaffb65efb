// What no cut may leave behind: each handler here leaves one thing after one cut.

import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { channel } from 'corosock';
import type { Handler } from 'corosock';
import { torture } from 'corosock/testing';
import type { TortureScenario, WorldClient } from 'corosock/testing';
import { atEnd, failure, good } from './tortured.ts';
import { recordCrashes } from '../../../fixtures/process-events.ts';

describe('torture finds', { timeout: 30_000 }, () => {
  // vitest fails for rejections that nobody handles; here they are what is looked for.
  let crashes: Disposable | undefined;
  beforeEach(() => {
    crashes = recordCrashes();
  });
  afterEach(() => crashes?.[Symbol.dispose]());

  it.each<[string, Handler, RegExp]>([
    [
      'an unhandled rejection',
      atEnd((_, end) => void (end === 1006 && Promise.reject(new Error('planted')))),
      /link lost .*: unhandled rejection: Error: planted/,
    ],
    [
      'an error that the cut does not explain',
      atEnd((_, end) => end === 1006 && Promise.reject(new Error('planted'))),
      /link lost .*: error reported by server: Error: planted\. Return where a call gives 'closed'/,
    ],
    [
      'a promise that never settles',
      atEnd((_, end) => end === 1001 && new Promise(() => {})),
      /closed by the peer .*: the handler waits in no call of this package, and never ends: its `finally` does not run\. Pass ws\.signal/,
    ],
    [
      'a child task that is left over',
      atEnd(
        (ws, end) =>
          void (
            end === 'timeout' &&
            ws.spawn(async function stuck() {
              await new Promise(() => {});
            })
          ),
      ),
      /time-out .*: task 'stuck' of the handler waits in no call of this package, and never ends/,
    ],
    [
      'a timer that is left over',
      atEnd((ws, end) => void (end === 1006 && ws.clock.setTimeout(() => {}, 60_000))),
      /link lost .*: 1 timer is left over, set at survival\.spec\.ts:\d+\. Clear it in `finally`/,
    ],
    [
      'a call that is left over',
      atEnd((ws, end) => void (end === 1006 && channel({ clock: ws.clock }).take())),
      /link lost .*: a call is left over that never ends.*\. Pass ws\.signal to it/,
    ],
    [
      'a call that is left over, by its line',
      atEnd((ws, end) => {
        const take = async (): Promise<unknown> => await channel({ clock: ws.clock }).take();
        if (end === 1006) void take();
      }),
      /link lost .*: a call at survival\.spec\.ts:\d+ is left over that never ends/,
    ],
    [
      'two timers that are left over',
      atEnd((ws, end) => {
        for (const ms of end === 1006 ? [1e6, 2e6] : []) ws.clock.setTimeout(() => {}, ms);
      }),
      /link lost .*: 2 timers are left over, set at survival\.spec\.ts:\d+/,
    ],
    [
      'code that goes round in a circle',
      atEnd(async (ws, end) => {
        while (end === 1006) await new Promise<void>((resume) => void ws.clock.setImmediate(resume));
      }),
      /link lost .*: it goes round in a circle, and time never passes: handler of client 1 waits .*\. A loop needs/,
    ],
  ])('%s', async (_, handler, message) => {
    expect((await failure(handler)).message).toMatch(message);
  });

  it('a timer of Node that is left over, by its line', async () => {
    const timers: NodeJS.Timeout[] = [];
    const handler = atEnd((_, end) => {
      if (end === 1006) timers.push(setInterval(() => {}, 60_000));
    });
    const { message } = await failure(handler);
    for (const timer of timers) clearInterval(timer);
    expect(message).toMatch(
      /link lost .*: a timer of Node is left over, set at survival\.spec\.ts:\d+\. Clear it in `finally`/,
    );
  });

  it('a check of the stage that no longer holds: a `finally` was forgotten', async () => {
    const room = new Set<string>();
    const leaky: Handler = async (ws) => {
      room.add(ws.id);
      await ws.readMessage();
      if (ws.closeInfo === undefined) room.delete(ws.id);
    };
    const prepare = async (): Promise<{ url: string }> => {
      room.clear();
      return { url: 'ws://localhost/' };
    };
    const scenario: TortureScenario = async (client, { world, host }) => {
      world.always('only open sockets are in the room', () => room.size <= host.sockets.size);
      void world.eventually('an answer that a cut may take away', () => client.closeInfo === undefined, 0);
      await client.write('1');
    };
    await expect(torture(leaky, scenario, { client: prepare })).rejects.toThrow(
      /link lost .*: always 'only open sockets are in the room': the check gave false/,
    );
  });

  it('what a timer has thrown', async () => {
    const handler: Handler = async (ws) => {
      const timer = ws.clock.setTimeout(() => {
        throw new Error('planted');
      }, 10_000);
      await good(ws);
      ws.clock.clearTimeout(timer);
    };
    expect((await failure(handler)).message).toMatch(/time-out .*: thrown in a timer: Error: planted/);
  });

  it('an unhandled rejection, and not that of a scenario that was cut', async () => {
    const scenario = async (client: WorldClient): Promise<void> => {
      await client.write('a');
      const [data] = await client.readMessage();
      if (data === undefined) void Promise.reject(new Error('of the scenario'));
      await client.close();
    };
    expect(await torture(good, scenario)).toMatchObject({ waits: 3 });
  });
});
