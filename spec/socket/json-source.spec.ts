// `jsonOf`: what a select takes of it, and that what it does not take stays in the socket.

import { describe, expect, expectTypeOf, it } from 'vitest';
import { z } from 'zod';
import { channel, jsonOf, select } from 'corosock';
import type { ReadResult, Socket, StandardSchema } from 'corosock';
import { settle } from 'corosock/testing';
import { ForeignPromise } from '../fixtures/patched-promise.ts';
import { CLOSED_BY_PEER, scripted, ScriptedTransport } from '../conversation/scripted-transport.ts';
import { MessageSocket } from '../../src/socket/message-socket.ts';
import { HandClock } from '../time/hand-clock.ts';

const schema = z.object({ id: z.number() });

/** A schema that validates when the spec answers, and then gives `valid` in place of the value. */
function slowSchema() {
  const answers: ((valid: unknown) => void)[] = [];
  const slow: StandardSchema = {
    '~standard': {
      version: 1,
      vendor: 'own',
      validate: async () => ({ value: await new Promise((resolve) => answers.push(resolve)) }),
    },
  };
  const answer = async (valid: unknown): Promise<void> => {
    await settle();
    answers.shift()?.(valid);
    await settle();
  };
  return { slow, answer, asked: (): number => answers.length };
}

describe('jsonOf', () => {
  it('gives the value of the oldest message to select', async () => {
    const { link, ws } = scripted();
    const move = jsonOf(ws, { schema });
    link.arrive('{"id":1,"more":2}', '{"id":2}');
    expect([await select({ move }), await select({ move })]).toEqual([
      ['move', [{ id: 1 }, 'ok']],
      ['move', [{ id: 2 }, 'ok']],
    ]);
    expectTypeOf(select({ move })).resolves.toEqualTypeOf<readonly ['move', ReadResult<{ id: number }>]>();
  });

  it('waits for a message, and gives closed after all of them', async () => {
    const { link, ws } = scripted();
    const json = jsonOf(ws);
    const waits = select({ json });
    link.arrive('1');
    link.arrive('2');
    link.end(CLOSED_BY_PEER);
    expect([await waits, await select({ json }), await select({ json })]).toEqual([
      ['json', [1, 'ok']],
      ['json', [2, 'ok']],
      ['json', [undefined, 'closed']],
    ]);
  });

  it('leaves in the socket what select does not take, for any other read', async () => {
    const { link, ws } = scripted();
    const news = channel<string>();
    const json = jsonOf(ws, { schema });
    await news.put('rain');
    link.arrive('{"id":1}');
    expect(await select({ news, json })).toEqual(['news', ['rain', 'ok']]);
    expect(await ws.read()).toEqual(['{"id":1}', 'ok']);
  });

  it.each([
    ['no JSON', '{', 'COROSOCK_NOT_JSON', 1007],
    ['binary', new Uint8Array([49]), 'COROSOCK_NOT_TEXT', 1003],
    ['not what the schema describes', '{}', 'COROSOCK_INVALID', 1008],
  ])('rejects the select that takes a message which is %s', async (_, message, code, closeCode) => {
    const { link, ws } = scripted();
    const json = jsonOf(ws, { schema });
    link.arrive(message, '{"id":2}');
    const error = await select({ json }).catch((reason: unknown) => reason);
    expect(error).toMatchObject({ code, closeCode });
    expect((error as Error).message).toMatch(/^jsonOf\(\): expected/);
    expect(await select({ json })).toEqual(['json', [{ id: 2 }, 'ok']]);
  });

  it('rejects with an error of the schema, and has taken the message', async () => {
    const { link, ws } = scripted();
    const broken = { '~standard': { version: 1, vendor: 'own', validate: () => thrown() } } as const;
    const thrown = (): never => {
      throw new Error('of the schema');
    };
    link.arrive('1');
    await expect(select({ json: jsonOf(ws, { schema: broken }) })).rejects.toThrow('of the schema');
    expect(ws.queued.messages).toBe(0);
  });

  it('reads bytes as UTF-8 with binaryData', async () => {
    const { link, ws } = scripted();
    ws.binaryData = true;
    link.arrive(new TextEncoder().encode('"€"'), '"€"');
    const json = jsonOf(ws);
    expect([await select({ json }), await select({ json })]).toEqual([
      ['json', ['€', 'ok']],
      ['json', ['€', 'ok']],
    ]);
  });

  it('leaves a message to a read that waits', async () => {
    const { link, ws } = scripted();
    const read = ws.read();
    const taken = select({ json: jsonOf(ws) });
    link.arrive('1', '2');
    expect([await read, await taken]).toEqual([
      ['1', 'ok'],
      ['json', [2, 'ok']],
    ]);
  });

  it.each([
    ['undefined', undefined, {}, 'expected a socket, got undefined'],
    ['an object', {}, {}, 'expected a socket, got an object'],
    ['another option', 'ws', { timeoutMs: 1 }, 'unknown option "timeoutMs". The options are schema'],
    [
      'no schema',
      'ws',
      { schema: {} },
      'expected schema to be a Standard Schema of version 1, got an object',
    ],
  ])('refuses %s', (_, socket, options: object, expected) => {
    const { ws } = scripted();
    const given = (socket === 'ws' ? ws : socket) as Socket;
    expect(() => jsonOf(given, options)).toThrow(`jsonOf(): ${expected}`);
  });
});

