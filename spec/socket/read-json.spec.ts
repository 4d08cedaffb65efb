// JSON over a socket: when `readJson` takes a message and what it gives, and what `writeJson`
// sends.

import { describe, expect, expectTypeOf, it } from 'vitest';
import { type } from 'arktype';
import * as v from 'valibot';
import { z } from 'zod';
import type { ReadResult, Socket, StandardSchema, WriteOptions } from 'corosock';
import { CLOSED_BY_PEER, scripted } from '../conversation/scripted-transport.ts';
import { recordCrashes } from '../fixtures/process-events.ts';
import { turn } from '../time/hand-clock.ts';

const schema = z.object({ id: z.number() });

/** A schema that validates when the spec answers. */
function slowSchema() {
  const answers: ((value: unknown) => void)[] = [];
  const slow: StandardSchema = {
    '~standard': {
      version: 1,
      vendor: 'own',
      validate: async () => ({ value: await new Promise((resolve) => answers.push(resolve)) }),
    },
  };
  return { slow, answer: (value: unknown) => answers.shift()?.(value) };
}

describe('readJson', () => {
  it('gives the value of the oldest message', async () => {
    const { link, ws } = scripted();
    link.arrive('{"id":1}', '[2]');
    expect([await ws.readJson(), await ws.readJson()]).toEqual([
      [{ id: 1 }, 'ok'],
      [[2], 'ok'],
    ]);
  });

  it('gives the value of the rest that `read` has left of a message', async () => {
    const { link, ws } = scripted();
    link.arrive('id {"id":1}');
    await ws.read(3);
    expect([await ws.readJson(), ws.atEnd]).toEqual([[{ id: 1 }, 'ok'], true]);
  });

  it("gives the schema's output", async () => {
    const { link, ws } = scripted();
    link.arrive('{"id":1,"more":2}');
    expect(await ws.readJson({ schema })).toEqual([{ id: 1 }, 'ok']);
  });

  it('waits for a message, and takes nothing when it times out', async () => {
    const { link, clock, ws } = scripted();
    const lates = [ws.readJson({ timeoutMs: 100 })];
    clock.tick(100);
    lates.push(ws.readJson(50));
    clock.tick(50);
    link.arrive('{"id":1}');
    expect([...(await Promise.all(lates)), await ws.readJson()]).toEqual([
      [undefined, 'timeout'],
      [undefined, 'timeout'],
      [{ id: 1 }, 'ok'],
    ]);
  });

  it('takes nothing when its signal aborts', async () => {
    const { link, ws } = scripted();
    const controller = new AbortController();
    const read = ws.readJson({ signal: controller.signal });
    controller.abort(new Error('enough'));
    link.arrive('1');
    await expect(read).rejects.toThrow('enough');
    expect(await ws.readJson()).toEqual([1, 'ok']);
  });

  it('gives closed after all messages', async () => {
    const { link, ws } = scripted();
    link.arrive('1');
    link.end(CLOSED_BY_PEER);
    expect([await ws.readJson(), await ws.readJson()]).toEqual([
      [1, 'ok'],
      [undefined, 'closed'],
    ]);
  });

  it('waits for one day by default', () => {
    const { clock, ws } = scripted();
    void ws.readJson();
    expect(clock.waits).toEqual([86_400_000]);
  });

  it.each([
    ['not JSON', '{', {}, 'COROSOCK_NOT_JSON'],
    ['binary', new Uint8Array([0x31]), {}, 'COROSOCK_NOT_TEXT'],
    ['refused by the schema', '{"id":"1"}', { schema }, 'COROSOCK_INVALID'],
  ])('takes a message that is %s, too', async (_, message, options, code) => {
    const { link, ws } = scripted();
    link.arrive(message, '"next"');
    await expect(ws.readJson(options)).rejects.toMatchObject({ name: 'MessageError', code });
    expect(await ws.readJson()).toEqual(['next', 'ok']);
  });

  it('parses text and bytes with binaryData', async () => {
    const { link, ws } = scripted();
    ws.binaryData = true;
    link.arrive('{"id":1}', Buffer.from('{"id":2}'), new Uint8Array([0x22, 0xff, 0x22]));
    expect([await ws.readJson(), await ws.readJson()]).toEqual([
      [{ id: 1 }, 'ok'],
      [{ id: 2 }, 'ok'],
    ]);
    await expect(ws.readJson()).rejects.toMatchObject({ code: 'COROSOCK_NOT_JSON' });
  });

  it.each([
    ['text', '5s', 'expected milliseconds or options, got "5s"'],
    [
      'a misspelt option',
      { timeout: 5 },
      'unknown option "timeout"; did you mean "timeoutMs"? The options are timeoutMs, signal, schema',
    ],
    ['a negative time', { timeoutMs: -1 }, 'expected timeoutMs to be a number of milliseconds ≥ 0, got -1'],
    ['a number for its signal', { signal: 5 }, 'expected signal to be an AbortSignal, got 5'],
    [
      'an object for its schema',
      { schema: {} },
      'expected schema to be a Standard Schema of version 1, got an object',
    ],
  ])('refuses %s, and takes nothing', async (_, options, expected) => {
    const { link, ws } = scripted();
    link.arrive('1');
    await expect(ws.readJson(options as object)).rejects.toMatchObject({
      code: 'COROSOCK_ARGUMENT',
      message: `ws.readJson(): ${expected}`,
    });
    expect(ws.queued.messages).toBe(1);
  });

  it('is a read like any other: a second one while it waits is an error', async () => {
    const { ws } = scripted();
    void ws.readJson();
    await expect(ws.readJson()).rejects.toMatchObject({
      code: 'COROSOCK_CONCURRENT_READ',
      message: expect.stringMatching(/read-json\.spec/) as unknown,
    });
  });

  it('infers its type from the schema of zod, valibot and arktype', () => {
    const read = (ws: Socket) => ({
      zod: ws.readJson({ schema }),
      valibot: ws.readJson({ schema: v.object({ id: v.number() }) }),
      arktype: ws.readJson({ schema: type({ id: 'number' }) }),
      nothing: ws.readJson(),
      said: ws.readJson<string>(),
    });
    type Read = ReturnType<typeof read>;
    type OfId = Promise<ReadResult<{ id: number }>>;
    expectTypeOf<Read['zod']>().toEqualTypeOf<OfId>();
    expectTypeOf<Read['valibot']>().toEqualTypeOf<OfId>();
    expectTypeOf<Read['arktype']>().toEqualTypeOf<OfId>();
    expectTypeOf<Read['nothing']>().toEqualTypeOf<Promise<ReadResult<unknown>>>();
    expectTypeOf<Read['said']>().toEqualTypeOf<Promise<ReadResult<string>>>();
  });
});

