// The frame that several sockets send: encoded once for each of its two forms.

import { describe, expect, it } from 'vitest';
import { makeFrame, wholeByte } from '../../../src/transport/ws/server-frame.ts';
import { SharedFrame, sharedFrame } from '../../../src/transport/ws/shared-frame.ts';
import type { SharedMessage } from '../../../src/transport/transport.ts';

const TEXT = wholeByte('', false);
const BINARY = wholeByte('', true);

describe('sharedFrame', () => {
  it('encodes a message once', () => {
    const shared = {};
    const frame = sharedFrame(shared, 'h\u00e9', TEXT);
    expect(frame.bytes).toEqual(makeFrame('h\u00e9', TEXT));
    expect(sharedFrame(shared, 'h\u00e9', TEXT)).toBe(frame);
  });

  it('encodes text once as text and once as bytes', () => {
    const shared = {};
    const text = sharedFrame(shared, 'a', TEXT);
    const binary = sharedFrame(shared, 'a', BINARY);
    expect(binary.bytes).toEqual(makeFrame('a', BINARY));
    expect([sharedFrame(shared, 'a', TEXT), sharedFrame(shared, 'a', BINARY)]).toEqual([text, binary]);
    expect(sharedFrame(shared, 'a', TEXT)).toBe(text);
  });

  it('makes a frame for each message', () => {
    expect(sharedFrame({}, 'a', TEXT)).not.toBe(sharedFrame({}, 'a', TEXT));
  });

  it('replaces what another kind of transport has kept', () => {
    const shared: SharedMessage = { frame: 'foreign' };
    const frame = sharedFrame(shared, 'a', TEXT);
    expect(frame).toBeInstanceOf(SharedFrame);
    expect(sharedFrame(shared, 'a', TEXT)).toBe(frame);
  });
});