describe('jsonOf with a schema that answers later', () => {
  it('is ready when the schema has answered, and takes the message then', async () => {
    const { link, ws } = scripted();
    const { slow, answer } = slowSchema();
    const taken = select({ json: jsonOf(ws, { schema: slow }) });
    link.arrive('1');
    await settle();
    const before = ws.queued.messages;
    await answer('valid');
    expect([before, await taken, ws.queued.messages]).toEqual([1, ['json', ['valid', 'ok']], 0]);
  });

  it('awaits a schema of another realm', async () => {
    const { link, ws } = scripted();
    const validate = (): unknown => ForeignPromise.resolve({ value: 'valid' });
    const foreign = { '~standard': { version: 1, vendor: 'own', validate } } as StandardSchema;
    link.arrive('1');
    expect(await select({ json: jsonOf(ws, { schema: foreign }) })).toEqual(['json', ['valid', 'ok']]);
  });

  it('asks the schema once, however often the source is looked at', async () => {
    const { link, ws } = scripted();
    const { slow, answer, asked } = slowSchema();
    const json = jsonOf(ws, { schema: slow });
    link.arrive('1');
    const waits = [await select({ json }, { timeoutMs: 0 }), await select({ json }, { timeoutMs: 0 })];
    await settle();
    const before = asked();
    await answer('valid');
    expect([waits, before, await select({ json })]).toEqual([
      [
        ['timeout', undefined],
        ['timeout', undefined],
      ],
      1,
      ['json', ['valid', 'ok']],
    ]);
  });

  it('looks again at the rest of a message that a read has cut meanwhile', async () => {
    const { link, ws } = scripted();
    const seen: unknown[] = [];
    const { slow, answer } = slowSchema();
    const validate = (value: unknown): ReturnType<(typeof slow)['~standard']['validate']> => {
      seen.push(value);
      return slow['~standard'].validate(value);
    };
    const json = jsonOf(ws, { schema: { '~standard': { ...slow['~standard'], validate } } });
    link.arrive('12');
    await select({ json }, { timeoutMs: 0 });
    await ws.read(1);
    const taken = select({ json });
    await answer('of 12');
    await answer('of 2');
    expect([seen, await taken]).toEqual([
      [12, 2],
      ['json', ['of 2', 'ok']],
    ]);
  });

  it('loses nothing where another source wins, or another read takes the message meanwhile', async () => {
    const scene = scripted({}, new ScriptedTransport(), new HandClock(), 'many');
    const { link, ws } = scene;
    const { slow, answer } = slowSchema();
    const json = jsonOf(ws, { schema: slow });
    const taken = select({ json });
    link.arrive('1', '2');
    await settle();
    expect(await new MessageSocket(scene.conversation).read()).toEqual(['1', 'ok']);
    await answer('of 1');
    await answer('of 2');
    expect(await taken).toEqual(['json', ['of 2', 'ok']]);
  });

  it('rejects where the schema refuses', async () => {
    const { link, ws } = scripted();
    const { slow } = slowSchema();
    const refusing: StandardSchema = {
      '~standard': { ...slow['~standard'], validate: async () => ({ issues: [{ message: 'no' }] }) },
    };
    link.arrive('1');
    await expect(select({ json: jsonOf(ws, { schema: refusing }) })).rejects.toMatchObject({
      code: 'COROSOCK_INVALID',
      issues: [{ message: 'no' }],
    });
  });
});
