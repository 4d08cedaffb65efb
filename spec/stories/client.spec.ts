// The other end: a client that asks, and one that stays in touch.

import { serve } from 'corosock';
import type { Data } from 'corosock';
import { connect } from 'corosock/client';
import { expect, it } from 'vitest';

/** Asks one question; undefined when there is no answer in time. */
async function ask(url: string, question: string): Promise<string | undefined> {
  await using ws = await connect(url);
  await ws.write(question);
  const [answer, status] = await ws.readMessage(5000);
  return status === 'ok' ? String(answer) : undefined;
}

it('asks, and gets its answer', async () => {
  await using host = await serve(async (ws) => {
    const [question] = await ws.read();
    await ws.write(`${String(question)} 42.`);
  });
  expect(await ask(host.url, 'How many?')).toBe('How many? 42.');
});

/** Shows what a server has to say, whenever it is there. */
async function follow(url: () => string, signal: AbortSignal, show: (news: Data) => void): Promise<void> {
  for await (const ws of connect.each(url, { signal, minDelayMs: 1, maxDelayMs: 10 })) {
    for (;;) {
      const [news, status] = await ws.readMessage();
      if (status !== 'ok') break;
      show(news);
    }
  }
}

it('follows a server that comes and goes, with a fresh token each time', async () => {
  await using host = await serve(async (ws) => {
    await ws.write(`to ${String(ws.request.url.searchParams.get('token'))}`);
    await ws.endServer(1012, 'restarting');
  });
  let tokens = 0;
  const heard: Data[] = [];
  const controller = new AbortController();
  const following = follow(
    () => `${host.url}/?token=${(tokens += 1)}`,
    controller.signal,
    (news) => {
      heard.push(news);
      if (heard.length === 3) controller.abort(new Error('heard enough'));
    },
  );
  await expect(following).rejects.toThrow('heard enough');
  expect(heard).toEqual(['to 1', 'to 2', 'to 3']);
});
