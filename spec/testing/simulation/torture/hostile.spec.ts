// The hostile inputs of torture: each finds the handler that it is too much for.

import { describe, expect, it } from 'vitest';
import type { Data, Handler } from 'corosock';
import { torture } from 'corosock/testing';
import { failure, twoMessages } from './tortured.ts';

const MIB = 1_048_576;

/** Fails for some messages, and for more than ten. */
function failsFor(isTooMuch: (message: Data, count: number) => boolean): Handler {
  return async (ws) => {
    let count = 0;
    for await (const message of ws) {
      count += 1;
      if (isTooMuch(message, count)) throw new Error('planted');
      await ws.write(message);
    }
  };
}

describe('a hostile input finds a handler that cannot take', { timeout: 30_000 }, () => {
  it.each<[string, (message: Data, count: number) => boolean]>([
    ['empty message', (message) => message === ''],
    ['huge message', (message) => message.length === MIB],
    ['half a surrogate pair', (message) => message === '\ufffd'],
    ['binary for text', (message) => typeof message !== 'string'],
    ['flood', (_, count) => count > 10],
  ])('%s', async (name, isTooMuch) => {
    const { message } = await failure(failsFor(isTooMuch));
    expect(message).toMatch(new RegExp(`${name} while .*: error reported by server: Error: planted`));
  });

  it('closed right after open', async () => {
    const { message } = await failure(async (ws) => {
      const [first, status] = await ws.readMessage({ timeoutMs: 20_000 });
      if (status === 'closed' && ws.closeInfo?.code === 1000) throw new Error('planted');
      if (status !== 'ok') return;
      await ws.write(first);
      for await (const further of ws) await ws.write(further);
    });
    expect(message).toMatch(/closed right after open: error reported by server: Error: planted/);
  });

  it('lets a handler refuse bad messages by a MessageError, and a host by its limits', async () => {
    const handler: Handler = async (ws) => {
      for (;;) {
        const [text, status] = await ws.readText();
        if (status !== 'ok') return;
        await ws.write(text);
      }
    };
    const report = await torture(handler, twoMessages, {
      host: { maxMessageBytes: 10, queueMessages: 2000 },
    });
    expect(report.survived).toBe(49);
  });
});
