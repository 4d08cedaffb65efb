// The behaviour suite, closing: each end in its code, its reason and its cause, on both sides, and
// behind everything that was sent before it.

import { virtualClock } from 'corosock/testing';
import { describe, expect, it } from 'vitest';
import type { CloseInfo, ServerSocket } from 'corosock';
import { until } from '../faults/until.ts';
import type { Road } from './road.ts';
import { briefs, echo, numbered, readAll, visit, writeAll } from './scenes.ts';

const CUT = { code: 1006, reason: '', clean: false };

export function closing(road: Road): void {
  describe('a close by the client', () => {
    it.each([
      [1000, ''],
      [1001, 'leaving'],
      [3000, 'three thousand'],
      [4999, '\u00e9'.repeat(61)],
    ])('%i %s is told to both sides', async (code, reason) => {
      await using v = await visit(road);
      const end = { code, reason, clean: true, unread: 0 };
      expect(await v.client.close(code, reason)).toEqual({ ...end, by: 'local' });
      expect(await v.ws.closed).toEqual({ ...end, by: 'peer' });
      expect(v.ws.signal.aborted).toBe(true);
    });

    it('that comes with its messages is answered behind the replies to them', async () => {
      await using stage = await road.serve(echo);
      const client = await stage.connect();
      for (const text of numbered(20)) void client.write(text);
      // The client drops what comes behind its close, and counts it.
      expect(await client.close(4001)).toEqual({ ...closed(4001), unread: 20, by: 'local' });
    });

    it('of a socket that discards is seen at once, and what was sent is dropped', async () => {
      await using v = await visit(road);
      v.ws.discard();
      await writeAll(v.client, numbered(300, 1000));
      await v.ws.write('pushed');
      expect(await v.client.readMessage()).toEqual(['pushed', 'ok']);
      expect(await v.client.close()).toMatchObject({ code: 1000, clean: true });
      expect(await v.ws.closed).toMatchObject({ code: 1000, by: 'peer', clean: true });
      expect(await v.ws.read()).toEqual([undefined, 'closed']);
    });

    it('leaves to the server what was sent before it, and counts it as unread', async () => {
      await using v = await visit(road);
      await writeAll(v.client, numbered(30));
      await v.client.close(4001);
      expect(await v.ws.closed).toMatchObject({ code: 4001, unread: 30 });
      expect(await readAll(v.ws)).toEqual(numbered(30));
      expect([await v.ws.read(), v.ws.closeInfo?.unread]).toEqual([[undefined, 'closed'], 0]);
    });
  });

  describe('a close by the server', () => {
    it('gives its code and reason to the client, behind all messages', async () => {
      await using v = await visit(road);
      for (const text of numbered(100, 5000)) void v.ws.write(text);
      const ending = v.ws.endServer(4000, 'bye');
      expect(briefs(await readAll(v.client))).toEqual(briefs(numbered(100, 5000)));
      expect(await ending).toEqual({ ...closed(4000, 'bye'), by: 'local' });
      expect(v.client.closeInfo).toEqual({ ...closed(4000, 'bye'), by: 'peer' });
    });

    it('comes behind a message of 1 MiB', async () => {
      await using stage = await road.serve(async (ws) => void (await ws.write('z'.repeat(1_048_576))));
      const client = await stage.connect();
      expect(briefs(await readAll(client))).toEqual(briefs(['z'.repeat(1_048_576)]));
      expect(client.closeInfo).toMatchObject({ code: 1000, clean: true, by: 'peer' });
    });

    it('comes with 1000 when the handler returns', async () => {
      await using stage = await road.serve(() => {});
      const client = await stage.connect();
      expect(await client.closed).toEqual({ ...closed(1000), by: 'peer' });
    });

    it('comes with 1011 when the handler throws, and without a word of the error', async () => {
      const reports: unknown[] = [];
      const thrown = new Error('a secret');
      await using stage = await road.serve(
        () => {
          throw thrown;
        },
        { report: (error, { phase }) => reports.push([error, phase]) },
      );
      const client = await stage.connect();
      expect(await client.closed).toEqual({ ...closed(1011), by: 'peer' });
      await until(() => reports.length > 0);
      expect(reports).toEqual([[thrown, 'server']]);
    });

    it('comes with 1001 when the host closes, at once or when its handlers have finished', async () => {
      await using stage = await road.serve({
        '/idle': async (ws) => void (await ws.closed),
        '/draining': async (ws) => {
          await new Promise((resolve) => ws.draining.addEventListener('abort', resolve));
          await ws.write('last words');
        },
      });
      const [idle, draining] = await Promise.all([stage.connect('/idle'), stage.connect('/draining')]);
      await until(() => stage.host.sockets.size === 2);
      const report = stage.host.close({ graceMs: 300 });
      expect(await draining.readMessage()).toEqual(['last words', 'ok']);
      expect(await draining.closed).toEqual({ ...closed(1001), by: 'peer' });
      expect(await idle.closed).toEqual({ ...closed(1001), by: 'peer' });
      expect(await report).toMatchObject({ finished: 1, closed: 1, abandoned: [] });
    });

    it('of a client that does not answer ends after closeTimeoutMs', async () => {
      const clock = virtualClock();
      await using v = await visit(road, { clock, closeTimeoutMs: 1000 }, { queueMessages: 1 });
      // The client's link is paused: it does not see the close.
      await writeAll(v.ws, ['one', 'two', 'three']);
      await until(() => v.client.queued.messages > 0);
      const ending = v.ws.endServer(4000);
      await clock.advance(1000);
      expect(await ending).toMatchObject({ ...closed(4000), clean: false, by: 'local' });
    });
  });

  describe('both sides', () => {
    it('that close at once each end once, and clean', async () => {
      await using v = await visit(road);
      const ends = await Promise.all([v.ws.endServer(4001, 'ours'), v.client.close(4002, 'theirs')]);
      expect(ends.map(({ clean }) => clean)).toEqual([true, true]);
      expect(await Promise.all([v.ws.closed, v.client.closed])).toEqual(ends);
    });

    it('keep the code of the server that closes, also where the client exceeds a limit meanwhile', async () => {
      await using v = await visit(road, { maxMessageBytes: 10, report: () => {} });
      const ending = v.ws.endServer(4000, 'bye');
      void v.client.write('x'.repeat(11));
      expect(await ending).toMatchObject({ code: 4000, reason: 'bye', clean: false, by: 'local' });
      expect(await v.client.closed).toMatchObject({ code: 4000, reason: 'bye', by: 'peer' });
    });

    it('get statuses after the end, each time', async () => {
      await using v = await visit(road);
      await v.client.close();
      await v.ws.closed;
      for (const socket of [v.ws, v.client]) {
        expect([await socket.write('x'), await socket.write('x')]).toEqual(['closed', 'closed']);
        expect([await socket.read(), await socket.read(1, 0)]).toEqual([
          [undefined, 'closed'],
          [undefined, 'closed'],
        ]);
      }
    });
  });

  describe('a link that is dropped', () => {
    it('by the client is 1006 for the server, behind what has come', async () => {
      await using v = await visit(road);
      await v.client.write('before');
      expect(await v.ws.readMessage()).toEqual(['before', 'ok']);
      v.client.terminate();
      expect(await v.client.closed).toMatchObject({ ...CUT, by: 'local' });
      expect(await v.ws.readMessage()).toEqual([undefined, 'closed']);
      expect(v.ws.closeInfo).toMatchObject({ ...CUT, by: 'link', unread: 0 });
    });

    it('by the server is 1006 for the client', async () => {
      await using v = await visit(road);
      v.ws.terminate();
      expect(await v.client.closed).toMatchObject({ ...CUT, by: 'link' });
      expect(await v.ws.closed).toMatchObject({ ...CUT, by: 'local' });
    });

    it('in the middle of a message loses that one, and no other', async () => {
      await using v = await visit(road);
      void v.client.write('whole');
      void v.client.write(halfOf(v.ws, () => v.client.terminate()));
      expect(await readAll(v.ws)).toEqual(['whole']);
      expect(v.ws.closeInfo).toMatchObject({ ...CUT, by: 'link', unread: 0 });
    });

    it('throws out of an iteration', async () => {
      await using v = await visit(road);
      v.client.terminate();
      const iterating = (async () => {
        for await (const data of v.ws) expect(data).toBe('never');
      })();
      await expect(iterating).rejects.toMatchObject({ code: 'COROSOCK_CONNECTION_LOST', closeInfo: CUT });
    });
  });

  describe('onPostServer', () => {
    it('runs once, with the end that the handler sees', async () => {
      const ends: Array<CloseInfo | undefined> = [];
      await using stage = await road.serve({
        server: async (ws: ServerSocket) => void ends.push(await ws.closed),
        onPostServer: (_ws: ServerSocket, end: CloseInfo) => void ends.push(end),
      });
      const client = await stage.connect();
      await client.close(4100, 'over');
      await until(() => ends.length === 2);
      expect(ends[0]).toEqual({ ...closed(4100, 'over'), by: 'peer' });
      expect(ends[1]).toEqual(ends[0]);
    });
  });
}

function closed(code: number, reason = ''): Omit<CloseInfo, 'by'> {
  return { code, reason, clean: true, unread: 0 };
}

/** The first half of a message; then, when it has arrived, something happens. */
async function* halfOf(ws: ServerSocket, then: () => void): AsyncGenerator<string> {
  yield 'half';
  // The message before it has arrived: so has this, or it is cut, which is the same.
  await until(() => ws.queued.messages > 0 || ws.atEnd);
  then();
  yield 'never';
}
