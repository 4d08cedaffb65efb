// Tables of options: what is filled in, what is checked, and what does not compile.

import { describe, expect, it } from 'vitest';
import { badArgument, checkBoolean, checkCount } from '../../src/core/arguments.ts';
import { checkValues, complete, defaultsOf, namesOf, unchecked } from '../../src/core/options.ts';
import type { OptionTable } from '../../src/core/options.ts';

interface Options {
  readonly size?: number;
  readonly isLoud?: boolean;
  readonly name?: string;
}

const TABLE: OptionTable<Options, 'name'> = {
  size: [64, checkCount],
  isLoud: [false, checkBoolean],
  name: [undefined, unchecked],
};

describe('namesOf', () => {
  it('gives the names in the order of the rows', () => {
    expect([...namesOf(TABLE)]).toEqual(['size', 'isLoud', 'name']);
  });
});

describe('defaultsOf', () => {
  it('gives the defaults, which cannot be changed', () => {
    const defaults = defaultsOf(TABLE);
    expect(defaults).toEqual({ size: 64, isLoud: false, name: undefined });
    expect(Object.isFrozen(defaults)).toBe(true);
  });
});

describe('complete', () => {
  it.each<[string, Options, object]>([
    ['no option', {}, { size: 64, isLoud: false, name: undefined }],
    ['some options', { size: 1, name: 'a' }, { size: 1, isLoud: false, name: 'a' }],
    ['all options', { size: 2, isLoud: true, name: '' }, { size: 2, isLoud: true, name: '' }],
  ])('fills in what is not given: %s', (_, options, completed) => {
    expect(complete('f()', options, TABLE)).toEqual(completed);
  });

  it('takes undefined for an option that is not given', () => {
    const options = { size: undefined, isLoud: undefined } as unknown as Options;
    expect(complete('f()', options, TABLE)).toEqual({ size: 64, isLoud: false, name: undefined });
  });

  it('leaves out names that the table does not have', () => {
    const options = { size: 1, colour: 'red' };
    expect(complete('f()', options, TABLE)).not.toHaveProperty('colour');
  });

  it('checks each value, also one that is inherited', () => {
    const options = Object.create({ size: 0 }) as Options;
    expect(() => complete('f()', options, TABLE)).toThrow(
      'f(): expected size to be an integer from 1 to 2147483647, got 0',
    );
  });

  it('names the option with its prefix', () => {
    expect(() => complete('f()', { isLoud: 1 as unknown as boolean }, TABLE, 'sound.')).toThrow(
      'f(): expected sound.isLoud to be true or false, got 1',
    );
  });

  it('lets a check refuse an option that has no default and is not given', () => {
    const table: OptionTable<Pick<Options, 'name'>, 'name'> = {
      name: [
        undefined,
        (call, name, value) => {
          if (value === undefined) throw badArgument(call, `a ${name}`, value);
        },
      ],
    };
    expect(() => complete('f()', {}, table)).toThrow('f(): expected a name, got undefined');
  });
});

describe('checkValues', () => {
  it('fills nothing in', () => {
    expect(() => checkValues('f()', { size: 1 }, TABLE)).toThrow(
      'f(): expected isLoud to be true or false, got undefined',
    );
  });
});

describe('OptionTable', () => {
  it('does not compile with a name that is missing or misspelt, or a default of another type', () => {
    // @ts-expect-error -- `isLoud` is missing
    const missing: OptionTable<Options, 'name'> = { size: TABLE.size, name: TABLE.name };
    const misspelt: OptionTable<Options, 'name'> = {
      ...TABLE,
      // @ts-expect-error -- `colour` is no option
      colour: TABLE.size,
    };
    const wrong: OptionTable<Options, 'name'> = {
      ...TABLE,
      // @ts-expect-error -- a size is a number
      size: ['64', checkCount],
    };
    const bare: OptionTable<Options> = {
      ...TABLE,
      // @ts-expect-error -- a name needs a default
      name: [undefined, unchecked],
    };
    expect([missing, misspelt, wrong, bare]).toHaveLength(4);
  });
});
