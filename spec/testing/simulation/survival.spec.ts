// What no cut may leave behind: each handler here leaves one thing after one cut.

import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { channel } from 'corosock';
import type { Handler } from 'corosock';
import { torture } from 'corosock/testing';
import type { WorldClient } from 'corosock/testing';
import { atEnd, failure, good } from './tortured.ts';

describe('torture finds', { timeout: 30_000 }, () => {
  // vitest fails for rejections that nobody handles; here they are what is looked for.
  let listeners: NodeJS.UnhandledRejectionListener[] = [];
  beforeEach(() => {
    listeners = process.listeners('unhandledRejection');
    process.removeAllListeners('unhandledRejection');
  });
  afterEach(() => {
    for (const listener of listeners) process.on('unhandledRejection', listener);
  });

  it.each<[string, Handler, RegExp]>([
    [
      'an unhandled rejection',
      atEnd((_, end) => void (end === 1006 && Promise.reject(new Error('planted')))),
      /link lost .*: unhandled rejection: Error: planted/,
    ],
    [
      'an error that the cut does not explain',
      atEnd((_, end) => end === 1006 && Promise.reject(new Error('planted'))),
      /link lost .*: error reported by server: Error: planted/,
    ],
    [
      'a promise that never settles',
      atEnd((_, end) => end === 1001 && new Promise(() => {})),
      /closed by the peer .*: the handler waits in other, and never ends: its `finally` does not run/,
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
      /time-out .*: the child task stuck waits in other, and never ends/,
    ],
    [
      'a timer that is left over',
      atEnd((ws, end) => void (end === 1006 && ws.clock.setTimeout(() => {}, 60_000))),
      /link lost .*: 1 timer is left over/,
    ],
    [
      'a call that is left over',
      atEnd((ws, end) => void (end === 1006 && channel({ clock: ws.clock }).take())),
      /link lost .*: a call is left over/,
    ],
    [
      'code that goes round in a circle',
      atEnd(async (ws, end) => {
        while (end === 1006) await new Promise<void>((resume) => void ws.clock.setImmediate(resume));
      }),
      /link lost .*: it goes round in a circle/,
    ],
  ])('%s', async (_, handler, message) => {
    expect((await failure(handler)).message).toMatch(message);
  });

  it('a timer of Node that is left over, by its line', async () => {
    let timer: NodeJS.Timeout | undefined;
    const handler = atEnd((_, end) => {
      if (end === 1006) timer = setInterval(() => {}, 60_000);
    });
    const { message } = await failure(handler);
    clearInterval(timer);
    expect(message).toMatch(
      /link lost .*: a timer of Node is left over, set at \S+survival\.spec\.ts:\d+:\d+/,
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
      const [data] = await client.read();
      if (data === undefined) void Promise.reject(new Error('of the scenario'));
      await client.close();
    };
    expect(await torture(good, scenario)).toMatchObject({ waits: 3 });
  });
});
