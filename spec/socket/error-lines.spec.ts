// Errors that are made while a call waits show the line that awaits the call, as those do that are
// made in the call itself.

import { select } from 'corosock';
import type { Handler, StandardSchema } from 'corosock';
import { runServer, settle } from 'corosock/testing';
import { describe, expect, it } from 'vitest';
import { here } from '../fixtures/here.ts';

const NOT_DATA = 1 as unknown as string;

/** Refuses each value. */
const refusing = (validate: () => unknown): StandardSchema =>
  ({ '~standard': { version: 1, vendor: 'spec', validate } }) as StandardSchema;

const AT_ONCE = refusing(() => ({ issues: [{ message: 'no' }] }));
const LATER = refusing(async () => {
  await settle();
  return { issues: [{ message: 'no' }] };
});

/** What a handler throws over a socket on which some messages come; its client then leaves. */
async function thrownBy(handler: Handler, ...messages: readonly string[]): Promise<string> {
  await using run = runServer(handler, { report: () => {} });
  const client = await run.client;
  await settle();
  for (const message of messages) await client.write(message);
  for (let turns = 0; turns < 4; turns += 1) await settle();
  client.terminate();
  const outcome = await run.done;
  return outcome.kind === 'threw' ? String((outcome.error as Error).stack) : outcome.kind;
}

describe('the stack of an error', () => {
  it.each([
    ['no JSON', '{', undefined],
    ['a schema that answers at once', '{}', AT_ONCE],
    ['a schema that answers later', '{}', LATER],
  ] as const)('shows the line of readJson: %s', async (_, message, schema) => {
    const options = schema === undefined ? {} : { schema };
    const line = here(1);
    const waiting: Handler = async (ws) => void (await ws.readJson(options));
    const late: Handler = async (ws) => {
      await settle();
      await settle();
      await waiting(ws);
    };
    expect(await thrownBy(waiting, message)).toContain(line);
    expect(await thrownBy(late, message)).toContain(line);
  });

  it('shows the line of the hundredth select after the end, with and without a signal', async () => {
    const { signal } = new AbortController();
    const line = here(2);
    const loop = async (...sources: Parameters<typeof select>): Promise<void> => {
      for (;;) await select(...sources);
    };
    expect(await thrownBy(async (ws) => await loop({ ws }))).toContain(line);
    expect(await thrownBy(async (ws) => await loop({ ws }, { signal }))).toContain(line);
  });

  it('shows the line of the write whose iterable has a bad part', async () => {
    const { signal } = new AbortController();
    const parts = async function* (): AsyncGenerator<string> {
      yield 'a';
      await settle();
      yield NOT_DATA;
    };
    const line = here(1);
    const atOnce: Handler = async (ws) => void (await ws.write(['a', NOT_DATA], { signal }));
    const next = here(1);
    const later: Handler = async (ws) => void (await ws.write(parts()));
    expect(await thrownBy(atOnce)).toContain(line);
    expect(await thrownBy(later)).toContain(next);
  });
});
