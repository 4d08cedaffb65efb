// A timer, a channel and the client in one loop. The server: examples/stories/news.ts.

import { runServer, settle, virtualClock } from 'corosock/testing';
import { describe, expect, it } from 'vitest';
import { NewsDesk } from '../../examples/stories/news.ts';

describe('the news desk', () => {
  it('tells the news, answers, and says each minute that there are none', async () => {
    const clock = virtualClock();
    const desk = new NewsDesk();
    await using run = runServer(desk.server, { clock });
    const client = await run.client;
    desk.publish('It rains');
    expect(await client.read()).toEqual(['News: It rains', 'ok']);
    await clock.advance(60_000);
    expect(await client.read()).toEqual(['No news is good news', 'ok']);
    await client.write('time');
    expect(await client.read()).toEqual(['You have been here for 1 minutes', 'ok']);
    await client.write('weather');
    expect(await client.read()).toEqual(['Ask for the time', 'ok']);
  });

  it('loses nothing of what comes at once', async () => {
    const clock = virtualClock();
    const desk = new NewsDesk();
    await using run = runServer(desk.server, { clock });
    const client = await run.client;
    for (const text of ['It rains', 'It pours']) desk.publish(text);
    await client.write('time');
    const heard = [await client.read(), await client.read(), await client.read()].map(([text]) =>
      String(text),
    );
    expect(new Set(heard)).toEqual(
      new Set(['News: It rains', 'News: It pours', 'You have been here for 0 minutes']),
    );
    expect(heard.indexOf('News: It rains')).toBeLessThan(heard.indexOf('News: It pours'));
  });

  it('forgets who has left, and leaves no timer', async () => {
    const clock = virtualClock();
    const desk = new NewsDesk();
    await using run = runServer(desk.server, { clock });
    await (await run.client).close();
    expect((await run.done).kind).toBe('returned');
    desk.publish('It rains');
    await settle();
    expect(clock.timers).toBe(0);
  });
});
