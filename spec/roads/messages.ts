// The behaviour suite, messages: what one end writes the other reads, whole and in order.

import { MessageError } from 'corosock';
import type { Data } from 'corosock';
import { describe, expect, it } from 'vitest';
import type { Road } from './road.ts';
import { briefs, echo, numbered, readAll, visit, writeAll } from './scenes.ts';

const KIB = 1024;

export function messages(road: Road): void {
  describe('a message', () => {
    it.each<readonly [string, Data]>([
      ['a text', 'hello'],
      ['a text of four scripts', 'h\u00e9, \u4f60\u597d, \u0928\u092e\u0938\u094d\u0924\u0947, \u{1f600}'],
      ['an empty text', ''],
      ['a NUL', '\0'],
      ['a byte order mark', '\ufeffmark'],
      ['a text of 64 KiB', 'x'.repeat(64 * KIB)],
      ['a text of 1 MiB', 'y'.repeat(1024 * KIB)],
    ])('comes back as it was sent: %s', async (_, text) => {
      await using stage = await road.serve(echo);
      const client = await stage.connect();
      expect(await client.write(text)).toBe('ok');
      expect(await client.readMessage()).toEqual([text, 'ok']);
      expect(await client.close()).toMatchObject({ code: 1000, clean: true, unread: 0 });
    });

    it.each([0, 1, 125, 126, 127, 65_535, 65_536, 1024 * KIB])(
      'comes back as it was sent: %i bytes',
      async (length) => {
        await using stage = await road.serve(echo);
        const client = await stage.connect();
        const bytes = Uint8Array.from({ length }, (_, n) => n % 251);
        await client.write(bytes);
        const [data, status] = await client.readMessage();
        expect([Buffer.compare(data as Uint8Array, bytes), status]).toEqual([0, 'ok']);
      },
    );

    it('with a lone surrogate arrives with U+FFFD in its place', async () => {
      await using v = await visit(road);
      await v.client.write('a\ud800b');
      await v.ws.write('\udc00');
      expect(await v.ws.readMessage()).toEqual(['a\ufffdb', 'ok']);
      expect(await v.client.readMessage()).toEqual(['\ufffd', 'ok']);
    });

    it('keeps its kind: empty text and empty bytes differ, and both differ from the end', async () => {
      await using v = await visit(road);
      await writeAll(v.client, ['', new Uint8Array(0), 'x']);
      const read = await readAll(v.ws, 3);
      expect(read.map((data) => (typeof data === 'string' ? data : data.byteLength))).toEqual(['', 0, 'x']);
    });

    it('is one message where it was written in fragments', async () => {
      await using v = await visit(road);
      const parts = ['one ', '\ud83d', '\ude00', '', ' two'];
      expect(await v.ws.write(parts)).toBe('ok');
      expect(await v.client.write(new Set(parts))).toBe('ok');
      expect(await v.client.readMessage()).toEqual(['one \u{1f600} two', 'ok']);
      expect(await v.ws.readMessage()).toEqual(['one \u{1f600} two', 'ok']);
    });

    it('above maxMessageBytes closes with 1009, and the one before it can be read', async () => {
      await using v = await visit(road, { maxMessageBytes: 1000, report: () => {} });
      void v.client.write('before');
      void v.client.write('x'.repeat(1001));
      expect(await v.client.closed).toMatchObject({ code: 1009, by: 'peer' });
      expect(await readAll(v.ws)).toEqual(['before']);
      expect(v.ws.closeInfo).toMatchObject({ code: 1009, by: 'limit', clean: false, unread: 0 });
    });

    it('of more fragments than maxFragments closes with 1008, and the one before it can be read', async () => {
      await using v = await visit(road, { maxFragments: 10, report: () => {} });
      await v.client.write(numbered(9));
      void v.client.write(numbered(11));
      expect(await v.client.closed).toMatchObject({ code: 1008, by: 'peer' });
      expect(await readAll(v.ws)).toEqual(['012345678']);
      expect(v.ws.closeInfo).toMatchObject({ code: 1008, by: 'limit', clean: false });
    });

    it('of more fragments than the client takes closes with 1008, too', async () => {
      await using v = await visit(road, {}, { maxFragments: 10 });
      await v.ws.write(numbered(9));
      void v.ws.write(numbered(11));
      expect(await v.ws.closed).toMatchObject({ code: 1008, by: 'peer' });
      expect(await readAll(v.client)).toEqual(['012345678']);
    });

    it('of exactly maxMessageBytes is accepted, counted in bytes', async () => {
      await using v = await visit(road, { maxMessageBytes: 1000 });
      await v.client.write('\u00e9'.repeat(500));
      expect(await v.ws.readMessage()).toEqual(['\u00e9'.repeat(500), 'ok']);
    });

    it('that readJson refuses closes with the code of its MessageError', async () => {
      const reports: unknown[] = [];
      const report = (error: unknown): void => void reports.push(error);
      await using stage = await road.serve(
        async (ws) => {
          await ws.writeJson(await ws.readJson().then(([value]) => value));
          await ws.readJson();
        },
        { report },
      );
      const client = await stage.connect();
      await client.writeJson({ list: [1, 'two', null] });
      await client.write('{');
      expect(await client.readJson()).toEqual([{ list: [1, 'two', null] }, 'ok']);
      expect(await client.closed).toMatchObject({ code: 1007, reason: '', by: 'peer' });
      expect(reports).toEqual([expect.any(MessageError)]);
    });
  });

  describe('many messages', () => {
    it('of a burst keep their order and their kind', async () => {
      await using stage = await road.serve(echo);
      const client = await stage.connect();
      const burst = numbered(2000).map((text, n) => (n % 3 === 0 ? Buffer.from(text) : text));
      const sending = writeAll(client, burst);
      const back = await readAll(client, burst.length);
      expect(await sending).toBe('ok');
      expect(back.map((data) => (typeof data === 'string' ? data : Buffer.from(data).toString()))).toEqual(
        numbered(2000),
      );
      expect(back.filter((data) => typeof data !== 'string')).toHaveLength(667);
    });

    it('that are written without await keep the order of the calls', async () => {
      await using v = await visit(road);
      const statuses = Promise.all(numbered(1000).map((text) => v.ws.write(text)));
      expect(await readAll(v.client, 1000)).toEqual(numbered(1000));
      expect(new Set(await statuses)).toEqual(new Set(['ok']));
    });

    it('go both ways at once, and none waits for the other way', async () => {
      await using v = await visit(road);
      const texts = numbered(500, 2000);
      const all = [writeAll(v.ws, texts), writeAll(v.client, texts)];
      const [up, down] = await Promise.all([readAll(v.ws, 500), readAll(v.client, 500)]);
      expect([briefs(up), briefs(down)]).toEqual([briefs(texts), briefs(texts)]);
      expect(await Promise.all(all)).toEqual(['ok', 'ok']);
    });

    it('that the server pushes before the client reads are kept', async () => {
      await using stage = await road.serve(async (ws) => {
        await writeAll(ws, numbered(50));
      });
      const client = await stage.connect();
      await client.closed;
      expect(await readAll(client)).toEqual(numbered(50));
      expect(await client.read()).toEqual([undefined, 'closed']);
    });

    it('reach each of 20 clients when they are pushed to all', async () => {
      await using stage = await road.serve(async (ws) => void (await ws.closed));
      const clients = await Promise.all(numbered(20).map(() => stage.connect()));
      for (const ws of stage.host.sockets.values()) void writeAll(ws, ['one', 'two']);
      const read = await Promise.all(clients.map((client) => readAll(client, 2)));
      expect(read).toEqual(clients.map(() => ['one', 'two']));
    });

    it('of 20 clients do not mix', async () => {
      await using stage = await road.serve({
        '/:name': async (ws) => {
          for (const text of await readAll(ws, 10))
            await ws.write(`${ws.request.params['name']} ${String(text)}`);
        },
      });
      const said = await Promise.all(
        numbered(20).map(async (name) => {
          const client = await stage.connect(`/${name}`);
          void writeAll(client, numbered(10));
          return readAll(client);
        }),
      );
      expect(said).toEqual(numbered(20).map((name) => numbered(10).map((text) => `${name} ${text}`)));
    });
  });
}
