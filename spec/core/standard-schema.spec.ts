// What counts as a Standard Schema.

import { type } from 'arktype';
import * as v from 'valibot';
import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { isStandardSchema, plainIssues } from '../../src/core/standard-schema.ts';

const standard = { version: 1, vendor: 'own', validate: (value: unknown) => ({ value }) };

describe('isStandardSchema', () => {
  it.each([
    ['zod', z.string()],
    ['valibot', v.string()],
    ['arktype, whose schemas are functions', type('string')],
    ['one of your own', { '~standard': standard }],
  ])('knows a schema of %s', (_, schema) => {
    expect(isStandardSchema(schema)).toBe(true);
  });

  it.each([
    ['null', null],
    ['a function', () => true],
    ['an object', {}],
    ['a schema that says nothing', { '~standard': undefined }],
    ['one without a version', { '~standard': { validate: standard.validate } }],
    ['another version', { '~standard': { ...standard, version: 2 } }],
    ['one that cannot validate', { '~standard': { ...standard, validate: 'yes' } }],
    ['one without validate', { '~standard': { version: 1 } }],
  ])('refuses %s', (_, value) => {
    expect(isStandardSchema(value)).toBe(false);
  });
});

describe('plainIssues', () => {
  it('keeps what is wrong and where, and nothing of the value', () => {
    const issue = { message: 'too short', input: 'secret', path: ['a', { key: 0, value: 'secret' }] };
    expect(plainIssues([issue])).toEqual([{ message: 'too short', path: ['a', 0] }]);
  });

  it('says no place where the schema does not', () => {
    expect(plainIssues([{ message: 'wrong' }])).toEqual([{ message: 'wrong', path: undefined }]);
  });
});
