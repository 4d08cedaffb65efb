// JSON in messages: what is parsed and what is refused, what a schema does, and that no nesting
// ends the process (A9).

import { inspect } from 'node:util';
import { type } from 'arktype';
import * as v from 'valibot';
import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { parseJson, validate } from '../../src/socket/json-message.ts';
import { CONVERSATION_OPTIONS } from '../../src/conversation/conversation-options.ts';
import type { StandardSchema } from '../../src/core/standard-schema.ts';
import { thrownBy } from '../fixtures/thrown-by.ts';

const utf8 = (text: string): Uint8Array => new TextEncoder().encode(text);

describe('parseJson', () => {
  it.each([
    ['{"a":[1,null,"\u{1f600}"]}', { a: [1, null, '\u{1f600}'] }],
    [' 5 ', 5],
    ['null', null],
    ['"text"', 'text'],
  ])('parses %s', (text, expected) => {
    expect([parseJson(text, 'refused'), parseJson(utf8(text), 'text')]).toEqual([expected, expected]);
  });

  it.each(['', '{', '\ufeff{}', 'undefined', '{"a":1}{"b":2}', "{'a':1}", '01', '\ufffd'])(
    'refuses %j, which is not JSON',
    (text) => {
      const expected = { code: 'COROSOCK_NOT_JSON', closeCode: 1007 };
      expect(thrownBy(() => parseJson(text, 'refused'))).toMatchObject(expected);
      expect(thrownBy(() => parseJson(utf8(text), 'text'))).toMatchObject(expected);
    },
  );

  it('refuses bytes where text is needed', () => {
    expect(thrownBy(() => parseJson(utf8('{}'), 'refused'))).toMatchObject({
      code: 'COROSOCK_NOT_TEXT',
      closeCode: 1003,
    });
  });

  it('refuses bytes that are not UTF-8', () => {
    const bytes = new Uint8Array([0x22, 0xff, 0x22]);
    expect(thrownBy(() => parseJson(bytes, 'text'))).toMatchObject({ code: 'COROSOCK_NOT_JSON' });
  });

  it('quotes nothing of the message in its error or in a cause', () => {
    expect(inspect(thrownBy(() => parseJson('{"password":hunter2', 'refused')))).not.toMatch(/pass|hunter/);
  });

  it('makes `__proto__` an own property, and changes no prototype', () => {
    const value = parseJson('{"__proto__":{"isAdmin":true}}', 'refused') as { readonly isAdmin?: boolean };
    expect([Object.keys(value), value.isAdmin]).toEqual([['__proto__'], undefined]);
  });
});

/** Messages of the largest size and of nothing but nesting. */
const BOMBS = [
  [
    'arrays',
    '['.repeat(CONVERSATION_OPTIONS.maxMessageBytes[0] / 2) +
      ']'.repeat(CONVERSATION_OPTIONS.maxMessageBytes[0] / 2),
  ],
  [
    'objects',
    `${'{"a":'.repeat(CONVERSATION_OPTIONS.maxMessageBytes[0] / 6)}1${'}'.repeat(CONVERSATION_OPTIONS.maxMessageBytes[0] / 6)}`,
  ],
] as const;

describe('a message of nothing but nesting', () => {
  it.each(BOMBS)('is parsed without recursion: %s', (_, text) => {
    expect(typeof parseJson(text, 'refused')).toBe('object');
  });

  it.each(BOMBS)('is refused as not JSON when it is cut off: %s', (_, text) => {
    const error = thrownBy(() => parseJson(text.slice(0, text.length / 2), 'refused'));
    expect(error).toMatchObject({ code: 'COROSOCK_NOT_JSON' });
  });

  type Nested = readonly Nested[];
  const ofZod: z.ZodType<Nested> = z.lazy(() => z.array(ofZod));
  const ofValibot: v.GenericSchema<Nested> = v.lazy(() => v.array(ofValibot));
  const ofArktype = type.scope({ nested: 'nested[]' }).type('nested');
  const own: StandardSchema = {
    '~standard': {
      version: 1,
      vendor: 'own',
      validate: (value) => {
        const depth = (nested: Nested): number => 1 + Math.max(0, ...nested.map(depth));
        return { value: depth(value as Nested) };
      },
    },
  };

  it.each([
    ['zod', ofZod],
    ['valibot', ofValibot],
    ['arktype', ofArktype],
    ['your own', own],
  ])('is invalid for a recursive schema, and the process lives: %s', async (_, schema) => {
    const bomb = parseJson(BOMBS[0][1], 'refused');
    await expect(validate(bomb, schema as StandardSchema)).rejects.toMatchObject({
      code: 'COROSOCK_INVALID',
      closeCode: 1008,
    });
  });
});

describe('validate', () => {
  const person = [
    ['zod', z.object({ name: z.string(), age: z.coerce.number() })],
    ['valibot', v.object({ name: v.string(), age: v.pipe(v.string(), v.transform(Number)) })],
    ['arktype', type({ name: 'string', age: 'string.numeric.parse' })],
    [
      'zod, asynchronous',
      z.object({ name: z.string().refine(async (name) => name !== ''), age: z.coerce.number() }),
    ],
    [
      'valibot, asynchronous',
      v.objectAsync({
        name: v.pipeAsync(
          v.string(),
          v.checkAsync(async () => true),
        ),
        age: v.pipe(v.string(), v.transform(Number)),
      }),
    ],
  ] as const;

  it.each(person)("gives the schema's output: %s", async (_, schema) => {
    expect(await validate({ name: 'Ada', age: '36' }, schema as StandardSchema)).toEqual({
      name: 'Ada',
      age: 36,
    });
  });

  it.each(person)('rejects an invalid value with the issues: %s', async (_, schema) => {
    await expect(validate({ name: 5, age: '36' }, schema as StandardSchema)).rejects.toMatchObject({
      name: 'MessageError',
      code: 'COROSOCK_INVALID',
      closeCode: 1008,
      message: 'ws.readJson(): expected what the schema describes, but the message is not',
      issues: [{ message: expect.any(String) as string, path: ['name'] }],
    });
  });

  const failing = (error: unknown): StandardSchema => ({
    '~standard': {
      version: 1,
      vendor: 'own',
      validate: () => {
        throw error;
      },
    },
  });

  it.each([
    ['an error', new TypeError('no database')],
    ['undefined', undefined],
    [
      'an object that throws when it is inspected',
      new Proxy(
        {},
        {
          has: () => {
            throw new Error('no');
          },
        },
      ),
    ],
  ])('rejects with the error that the schema throws: %s', async (_, error) => {
    const thrown = await validate({}, failing(error)).catch((caught: unknown) => ({ caught }));
    expect((thrown as { readonly caught: unknown }).caught === error).toBe(true);
  });
});
