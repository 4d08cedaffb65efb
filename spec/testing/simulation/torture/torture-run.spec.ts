// One run of torture: its scenario, its client and its stage.

import { executionAsyncId } from 'node:async_hooks';
import { describe, expect, it } from 'vitest';
import type { Handler } from 'corosock';
import { torture } from 'corosock/testing';
import type { TortureOptions, WorldClient } from 'corosock/testing';
import { good, twoMessages } from './tortured.ts';

/** The job of an await. While promises are watched, each has a number of its own. */
async function jobOf(): Promise<number> {
  await Promise.resolve();
  return executionAsyncId();
}

describe('a run of torture', { timeout: 30_000 }, () => {
  it('watches promises no longer where its host is refused', async () => {
    const wrong = torture(good, twoMessages, { host: { maxSockets: -1 } });
    await expect(wrong).rejects.toMatchObject({ code: 'COROSOCK_ARGUMENT' });
    expect(await jobOf()).toBe(await jobOf());
  });

  it('waits in a cut run neither for the scenario nor for what it has begun', async () => {
    const scenario = async (client: WorldClient): Promise<void> => {
      await client.write('a');
      const [data] = await client.read();
      if (data === undefined) await new Promise(() => {});
    };
    expect(await torture(good, scenario, { hostile: false })).toMatchObject({ waits: 3 });
  });

  it('connects as the options say, or a function that prepares the run', async () => {
    const seen: string[] = [];
    const handler: Handler = async (ws) => {
      seen.push(ws.request.url.search);
      await good(ws);
    };
    const options = { hostile: false, client: { url: 'ws://localhost/?a' } };
    await torture({ '/': handler }, twoMessages, options);
    expect(new Set(seen)).toEqual(new Set(['?a']));
    const client: TortureOptions['client'] = async ({ world, host }) => {
      await world.connect(host, { url: 'ws://localhost/?other' });
      return { url: 'ws://localhost/?own' };
    };
    seen.length = 0;
    await torture({ '/': handler }, twoMessages, { ...options, client });
    expect(seen.slice(0, 2)).toEqual(['?other', '?own']);
  });

  it('fails where the client is refused', async () => {
    const server = { onPreServer: (): false => false, server: good };
    await expect(torture(server, twoMessages)).rejects.toMatchObject({
      cause: { status: 403 },
      message: expect.stringContaining('the client gets no handler: ConnectError: ') as string,
    });
  });

  it('fails where the client does not get so far as to connect', async () => {
    const client = (): Promise<never> => new Promise(() => {});
    await expect(torture(good, twoMessages, { client })).rejects.toThrow(
      /the client gets no handler: .*nothing is in flight\. Give client: \{ url \}/,
    );
  });

  it('fails where code waits for what is real', async () => {
    const handler: Handler = async (ws) => {
      await new Promise((resolve) => void setTimeout(resolve, 60));
      await good(ws);
    };
    await expect(torture(handler, twoMessages)).rejects.toMatchObject({
      cause: { code: 'COROSOCK_REAL_TIME' },
    });
  });
});
