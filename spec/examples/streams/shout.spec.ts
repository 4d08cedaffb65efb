// A socket through Node's own Duplex: what becomes of messages, of back-pressure and
// of both kinds of end.

import { runServer, settle, virtualClock } from 'corosock/testing';
import { describe, expect, it } from 'vitest';
import { shout } from '../../../examples/streams/shout.ts';

describe('shout', () => {
  it('says each message again, in order, until the peer closes', async () => {
    await using run = runServer(shout, { clock: virtualClock() });
    const client = await run.client;
    for (const text of ['one', '', 'two']) await client.write(text);
    const answers = [await client.read(), await client.read(), await client.read()];
    expect(answers.map(([text]) => text)).toEqual(['ONE!', '!', 'TWO!']);
    await client.close();
    expect(await run.done).toMatchObject({ kind: 'returned', end: { code: 1000, by: 'peer', clean: true } });
  });

  it('ends with the link, and nothing is reported: it was told', async () => {
    const reported: unknown[] = [];
    await using run = runServer(shout, { clock: virtualClock(), report: (error) => reported.push(error) });
    const client = await run.client;
    await client.write('one');
    await client.read();
    client.terminate();
    expect(await run.done).toMatchObject({ kind: 'threw', error: { code: 'COROSOCK_CONNECTION_LOST' } });
    expect(reported).toEqual([]);
  });

  it('holds a peer back that does not read: what it sends is not taken without end', async () => {
    await using run = runServer(shout, { clock: virtualClock(), writeBufferBytes: 1, queueMessages: 4 });
    const client = await run.client;
    const statuses: Promise<string>[] = [];
    for (let count = 0; count < 200; count += 1) {
      statuses.push(client.write('one', { timeoutMs: 0 }));
      await settle();
    }
    expect(await Promise.all(statuses)).toContain('timeout');
  });
});
