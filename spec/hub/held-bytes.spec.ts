import { describe, expect, it } from 'vitest';
import { bytesOfParts, HeldBytes, MAX_HELD_BYTES, MAX_HELD_BYTES_OF_ALL } from '../../src/hub/held-bytes.ts';

describe('what handles keep', () => {
  it('is bounded for each, and over all of them', () => {
    const all = { bytes: 0 };
    const handles = Array.from({ length: 5 }, () => new HeldBytes(all));
    expect(handles.map((held) => held.add(MAX_HELD_BYTES))).toEqual([true, true, true, true, false]);
    handles[0]?.remove(1);
    expect([handles[0]?.add(2), all.bytes > MAX_HELD_BYTES_OF_ALL]).toEqual([false, true]);
  });

  it('counts parts, also those without bytes', () => {
    const parts = [{ bytes: new Uint8Array(0) }, { bytes: new Uint8Array(5) }];
    expect([bytesOfParts([]), bytesOfParts(parts)]).toEqual([0, 2 * 256 + 5]);
  });
});
