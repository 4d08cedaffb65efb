// Request and reply over one socket. The server: examples/stories/questions.ts.

import { runServer, settle, virtualClock } from 'corosock/testing';
import { describe, expect, it } from 'vitest';
import { questions } from '../../examples/stories/questions.ts';

describe('questions', () => {
  it('are answered as the answers come, each under its number', async () => {
    const answers = new Map<string, (answer: string) => void>();
    const server = questions((question) => new Promise((resolve) => answers.set(question, resolve)));
    await using run = runServer(server, { clock: virtualClock() });
    const client = await run.client;
    await client.write('1 How much is it?');
    await client.write('2 Who are you?');
    await settle();
    answers.get('Who are you?')?.('Ann');
    answers.get('How much is it?')?.('Nothing');
    expect([await client.read(), await client.read()]).toEqual([
      ['2 Ann', 'ok'],
      ['1 Nothing', 'ok'],
    ]);
  });

  it('are given up when the client has left', async () => {
    const aborted: string[] = [];
    const server = questions((question, signal) => {
      signal.addEventListener('abort', () => aborted.push(question));
      return new Promise((_, reject) =>
        signal.addEventListener('abort', () => reject(signal.reason as Error)),
      );
    });
    await using run = runServer(server, { clock: virtualClock() });
    const client = await run.client;
    await client.write('1 Why?');
    await settle();
    await client.close();
    expect([(await run.done).kind, aborted]).toEqual(['returned', ['Why?']]);
  });

  it('end the conversation when one cannot be answered', async () => {
    const server = questions(() => Promise.reject(new Error('no idea')));
    await using run = runServer(server, { clock: virtualClock(), report: () => {} });
    const client = await run.client;
    await client.write('1 Why?');
    expect(await client.closed).toMatchObject({ code: 1011 });
  });

  it('without a number are refused', async () => {
    await using run = runServer(
      questions(() => Promise.resolve('')),
      { clock: virtualClock() },
    );
    const client = await run.client;
    await client.write('Why?');
    expect(await client.closed).toMatchObject({ code: 1008, reason: 'Expected a number and a question' });
  });
});
