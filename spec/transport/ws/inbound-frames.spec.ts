// What `ws` gets of the chunks of a stream: every byte, in order, long payloads without their mask,
// and small pieces side by side in buffers of their own (B6).

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { InboundFrames } from '../../../src/transport/ws/inbound-frames.ts';
import { binaryFrame, closeFrame, frame, OPCODE, textFrame } from '../../peers/frames.ts';
import { unmasked } from './unmasked.ts';

const CHUNK_BYTES = 65_536;

interface Passed {
  readonly frames: InboundFrames;
  /** What `ws` has got, piece by piece. */
  readonly pieces: Buffer[];
  /** `unfinished` after each chunk. */
  readonly unfinished: number[];
}

function pass(...chunks: readonly Buffer[]): Passed {
  const pieces: Buffer[] = [];
  const frames = new InboundFrames((bytes) => void pieces.push(bytes));
  const unfinished = chunks.map((chunk) => {
    for (let at = 0; at < chunk.length; at = frames.pass(chunk, at));
    return frames.unfinished;
  });
  return { frames, pieces, unfinished };
}

function fragment(payload: Uint8Array | string, fin = false): Buffer {
  return frame({ opcode: OPCODE.continuation, payload, fin });
}

function opening(payload: Uint8Array | string = ''): Buffer {
  return frame({ opcode: OPCODE.text, payload, fin: false });
}

/** Cuts bytes into pieces of a buffer each. */
function cut(bytes: Buffer, size: number): Buffer[] {
  const count = Math.ceil(bytes.length / size);
  return Array.from({ length: count }, (_, i) => Buffer.from(bytes.subarray(i * size, (i + 1) * size)));
}

/** The memory that pieces hold: each buffer below them once. */
function heldBytes(pieces: readonly Buffer[]): number {
  const buffers = new Set(pieces.map(({ buffer }) => buffer));
  return [...buffers].reduce((sum, { byteLength }) => sum + byteLength, 0);
}

const someFrame = fc.oneof(
  fc.uint8Array({ maxLength: 200 }).map(binaryFrame),
  fc.constantFrom(300, 17_000, 40_000, 70_000).map((bytes) => binaryFrame(Buffer.alloc(bytes, bytes))),
  fc.uint8Array({ maxLength: 5 }).map((payload) => frame({ opcode: OPCODE.ping, payload })),
  fc
    .array(fc.oneof(fc.uint8Array({ maxLength: 5 }), fc.constant(Buffer.alloc(33_000))), { maxLength: 5 })
    .map((parts) => Buffer.concat([opening(), ...parts.map((part) => fragment(part)), fragment('', true)])),
);