describe('a readJson whose schema is still validating', () => {
  it('has taken the message: another read gets the next one', async () => {
    const { link, ws } = scripted();
    const { slow, answer } = slowSchema();
    link.arrive('1', '2');
    const first = ws.readJson({ schema: slow });
    await turn();
    expect(await ws.readJson()).toEqual([2, 'ok']);
    answer('one');
    expect(await first).toEqual(['one', 'ok']);
  });

  it('is not ended by its time-out, its signal or the end of the conversation', async () => {
    const { link, clock, ws } = scripted();
    const { slow, answer } = slowSchema();
    const controller = new AbortController();
    link.arrive('1');
    const read = ws.readJson({ schema: slow, timeoutMs: 100, signal: controller.signal });
    await turn();
    clock.tick(100);
    controller.abort();
    link.end();
    answer('one');
    expect(await read).toEqual(['one', 'ok']);
  });
});

describe('writeJson', () => {
  it('sends one message of text', async () => {
    const { link, ws } = scripted();
    expect(await ws.writeJson({ a: [1, null] })).toBe('ok');
    expect(link.sent).toEqual([{ data: '{"a":[1,null]}', options: { binary: false, compress: true } }]);
  });

  it('waits for room like any write, and passes its options on', async () => {
    const { link, clock, ws } = scripted({ writeBufferBytes: 1 });
    await ws.writeJson('a', { compress: false });
    const late = ws.writeJson('b', { timeoutMs: 100 });
    clock.tick(100);
    expect([await late, link.sent]).toEqual([
      'timeout',
      [{ data: '"a"', options: { binary: false, compress: false } }],
    ]);
  });

  it('writes bytes with binaryData', async () => {
    const { link, ws } = scripted();
    ws.binaryData = true;
    await ws.writeJson({});
    expect(link.sent[0]?.options.binary).toBe(true);
  });

  it.each([
    ['undefined', undefined, {}, 'expected a value that JSON can hold, got undefined'],
    ['a BigInt', 1n, {}, 'expected a value that JSON can hold, got one that it cannot'],
    [
      'a misspelt option',
      1,
      { timeout: 5 },
      'unknown option "timeout"; did you mean "timeoutMs"? The options are timeoutMs, signal, compress',
    ],
  ])('refuses %s, and sends nothing', async (_, value, options, expected) => {
    const { link, ws } = scripted();
    await expect(ws.writeJson(value, options as WriteOptions)).rejects.toMatchObject({
      code: 'COROSOCK_ARGUMENT',
      message: `ws.writeJson(): ${expected}`,
    });
    expect(link.sent).toEqual([]);
  });
});

describe('a readJson or writeJson that is not awaited', () => {
  it('never becomes an unhandled rejection', async () => {
    using crashes = recordCrashes();
    const { link, ws } = scripted();
    link.arrive('{');
    void ws.readJson();
    void ws.readJson({ timeoutMs: -1 });
    void ws.writeJson(undefined);
    await turn();
    expect(crashes.errors).toEqual([]);
  });
});
