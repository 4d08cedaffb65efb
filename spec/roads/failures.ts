// The behaviour suite, failures: what a mistake or an error of a handler comes to, for its caller and
// for the client.

import { select } from 'corosock';
import type { Data, StandardSchema } from 'corosock';
import { describe, expect, it } from 'vitest';
import { until } from '../faults/until.ts';
import type { Road } from './road.ts';
import { readAll, visit } from './scenes.ts';

const FAILED = new Error('no more parts');

/** Parts of a message that cannot be finished. */
function* failingAfter(...parts: readonly Data[]): Generator<Data> {
  yield* parts;
  throw FAILED;
}

/** Takes numbers only. */
const numbers: StandardSchema<number> = {
  '~standard': {
    version: 1,
    vendor: 'spec',
    validate: (value) =>
      typeof value === 'number' ? { value } : { issues: [{ message: 'a number is expected' }] },
  },
};

export function failures(road: Road): void {
  describe('a message in fragments', () => {
    it('that fails before its first part is not sent, and the conversation goes on', async () => {
      await using v = await visit(road);
      await expect(v.ws.write(failingAfter())).rejects.toBe(FAILED);
      await v.ws.write('next');
      expect(await v.client.readMessage()).toEqual(['next', 'ok']);
    });

    it('that fails behind it ends the conversation with 1011, and nothing of it arrives', async () => {
      await using v = await visit(road);
      await v.ws.write('before');
      await expect(v.ws.write(failingAfter('half '))).rejects.toBe(FAILED);
      expect(await readAll(v.client)).toEqual(['before']);
      expect(v.client.closeInfo).toMatchObject({ code: 1011, by: 'peer' });
      expect(await v.ws.closed).toMatchObject({ code: 1011, by: 'local' });
    });

    it('of two kinds ends the conversation, too', async () => {
      await using v = await visit(road);
      const mixed = v.ws.write(['text', Buffer.from('binary')]);
      await expect(mixed).rejects.toMatchObject({ code: 'COROSOCK_ARGUMENT' });
      expect(await v.client.closed).toMatchObject({ code: 1011, by: 'peer' });
    });

    it('of a client that fails is dropped by the server', async () => {
      await using v = await visit(road);
      await expect(v.client.write(failingAfter('half '))).rejects.toBe(FAILED);
      expect(await readAll(v.ws)).toEqual([]);
      expect(v.ws.closeInfo).toMatchObject({ code: 1011, by: 'peer' });
    });
  });

  describe('a wrong argument', () => {
    it('leaves the conversation as it is', async () => {
      await using v = await visit(road);
      const wrong = [
        v.ws.write(1 as unknown as Data),
        v.ws.read(0),
        v.ws.endServer(1005),
        v.client.close(1000, 'r'.repeat(124)),
      ];
      const codes = await Promise.all(
        wrong.map((call) => call.catch((error: { code: string }) => error.code)),
      );
      expect(codes).toEqual([
        'COROSOCK_ARGUMENT',
        'COROSOCK_ARGUMENT',
        'COROSOCK_CLOSE_CODE',
        'COROSOCK_CLOSE_REASON',
      ]);
      await v.client.write('goes on');
      expect(await v.ws.readMessage()).toEqual(['goes on', 'ok']);
    });

    it('such as a second read at once takes nothing', async () => {
      await using v = await visit(road);
      const first = v.ws.readMessage();
      await expect(v.ws.readMessage()).rejects.toMatchObject({ code: 'COROSOCK_CONCURRENT_READ' });
      await v.client.write('one');
      expect(await first).toEqual(['one', 'ok']);
    });
  });

  describe('a message that a handler does not accept', () => {
    it.each<readonly [number, string, Data]>([
      [1003, 'binary', Buffer.from('1')],
      [1007, 'no JSON', '{'],
      [1008, 'JSON that a schema refuses', '"one"'],
    ])('closes with %i: %s', async (code, _, data) => {
      const reports: unknown[] = [];
      await using stage = await road.serve(
        async (ws) => {
          const [value] = await ws.readJson({ schema: numbers });
          await ws.writeJson(value);
        },
        { report: (error) => reports.push(error) },
      );
      const [good, bad] = [await stage.connect(), await stage.connect()];
      await good.write('1');
      await bad.write(data);
      expect([await good.readMessage(), (await good.closed).code]).toEqual([['1', 'ok'], 1000]);
      expect(await bad.closed).toMatchObject({ code, reason: '', by: 'peer', clean: true });
    });
  });

  describe('a child task', () => {
    it('that fails ends the conversation with 1011, and its handler hears of it', async () => {
      const seen: unknown[] = [];
      const reports: unknown[] = [];
      await using stage = await road.serve(
        async (ws) => {
          void ws.spawn(async () => {
            await ws.read();
            throw FAILED;
          });
          seen.push(await ws.closed.then(({ code, by }) => [code, by]));
        },
        { report: (error) => reports.push(error) },
      );
      const client = await stage.connect();
      await client.write('go');
      expect(await client.closed).toMatchObject({ code: 1011, reason: '', by: 'peer' });
      await until(() => reports.length > 0);
      expect([seen, reports]).toEqual([[[1011, 'handler']], [FAILED]]);
    });
  });

  describe('a stream', () => {
    it('that is cancelled closes with the code of its reason', async () => {
      await using v = await visit(road);
      await v.ws.readable.cancel({ closeCode: 4321 });
      expect(await v.client.closed).toMatchObject({ code: 4321, by: 'peer' });
    });

    it('that is aborted closes with 1011', async () => {
      await using v = await visit(road);
      await v.ws.writable.abort(FAILED);
      expect(await v.client.closed).toMatchObject({ code: 1011, by: 'peer' });
    });

    it('fails at an end that is not clean, behind what has come', async () => {
      await using v = await visit(road);
      const reader = v.ws.readable.getReader();
      await v.client.write('last');
      expect(await reader.read()).toEqual({ value: 'last', done: false });
      v.client.terminate();
      await expect(reader.read()).rejects.toMatchObject({ code: 'COROSOCK_CONNECTION_LOST' });
    });
  });

  describe('a relay', () => {
    it('of two clients by select ends with the first of them', async () => {
      await using stage = await road.serve(async (ws) => {
        const other = [...ws.host.sockets.values()].find((socket) => socket !== ws);
        if (other === undefined) return void (await ws.closed);
        for (;;) {
          const [from, [data, status]] = await select({ ws, other });
          if (status !== 'ok') return void (await other.endServer(4000, 'the other has left'));
          await (from === 'ws' ? other : ws).write(data);
        }
      });
      const first = await stage.connect();
      await until(() => stage.host.sockets.size === 1);
      const second = await stage.connect();
      await first.write('to the second');
      await second.write('to the first');
      expect([await second.readMessage(), await first.readMessage()]).toEqual([
        ['to the second', 'ok'],
        ['to the first', 'ok'],
      ]);
      await second.close();
      expect(await first.closed).toMatchObject({ code: 4000, reason: 'the other has left', by: 'peer' });
    });
  });
}