describe('InboundFrames', () => {
  it('passes every byte in order, however it is cut', () => {
    fc.assert(
      fc.property(
        fc.array(someFrame, { minLength: 1, maxLength: 6 }),
        fc.constantFrom(1, 2, 7, 100, 1000, 20_000, CHUNK_BYTES),
        (messages, size) => {
          const bytes = Buffer.concat(messages);
          const { pieces, unfinished } = pass(...cut(bytes, size));
          expect(unmasked(Buffer.concat(pieces)).equals(unmasked(bytes))).toBe(true);
          expect(unfinished.at(-1)).toBe(0);
        },
      ),
      { numRuns: 60 },
    );
  });

  it('passes bytes of which it makes no sense', () => {
    fc.assert(
      fc.property(
        fc.uint8Array({ minLength: 1, maxLength: 300 }),
        fc.constantFrom(1, 3, 50, 300),
        (noise, size) => {
          const { frames, pieces } = pass(...cut(Buffer.from(noise), size));
          frames.flush();
          const passed = Buffer.concat(pieces);
          const same = Buffer.from(noise).subarray(0, passed.length);
          expect(unmasked(passed).equals(unmasked(same))).toBe(true);
        },
      ),
    );
  });

  it('takes the mask off a payload of at least 128 bytes, unless a chunk has cut its header', () => {
    const [short, long] = [binaryFrame(Buffer.alloc(127)), binaryFrame(Buffer.alloc(128))];
    const bare = frame({ opcode: OPCODE.binary, payload: Buffer.alloc(128), mask: false });
    expect(Buffer.concat(pass(short, long, bare).pieces)).toEqual(
      Buffer.concat([short, unmasked(long), bare]),
    );
    expect(Buffer.concat(pass(long.subarray(0, 3), Buffer.from(long.subarray(3))).pieces)).toEqual(long);
  });

  it('passes nothing behind a close frame', () => {
    const chunk = Buffer.concat([opening('a'), closeFrame(1000), textFrame('late')]);
    const { pieces } = pass(chunk);
    expect(Buffer.concat(pieces)).toEqual(chunk.subarray(0, -textFrame('late').length));
  });

  it('passes the header of a frame that is not whole at once, for it may break a rule', () => {
    const announced = frame({ opcode: OPCODE.binary, announcedBytes: 2 ** 40 });
    expect(Buffer.concat(pass(announced).pieces)).toEqual(announced);
    expect(Buffer.concat(pass(...cut(announced, 3)).pieces)).toEqual(announced);
  });

  it('passes each byte of a header at once, for the first two may break a rule', () => {
    const header = binaryFrame(Buffer.alloc(300)).subarray(0, 8);
    expect(pass(...cut(header, 1)).pieces.map(({ length }) => length)).toEqual(Array(8).fill(1));
  });

  it('gives a message its number from its first byte to its last', () => {
    const [first, second] = [textFrame('one'), textFrame('two')];
    const { unfinished } = pass(
      first.subarray(0, 1),
      first.subarray(1, 8),
      Buffer.concat([first.subarray(8), second.subarray(0, 7)]),
      second.subarray(7),
      first.subarray(0, 4),
    );
    expect(unfinished).toEqual([1, 1, 2, 0, 3]);
  });

  it('gives a message in fragments one number, also where pings come between', () => {
    const ping = frame({ opcode: OPCODE.ping });
    const { unfinished } = pass(
      opening('a'),
      ping,
      fragment('b'),
      ping.subarray(0, 3),
      ping.subarray(3),
      fragment('', true),
    );
    expect(unfinished).toEqual([1, 1, 1, 1, 1, 0]);
  });
});

describe('B6: InboundFrames keeps the memory small', () => {
  it('of a message in pieces of one byte', () => {
    const { frames, pieces } = pass(...cut(binaryFrame(Buffer.alloc(100_000)), 1).slice(0, -1));
    frames.flush();
    expect(pieces.length).toBeLessThan(30);
    expect(heldBytes(pieces)).toBeLessThan(120_000);
  });

  it('of fragments with one byte, each in a chunk of its own', () => {
    const { pieces } = pass(opening(), ...Array.from({ length: 1000 }, () => fragment('x')));
    expect(heldBytes(pieces)).toBeLessThan(10_000);
  });

  it('of small fragments, each in a chunk that something else fills', () => {
    const pongs = Buffer.alloc(
      60_000,
      frame({ opcode: OPCODE.pong, mask: Buffer.alloc(4), payload: Buffer.alloc(119) }),
    );
    const { pieces } = pass(
      opening(),
      ...Array.from({ length: 10 }, () => Buffer.concat([fragment('xyz'), pongs])),
    );
    const fragments = pieces.filter(({ length }) => length < 60_000);
    expect(Buffer.concat(fragments)).toEqual(Buffer.concat([opening(), Buffer.alloc(90, fragment('xyz'))]));
    expect(heldBytes(fragments)).toBeLessThan(10_000);
  });

  it('of a fragment that fills half of a chunk: it is not copied', () => {
    const chunk = Buffer.concat([fragment(Buffer.alloc(40_000))]);
    expect(pass(opening(), chunk).pieces.at(-1)?.buffer).toBe(chunk.buffer);
  });

  it('of a large message in large chunks: they are not copied', () => {
    const chunks = cut(binaryFrame(Buffer.alloc(200_000)), CHUNK_BYTES);
    const { pieces } = pass(...chunks);
    expect(pieces.slice(1).map(({ buffer }) => buffer)).toEqual(chunks.map(({ buffer }) => buffer));
  });
});
