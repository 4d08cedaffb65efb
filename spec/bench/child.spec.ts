import { describe, expect, it } from 'vitest';
import { environmentOf } from '../../bench/child.ts';

describe('the environment of what is measured', () => {
  it('keeps bufferutil from `ws`', () => {
    expect(environmentOf()).toEqual({ ...process.env, WS_NO_BUFFER_UTIL: '1' });
  });

  it('lets a server have it', () => {
    expect(environmentOf({ WS_NO_BUFFER_UTIL: '' })['WS_NO_BUFFER_UTIL']).toBe('');
  });
});
