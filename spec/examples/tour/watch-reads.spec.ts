import type { Handler } from 'corosock';
import { runServer, settle, virtualClock } from 'corosock/testing';
import type { ClientSocket, Outcome, VirtualClock } from 'corosock/testing';
import { describe, expect, it } from 'vitest';
import { quiz } from '../../../examples/tour/handlers/quiz.ts';
import { ReadWatch } from '../../../examples/tour/watch-reads.ts';

describe('ReadWatch', () => {
  it('tells how each read begins and ends, and when the handler has left', async () => {
    const { clock, client, told, done } = await visit(quiz);
    await client.write('yes');
    await clock.advance(10_000);
    await client.close();
    await done;
    expect(await told()).toEqual([
      { kind: 'watching' },
      { kind: 'waiting', line: 13, timeoutMs: 15_000, written: 1 },
      { kind: 'ok', length: 3, written: 1 },
      { kind: 'waiting', line: 18, timeoutMs: 10_000, written: 2 },
      { kind: 'timeout', written: 2 },
      { kind: 'waiting', line: 18, timeoutMs: 10_000, written: 4 },
      { kind: 'closed', code: 1000, by: 'peer', written: 4 },
      { kind: 'left', threw: false, written: 4 },
    ]);
  });

  it('knows the time-out of positional arguments, and no line where the caller is no handler of the tour', async () => {
    const { client, told, done } = await visit(async (ws) => {
      await ws.read(2, 500);
      await ws.read();
    });
    await client.write('yes');
    await done;
    expect(await told()).toEqual([
      { kind: 'watching' },
      { kind: 'waiting', timeoutMs: 500, written: 0 },
      { kind: 'ok', length: 2, written: 0 },
      { kind: 'waiting', written: 0 },
      { kind: 'ok', length: 1, written: 0 },
      { kind: 'left', threw: false, written: 0 },
    ]);
  });

  it('says that a handler threw, and lets the error pass', async () => {
    const error = new Error('an example');
    const { told, done } = await visit(() => Promise.reject(error));
    expect(await done).toMatchObject({ kind: 'threw', error, end: { code: 1011 } });
    expect(await told()).toEqual([{ kind: 'watching' }, { kind: 'left', threw: true, written: 0 }]);
  });

  it('hands on all else of the socket as it is', async () => {
    const { client } = await visit(async (ws) => {
      ws.binaryData = true;
      await ws.write(JSON.stringify([ws.binaryData, ws.queued.messages, ws.request.params]));
      await ws.endServer(4000, 'done');
    });
    const [data, status] = await client.read();
    expect([Buffer.from(data ?? '').toString(), status]).toEqual(['[true,0,{"visit":"a"}]', 'ok']);
    expect(await client.closed).toMatchObject({ code: 4000, reason: 'done' });
  });

  it('does not count what was not written', async () => {
    const { told, client, done } = await visit(async (ws) => {
      await ws.read();
      await ws.write('too late');
    });
    await client.close();
    await done;
    expect((await told()).at(-1)).toEqual({ kind: 'left', threw: false, written: 0 });
  });

  it('leaves a handler alone that nobody watches', async () => {
    const run = runServer(new ReadWatch().watched(quiz), { clock: virtualClock(), params: { visit: 'b' } });
    const client = await run.client;
    expect(await client.read()).toEqual(['Three questions, ten seconds each. Ready?', 'ok']);
    await client.close();
    expect(await run.done).toMatchObject({ kind: 'returned' });
  });

  it('forgets a visit whose watcher has left', async () => {
    const { reads, told, watcher } = await visit(quiz);
    await watcher.close();
    const before = (await told()).length;
    await runServer(
      reads.watched(() => undefined),
      { clock: virtualClock(), params: { visit: 'a' } },
    ).done;
    expect(await told()).toHaveLength(before);
  });
});

interface VisitUnderWay {
  readonly reads: ReadWatch;
  readonly clock: VirtualClock;
  /** The visitor's end of the conversation, and of the watching. */
  readonly client: ClientSocket;
  readonly watcher: ClientSocket;
  readonly done: Promise<Outcome>;
  /** What the watcher has been told from the beginning. */
  told(): Promise<readonly unknown[]>;
}

async function visit(handler: Handler): Promise<VisitUnderWay> {
  const reads = new ReadWatch();
  const clock = virtualClock();
  const options = { clock, params: { visit: 'a' }, report: () => undefined };
  const watcher = await runServer(reads.watch, options).client;
  await settle();
  const run = runServer(reads.watched(handler), options);
  const reports: unknown[] = [];
  return {
    reads,
    clock,
    client: await run.client,
    watcher,
    done: run.done,
    async told() {
      await settle();
      while (watcher.queued.messages > 0) reports.push(JSON.parse(String((await watcher.read())[0])));
      return reports;
    },
  };
}
