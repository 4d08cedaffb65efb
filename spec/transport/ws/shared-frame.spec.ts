// The frame that several sockets send: encoded once for each of its two forms.

import { describe, expect, it } from 'vitest';
import { makeFrame, wholeByte } from '../../../src/transport/ws/server-frame.ts';
import { SharedFrames, sharedFrame } from '../../../src/transport/ws/shared-frame.ts';
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
    expect(frame).toBeInstanceOf(SharedFrames);
    expect(sharedFrame(shared, 'a', TEXT)).toBe(frame);
  });
});

describe('SharedFrames', () => {
  const frameOf = (text: string): SharedFrames => new SharedFrames(makeFrame(text, TEXT));

  it('are the same for all that send the same frames one after another', () => {
    const [a, b, c] = [frameOf('a'), frameOf('b'), frameOf('c')];
    expect(a.followedBy(b)).toBe(a.followedBy(b));
    expect(a.followedBy(b).followedBy(c)).toBe(a.followedBy(b).followedBy(c));
  });

  it('are others after another frame', () => {
    const [a, b, c] = [frameOf('a'), frameOf('b'), frameOf('c')];
    const ab = a.followedBy(b);
    expect([a.followedBy(c).bytes.toString(), ab.bytes.toString()]).toEqual(
      [
        ['a', 'c'],
        ['a', 'b'],
      ].map((texts) => Buffer.concat(texts.map((text) => makeFrame(text, TEXT))).toString()),
    );
  });

  it('are joined once, and count their bytes before', () => {
    const all = ['b', 'c', 'd'].map(frameOf).reduce((frames, last) => frames.followedBy(last), frameOf('a'));
    expect(all.byteLength).toBe(4 * 3);
    expect(all.bytes).toEqual(Buffer.concat(['a', 'b', 'c', 'd'].map((text) => makeFrame(text, TEXT))));
    expect(all.bytes).toBe(all.bytes);
  });

  it('are joined from what is joined already', () => {
    const [a, b, c] = [frameOf('a'), frameOf('b'), frameOf('c')];
    const ab = a.followedBy(b);
    const length = ab.bytes.byteLength + c.byteLength;
    expect(ab.followedBy(c).bytes).toEqual(Buffer.concat([ab.bytes, c.bytes], length));
  });
});
