// An echo as `%CSP.WebSocket` has it, its time-out branch included. The server:
// examples/stories/echo.ts.

import { runServer, virtualClock } from 'corosock/testing';
import { describe, expect, it } from 'vitest';
import { Echo } from '../../examples/stories/echo.ts';

describe('the echo', () => {
  it('sends back what it is told', async () => {
    await using run = runServer(Echo, { clock: virtualClock() });
    const client = await run.client;
    await client.write('hello');
    expect(await client.read()).toEqual(['hello', 'ok']);
    await client.write(new Uint8Array([1, 2]));
    expect(await client.read()).toEqual([Buffer.from([1, 2]), 'ok']);
  });

  it('asks after a minute of silence, and goes on', async () => {
    const clock = virtualClock();
    await using run = runServer(Echo, { clock });
    const client = await run.client;
    await clock.advance(59_999);
    expect(client.queued.messages).toBe(0);
    await clock.advance(1);
    expect(await client.read()).toEqual(['Are you still there?', 'ok']);
    await client.write('yes');
    expect(await client.read()).toEqual(['yes', 'ok']);
  });

  it('takes leave when it is told to', async () => {
    await using run = runServer(Echo, { clock: virtualClock() });
    const client = await run.client;
    await client.write('exit');
    expect(await client.closed).toMatchObject({ code: 1000, reason: 'Goodbye', clean: true });
  });

  it('ends when the client closes', async () => {
    await using run = runServer(Echo, { clock: virtualClock() });
    const client = await run.client;
    await client.close();
    expect(await run.done).toMatchObject({ kind: 'returned', end: { code: 1000, by: 'peer' } });
  });
});
