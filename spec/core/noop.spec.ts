import { expect, it } from 'vitest';
import { noop } from '../../src/core/noop.ts';

it('does nothing, whatever it is called with', () => {
  expect(['a', new Error('b')].map(noop)).toEqual([undefined, undefined]);
});
