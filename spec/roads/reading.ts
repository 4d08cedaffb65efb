// The behaviour suite, reading: `len`, time-outs, aborts and `select` take what they say and
// nothing else. Time is the host's virtual clock.

import { channel, select } from 'corosock';
import { virtualClock } from 'corosock/testing';
import { describe, expect, it } from 'vitest';
import type { Road } from './road.ts';
import { briefs, numbered, readAll, visit, writeAll } from './scenes.ts';

export function reading(road: Road): void {
  describe('a read', () => {
    it('takes at most len, and leaves the rest to the next one', async () => {
      await using v = await visit(road);
      await writeAll(v.client, ['abcdefg', Buffer.from('xyz')]);
      expect([await v.ws.read(3), v.ws.atEnd]).toEqual([['abc', 'ok'], false]);
      expect([await v.ws.read(4), v.ws.atEnd]).toEqual([['defg', 'ok'], true]);
      expect(await v.ws.read(2)).toEqual([Buffer.from('xy'), 'ok']);
      expect(await v.ws.readMessage()).toEqual([Buffer.from('z'), 'ok']);
    });

    it('never cuts inside a surrogate pair', async () => {
      await using v = await visit(road);
      await v.client.write('a\u{1f600}b');
      const read = [await v.ws.read(2), await v.ws.read(1), await v.ws.read(1)];
      expect(read.map(([data]) => data)).toEqual(['a', '\u{1f600}', 'b']);
    });

    it('that times out takes nothing', async () => {
      const clock = virtualClock();
      await using v = await visit(road, { clock });
      expect(await v.ws.read({ timeoutMs: 0 })).toEqual([undefined, 'timeout']);
      const waiting = v.ws.read({ timeoutMs: 1000 });
      await clock.advance(1000);
      expect(await waiting).toEqual([undefined, 'timeout']);
      await v.client.write('late');
      expect(await v.ws.readMessage()).toEqual(['late', 'ok']);
    });

    it('that is aborted takes nothing', async () => {
      await using v = await visit(road);
      const controller = new AbortController();
      const waiting = v.ws.readMessage({ signal: controller.signal });
      controller.abort(new Error('enough'));
      await expect(waiting).rejects.toThrow('enough');
      await v.client.write('late');
      expect(await v.ws.readMessage()).toEqual(['late', 'ok']);
    });

    it('gives bytes where the socket has binaryData', async () => {
      await using v = await visit(road);
      v.ws.binaryData = true;
      await v.client.write('h\u00e9');
      expect(await v.ws.readMessage()).toEqual([Buffer.from('h\u00e9'), 'ok']);
      await v.ws.write('text');
      expect(await v.client.readMessage()).toEqual([Buffer.from('text'), 'ok']);
    });

    it('of a client keeps the same rules', async () => {
      await using v = await visit(road);
      expect(await v.client.read({ timeoutMs: 0 })).toEqual([undefined, 'timeout']);
      await v.ws.write('abc');
      expect([await v.client.read(2), v.client.atEnd]).toEqual([['ab', 'ok'], false]);
      expect([await v.client.read(2), v.client.atEnd]).toEqual([['c', 'ok'], true]);
    });
  });

  describe('select', () => {
    it('takes from one source and loses nothing of the other', async () => {
      await using v = await visit(road);
      const news = channel<string>({ capacity: 10 });
      const sending = writeAll(v.client, numbered(200));
      for (const text of numbered(10)) await news.put(text);
      const taken = { news: [] as unknown[], ws: [] as unknown[] };
      while (taken.news.length + taken.ws.length < 210) {
        const [name, [value]] = await select({ news, ws: v.ws });
        taken[name].push(value);
      }
      expect(taken).toEqual({ news: numbered(10), ws: numbered(200) });
      expect(await sending).toBe('ok');
    });
  });

  describe('an iteration', () => {
    it('that is left loses no message, and ends with a clean close', async () => {
      await using v = await visit(road);
      void writeAll(v.client, numbered(10)).then(() => v.client.close());
      const read: unknown[] = [];
      for await (const data of v.ws) if (read.push(data) === 4) break;
      for await (const data of v.ws) read.push(data);
      expect(read).toEqual(numbered(10));
    });
  });

  describe('streams', () => {
    it('pipe a conversation back to its client', async () => {
      await using stage = await road.serve((ws) => ws.readable.pipeTo(ws.writable));
      const client = await stage.connect();
      const sending = writeAll(client, numbered(100, 1000));
      expect(briefs(await readAll(client, 100))).toEqual(briefs(numbered(100, 1000)));
      expect(await sending).toBe('ok');
      expect(await client.close()).toMatchObject({ code: 1000, clean: true });
    });
  });
}
