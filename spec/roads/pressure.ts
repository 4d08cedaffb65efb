// The behaviour suite, back-pressure: a reader that stops holds its peer back, and nothing is lost,
// doubled or reordered when it goes on.

import { describe, expect, it } from 'vitest';
import { until, untilStill } from '../faults/until.ts';
import type { Road } from './road.ts';
import { briefs, echo, numbered, readAll, visit, writeAll, writeUntilFull } from './scenes.ts';

/** Of 60,000 bytes each: 24 MB, above what the buffers of two kernels' links and a proxy take. */
const MORE_THAN_FITS = 400;

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
      await using v = await visit(road, { queueMessages: 4, overflow: 'close' });
      void writeAll(v.client, numbered(200));
      expect(await v.client.closed).toMatchObject({ code: 1008, by: 'peer' });
      expect(await v.ws.closed).toMatchObject({ code: 1008, by: 'limit', clean: false });
      // The one that was too many has come, too.
      expect(await readAll(v.ws)).toEqual(numbered(5));
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
