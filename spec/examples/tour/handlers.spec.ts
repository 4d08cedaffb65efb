// The tour's three handlers without a port, in time that is moved on by hand.

import { readFileSync } from 'node:fs';
import { runServer, virtualClock } from 'corosock/testing';
import type { ClientSocket, VirtualClock } from 'corosock/testing';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { echo } from '../../../examples/tour/handlers/echo.ts';
import { guessTheNumber } from '../../../examples/tour/handlers/guess-the-number.ts';
import { quiz } from '../../../examples/tour/handlers/quiz.ts';

afterEach(() => vi.restoreAllMocks());

describe.each(['echo', 'guess-the-number', 'quiz'])('handlers/%s.ts', (name) => {
  const path = new URL(`../../../examples/tour/handlers/${name}.ts`, import.meta.url);
  const lines = readFileSync(path, 'utf8').trimEnd().split('\n');

  it('has at most 25 lines', () => {
    expect(lines.length).toBeLessThanOrEqual(25);
  });

  it('fits beside the conversation: 80 columns', () => {
    expect(lines.filter((line) => line.length > 80)).toEqual([]);
  });
});

describe('echo', () => {
  it('sends back what it is told, text and binary', async () => {
    await using run = runServer(echo, { clock: virtualClock() });
    const client = await run.client;
    expect(await next(client)).toBe('Say something, and it comes back.');
    await client.write('hello');
    await client.write('');
    await client.write(new Uint8Array([1, 2]));
    expect([await next(client), await next(client)]).toEqual(['hello', '']);
    expect(Array.from((await next(client)) as Uint8Array)).toEqual([1, 2]);
  });

  it('takes its leave when nothing comes for fifteen seconds', async () => {
    const clock = virtualClock();
    await using run = runServer(echo, { clock });
    const client = await run.client;
    await next(client);
    expect(await whatComesIn(15_000, client, clock)).toEqual(['Nothing for fifteen seconds. Goodbye!']);
    expect(await run.done).toMatchObject({ kind: 'returned', end: { code: 1000, by: 'handler' } });
  });

  it('returns when the visitor closes', async () => {
    await using run = runServer(echo, { clock: virtualClock() });
    const client = await run.client;
    await next(client);
    await client.close();
    expect(await run.done).toMatchObject({ kind: 'returned', end: { code: 1000, by: 'peer' } });
  });
});

describe('guessTheNumber', () => {
  it('leads the visitor to the number, and counts the guesses', async () => {
    thinkOf(42);
    await using run = runServer(guessTheNumber, { clock: virtualClock() });
    const client = await run.client;
    for (const guess of ['50', '25', 'fish', '42']) await client.write(guess);
    expect(await everything(client)).toEqual([
      'I am thinking of a number from 1 to 100. Which one?',
      'Lower.',
      'Higher.',
      'That is not a number.',
      'Yes, 42! Guesses: 4.',
    ]);
    expect(await run.done).toMatchObject({ kind: 'returned', end: { code: 1000, by: 'handler' } });
  });

  it.each([
    [1, 'Hint: not above 50.'],
    [50, 'Hint: not above 50.'],
    [51, 'Hint: above 50.'],
    [100, 'Hint: above 50.'],
  ])('gives a hint about %d after fifteen seconds, and goes on', async (secret, hint) => {
    thinkOf(secret);
    const clock = virtualClock();
    await using run = runServer(guessTheNumber, { clock });
    const client = await run.client;
    await next(client);
    await clock.advance(14_999);
    expect(client.queued.messages).toBe(0);
    expect(await whatComesIn(1, client, clock)).toEqual([hint]);
    await client.write(String(secret));
    expect(await next(client)).toBe(`Yes, ${secret}! Guesses: 1.`);
  });

  it('returns when the visitor closes in the middle', async () => {
    await using run = runServer(guessTheNumber, { clock: virtualClock() });
    const client = await run.client;
    await client.write('fish');
    await next(client);
    await next(client);
    await client.close();
    expect(await run.done).toMatchObject({ kind: 'returned', end: { code: 1000, by: 'peer' } });
  });
});

describe('quiz', () => {
  it('asks three questions and counts the right answers', async () => {
    await using run = runServer(quiz, { clock: virtualClock() });
    const client = await run.client;
    for (const answer of ['yes', '8', '404', '144']) await client.write(answer);
    expect(await everything(client)).toEqual([
      'Three questions, ten seconds each. Ready?',
      'How many bits make a byte?',
      'Right! Points: 1.',
      'Which HTTP status opens a WebSocket?',
      'No, 101.',
      'What is 12 times 12?',
      'Right! Points: 2.',
      'You have 2 of 3 points.',
    ]);
  });

  it('gives ten seconds for each question', async () => {
    const clock = virtualClock();
    await using run = runServer(quiz, { clock });
    const client = await run.client;
    await client.write('yes');
    await whatComesIn(9_999, client, clock);
    expect(await whatComesIn(1, client, clock)).toEqual([
      'Time is up: 8.',
      'Which HTTP status opens a WebSocket?',
    ]);
    await clock.advance(5_000);
    await client.write('101');
    expect(await whatComesIn(0, client, clock)).toEqual(['Right! Points: 1.', 'What is 12 times 12?']);
    expect(await whatComesIn(9_999, client, clock)).toEqual([]);
    expect(await whatComesIn(1, client, clock)).toEqual(['Time is up: 144.', 'You have 1 of 3 points.']);
    expect(await run.done).toMatchObject({ kind: 'returned', end: { code: 1000, by: 'handler' } });
  });

  it('does not begin when nobody is ready', async () => {
    const clock = virtualClock();
    await using run = runServer(quiz, { clock });
    await clock.advance(15_000);
    expect(await everything(await run.client)).toEqual(['Three questions, ten seconds each. Ready?']);
    expect(await run.done).toMatchObject({ kind: 'returned', end: { code: 1000, by: 'handler' } });
  });

  it.each([
    ['before the first question', []],
    ['in the middle of a question', ['yes', '8']],
  ])('returns when the visitor closes %s', async (_, answers) => {
    const clock = virtualClock();
    await using run = runServer(quiz, { clock });
    const client = await run.client;
    for (const answer of answers) await client.write(answer);
    await clock.advance(0);
    await client.close();
    expect(await run.done).toMatchObject({ kind: 'returned', end: { code: 1000, by: 'peer' } });
  });
});

/** Makes the next secret number this one. */
function thinkOf(secret: number): void {
  vi.spyOn(Math, 'random').mockReturnValue((secret - 0.5) / 100);
}

async function next(client: ClientSocket): Promise<unknown> {
  const [data] = await client.read();
  return data;
}

/** All that is written until the conversation is over. */
async function everything(client: ClientSocket): Promise<readonly unknown[]> {
  const written: unknown[] = [];
  for await (const data of client) written.push(data);
  return written;
}

/** All that is written while time passes. */
async function whatComesIn(
  ms: number,
  client: ClientSocket,
  clock: VirtualClock,
): Promise<readonly unknown[]> {
  await clock.advance(ms);
  const written: unknown[] = [];
  while (client.queued.messages > 0) written.push(await next(client));
  return written;
}
