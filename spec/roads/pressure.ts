// The behaviour suite, back-pressure: a reader that stops holds its peer back, and nothing is lost,
// doubled or reordered when it goes on.

import { virtualClock } from 'corosock/testing';
import { describe, expect, it } from 'vitest';
import { until, untilStill } from '../faults/until.ts';
import type { Road } from './road.ts';
import { advanceUntil, briefs, echo, numbered, readAll, visit, writeAll, writeUntilFull } from './scenes.ts';

/** Of 60,000 bytes each: 24 MB, above what the buffers of two kernels' links and a proxy take. */
const MORE_THAN_FITS = 400;

/** The link goes by real time, the host by a clock that is moved: nothing else may end the socket. */
const PATIENT = { heartbeat: false, closeTimeoutMs: 600_000, writeTimeoutMs: 600_000 } as const;

async function* neverFinished(): AsyncGenerator<string> {
  yield 'begun';
  await new Promise(() => {});
}

export function pressure(road: Road): void {
  describe('a server that does not read', () => {
    it('is filled to its marks and no further, and gets everything in order later', async () => {
      await using v = await visit(road, { queueMessages: 10, queueBytes: 100_000 });
      const texts = numbered(500, 40_000);
      const sending = writeAll(v.client, texts);
      await untilStill(() => v.ws.queued.bytes);
      // 100,000 bytes, one message, and one chunk of 64 KiB that was under way.
      expect(v.ws.queued.bytes).toBeLessThanOrEqual(100_000 + 40_000 + 65_536);
      expect(briefs(await readAll(v.ws, 500))).toEqual(briefs(texts));
      expect(await sending).toBe('ok');
    });

    it('makes the client wait, whose time-out means: certainly not sent', async () => {
      await using v = await visit(road, { queueMessages: 1 }, { writeBufferBytes: 20_000 });
      const accepted = await writeUntilFull(v.client, 60_000);
      const last = v.client.write('last');
      expect(briefs(await readAll(v.ws, accepted.length))).toEqual(briefs(accepted));
      expect([await last, await v.ws.readMessage()]).toEqual(['ok', ['last', 'ok']]);
    });

    it('does not hold back another client', async () => {
      await using stage = await road.serve(
        { '/echo': echo, '/deaf': async (ws) => void (await ws.closed) },
        { queueMessages: 1 },
      );
      const [deaf, quick] = await Promise.all([stage.connect('/deaf'), stage.connect('/echo')]);
      void writeAll(deaf, numbered(100, 60_000));
      await writeAll(quick, numbered(20));
      expect(await readAll(quick, 20)).toEqual(numbered(20));
    });

    it('closes with 1008 where overflow is close', async () => {
      await using v = await visit(road, { queueMessages: 4, overflow: 'close', report: () => {} });
      void writeAll(v.client, numbered(200));
      expect(await v.client.closed).toMatchObject({ code: 1008, by: 'peer' });
      expect(await v.ws.closed).toMatchObject({ code: 1008, by: 'limit', clean: false });
      // The one that was too many has come, too.
      expect(await readAll(v.ws)).toEqual(numbered(5));
    });
  });

  describe('messageTimeoutMs', () => {
    it('ends a client that does not finish its message with 1008', async () => {
      const clock = virtualClock();
      await using v = await visit(road, { clock, messageTimeoutMs: 5000, report: () => {}, ...PATIENT });
      await v.client.write('whole');
      void v.client.write(neverFinished());
      await advanceUntil(clock, () => v.ws.closeInfo !== undefined);
      expect(await readAll(v.ws)).toEqual(['whole']);
      expect(v.ws.closeInfo).toMatchObject({ code: 1008, by: 'limit', clean: false });
      expect(await v.client.closed).toMatchObject({ code: 1008, by: 'peer' });
    });
  });

  describe('rate', () => {
    it('holds a client back, and loses nothing', async () => {
      const clock = virtualClock();
      const rate = { messages: { count: 5, perMs: 1000 } };
      await using v = await visit(road, { clock, rate, ...PATIENT });
      const sending = writeAll(v.client, numbered(30));
      const read: unknown[] = [];
      void readAll(v.ws, 30).then((all) => read.push(...all));
      await advanceUntil(clock, () => read.length > 0);
      expect([read, await sending]).toEqual([numbered(30), 'ok']);
      expect(clock.now()).toBeGreaterThanOrEqual(1000);
    });

    it('closes with 1008 where it says so', async () => {
      const rate = { messages: { count: 5, perMs: 60_000 }, over: 'close' } as const;
      await using v = await visit(road, { rate, report: () => {} });
      void writeAll(v.client, numbered(30));
      expect(await v.client.closed).toMatchObject({ code: 1008, by: 'peer' });
      const read = await readAll(v.ws);
      expect(read).toEqual(numbered(read.length));
      expect(v.ws.closeInfo).toMatchObject({ code: 1008, by: 'limit', clean: false });
    });
  });

  describe('a client that does not read', () => {
    it('makes the server wait, and gets exactly what was accepted', async () => {
      await using v = await visit(road, {}, { queueMessages: 1 });
      const accepted = await writeUntilFull(v.ws, 60_000);
      const last = v.ws.write('last');
      expect(briefs(await readAll(v.client, accepted.length))).toEqual(briefs(accepted));
      expect([await last, await v.client.readMessage()]).toEqual(['ok', ['last', 'ok']]);
    });

    it('that leaves ends the writes that wait with closed', async () => {
      await using v = await visit(road, {}, { queueMessages: 1 });
      const writing = numbered(MORE_THAN_FITS, 60_000).map((text) => v.ws.write(text));
      expect(await writing[0]).toBe('ok');
      await until(() => v.client.queued.messages > 0);
      v.client.terminate();
      expect((await Promise.all(writing)).at(-1)).toBe('closed');
      expect(v.ws.bufferedBytes).toBe(0);
    });

    it('lets the server stop a write that waits: nothing of it arrives', async () => {
      await using v = await visit(road, {}, { queueMessages: 1 });
      const texts = numbered(MORE_THAN_FITS, 60_000);
      for (const text of texts) void v.ws.write(text);
      const controller = new AbortController();
      const waiting = v.ws.write('never', { signal: controller.signal });
      controller.abort(new Error('enough'));
      await expect(waiting).rejects.toThrow('enough');
      void v.ws.write('last');
      expect(briefs(await readAll(v.client, texts.length + 1))).toEqual(briefs([...texts, 'last']));
    });
  });
}
