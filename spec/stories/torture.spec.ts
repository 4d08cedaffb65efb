// Each story, and each handler of the tour, under torture: no cut may leave anything behind.

import { describe, expect, it } from 'vitest';
import { torture } from 'corosock/testing';
import type { TortureOptions, TortureScenario, WorldClient } from 'corosock/testing';
import { chat } from '../../examples/stories/chat.ts';
import { Echo } from '../../examples/stories/echo.ts';
import { asking, helper } from '../../examples/stories/helpers.ts';
import { NewsDesk } from '../../examples/stories/news.ts';
import { makeOrders, orders } from '../../examples/stories/orders.ts';
import { questions } from '../../examples/stories/questions.ts';
import { shout } from '../../examples/streams/shout.ts';
import { echo } from '../../examples/tour/handlers/echo.ts';
import { guessTheNumber } from '../../examples/tour/handlers/guess-the-number.ts';
import { quiz } from '../../examples/tour/handlers/quiz.ts';

/** `read` takes twice as much at once: it cuts no message, and nothing warns. */
const MAX_BYTES = 16_000;

type Server = Parameters<typeof torture>[0];

/** Says something and hears the answer, line by line. */
function script(
  ...lines: ReadonlyArray<readonly [says: string | undefined, hears: string]>
): TortureScenario {
  return async (client: WorldClient) => {
    for (const [says, hears] of lines) {
      if (says !== undefined) await client.write(says);
      expect(await client.read()).toEqual([hears, 'ok']);
    }
  };
}

const desk = new NewsDesk();
const news: TortureScenario = async (client, { world }) => {
  desk.publish('rain');
  expect(await client.read()).toEqual(['News: rain', 'ok']);
  await world.clock.advance(60_000);
  expect(await client.read()).toEqual(['No news is good news', 'ok']);
  await client.write('time');
  expect(await client.read()).toEqual(['You have been here for 1 minutes', 'ok']);
};

const order: TortureScenario = async (client, { host }) => {
  expect(await client.read()).toEqual(['You will hear from us.', 'ok']);
  expect(await makeOrders(host)).toEqual({ delivered: 1, gone: 0 });
  expect(await client.read()).toEqual(['Your order is ready.', 'ok']);
  await client.closed;
};

/** A member that is there before, and one that comes and goes. */
const chatting: TortureScenario = async (client, { world, host }) => {
  const bob = await world.connect(host, { url: 'ws://localhost/chat/a?name=Bob' });
  await bob.write('hello');
  for (const text of ['Ada comes in.', 'Bob comes in.', 'Bob: hello'])
    expect(await client.read()).toEqual([text, 'ok']);
  await bob.close();
  expect(await client.read()).toEqual(['Bob has left.', 'ok']);
};

/** Connects the helper, and gives the client its id. */
const withHelper: TortureOptions['client'] = async ({ world, host }) => {
  const other = await world.connect(host, { url: 'ws://localhost/helper' });
  const [id] = await other.readText();
  void world.spawn('helper', async () => {
    const [asked] = await other.read();
    if (asked !== undefined) await other.write(`You asked: ${String(asked)}`);
  });
  return { url: `ws://localhost/ask/${id}` };
};

describe('torture of the stories', { timeout: 60_000 }, () => {
  it.each<[string, Server, TortureScenario, TortureOptions]>([
    ['echo', Echo, script(['a', 'a'], ['b', 'b']), {}],
    ['chat', { '/chat/:room': chat }, chatting, { client: { url: 'ws://localhost/chat/a?name=Ada' } }],
    ['news', desk.server, news, {}],
    ['orders', orders, order, {}],
    [
      'questions',
      questions(async (question) => `${question}!`),
      script(['1 Why', '1 Why!'], ['2 Who', '2 Who!']),
      {},
    ],
    [
      'helpers',
      { '/ask/:id': asking, '/helper': helper },
      script(['Where is it?', 'You asked: Where is it?']),
      { client: withHelper },
    ],
    ['helpers: the helper', helper, async (client) => void (await client.read()), {}],
    ['streams: shout', shout, script(['a', 'A!'], ['b', 'B!']), {}],
    ['tour: echo', echo, script([undefined, 'Say something, and it comes back.'], ['a', 'a']), {}],
    [
      'tour: quiz',
      quiz,
      script(
        [undefined, 'Three questions, ten seconds each. Ready?'],
        ['yes', 'How many bits make a byte?'],
        ['8', 'Right! Points: 1.'],
        [undefined, 'Which HTTP status opens a WebSocket?'],
      ),
      {},
    ],
    [
      'tour: guess the number',
      guessTheNumber,
      script(
        [undefined, 'I am thinking of a number from 1 to 100. Which one?'],
        ['none', 'That is not a number.'],
        ['0', 'Higher.'],
      ),
      {},
    ],
  ])('%s survives', async (_, server, scenario, options) => {
    const report = await torture(server, scenario, { host: { maxMessageBytes: MAX_BYTES }, ...options });
    expect(report.survived).toBe(report.cuts);
    expect(report.cuts).toBeGreaterThan(10);
  });
});
