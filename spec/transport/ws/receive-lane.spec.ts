// The lane of whole messages past `ws`: what comes out is what `ws` makes of the same bytes. Pauses
// are in inbound-chunks.spec.ts.

import { describe, expect, it } from 'vitest';
import { underSeeds } from '../../fuzz/seeded.ts';
import type { SeededRandom } from '../../fuzz/seeded.ts';
import { binaryFrame, closeFrame, frame, OPCODE, RSV1, textFrame } from '../../peers/frames.ts';
import { ReceiveLane } from '../../../src/transport/ws/receive-lane.ts';
import type { LaneEnds } from '../../../src/transport/ws/receive-lane.ts';
import { ScriptedStream } from './scripted-stream.ts';
import { MAX_FRAGMENTS, MAX_MESSAGE_BYTES, randomFrames } from './random-frames.ts';
import { cutAt, receive } from './received-bytes.ts';
import type { Received, Reception } from './received-bytes.ts';
import { unmasked } from './unmasked.ts';

const SEQUENCES = 20_000;
const AT_ONCE = 64;
const LIMITS = { maxMessageBytes: MAX_MESSAGE_BYTES, maxFragments: MAX_FRAGMENTS } as const;

function randomReception(random: SeededRandom): Reception {
  const bytes = randomFrames(random);
  const cuts = random.isLikely(0.3) ? 0 : random.between(1, 6);
  const pauses = random.isLikely(0.5) ? [] : Array.from({ length: 3 }, () => random.between(1, 6));
  // Behind a pause, the message at which the sink leaves comes later, and so does the end.
  const isLeaving = pauses.length === 0 && random.isLikely(0.4);
  return {
    chunks: cutAt(
      bytes,
      Array.from({ length: cuts }, () => random.below(bytes.length)),
    ),
    pauses,
    leaving: isLeaving
      ? { after: random.between(1, 6), by: random.pick(['close', 'terminate'] as const) }
      : undefined,
    ends: random.pick(['end', 'reset'] as const),
    options: LIMITS,
  };
}

/** What waits behind a pause when the link is reset is delivered, and not answered any more. */
function comparable({ messages, end, sent }: Received, { ends, pauses }: Reception): unknown {
  const isAnswered = ends === 'end' || pauses?.length === 0;
  const [code, reason, by] = end;
  return isAnswered ? { messages, end, sent } : { messages, code, reason, by };
}

describe('20,000 random sequences of frames, in random chunks, with random pauses,', () => {
  it(
    'come to the same messages, ends and answers past `ws` as through it',
    { timeout: 300_000 },
    async () => {
      const compare = async (random: SeededRandom): Promise<void> => {
        const reception = randomReception(random);
        const [past, through] = await Promise.all([
          receive({ ...reception, options: { ...LIMITS, hasLane: true } }),
          receive({ ...reception, options: { ...LIMITS, hasLane: false } }),
        ]);
        expect(past.whilePaused).toBe(0);
        expect(comparable(past, reception)).toEqual(comparable(through, reception));
      };
      const count = await underSeeds('spec/transport/ws/receive-lane.spec.ts', SEQUENCES, compare, AT_ONCE);
      expect(count).toBeGreaterThanOrEqual(1);
    },
  );
});

const PING: Buffer = frame({ opcode: OPCODE.ping, payload: 'p' });
const LONGEST_BYTES = 40_000;

/** A lane beside a `ws` that is open. */
function laneTo(sink: LaneEnds['target']['sink'], onData: (bytes: Buffer) => void): ReceiveLane {
  return new ReceiveLane({
    ws: { readyState: 1, OPEN: 1 },
    stream: new ScriptedStream(),
    host: { onData, onEnd() {}, longestInLane: 100 },
    late: undefined,
    target: { sink },
    longestBytes: LONGEST_BYTES,
  });
}

const RUNNING = { isPaused: false } as const;

it('tells the sink that a message has begun, once, and of none that is whole', () => {
  const calls: unknown[] = [];
  const sink = { receive: (data: unknown) => void calls.push(data), begin: () => void calls.push('begin') };
  const lane = laneTo(sink, () => {});
  const cut = textFrame('cut');
  lane.walk(Buffer.concat([textFrame('whole'), cut.subarray(0, 7)]), RUNNING);
  expect([calls, lane.unfinished]).toEqual([['whole', 'begin'], 1]);
  lane.walk(cut.subarray(7, 8), RUNNING);
  expect(calls).toEqual(['whole', 'begin']);
});

interface Passed {
  /** Messages that took the lane. */
  readonly past: readonly unknown[];
  /** The bytes that `ws` got. */
  readonly through: Buffer;
}

/** Passes chunks through a lane whose `ws` delivers a message once it has got all of `delivered`. */
function pass(delivered: Buffer | undefined, ...chunks: readonly Buffer[]): Passed {
  const past: unknown[] = [];
  const through: Buffer[] = [];
  const receive = (data: unknown, bytes: number): void => void past.push([data, bytes]);
  const lane = laneTo({ receive, begin() {} }, (bytes) => {
    through.push(Buffer.from(bytes));
    if (delivered !== undefined && Buffer.concat(through).equals(delivered)) lane.messageDelivered();
  });
  for (const chunk of chunks) expect(lane.walk(Buffer.from(chunk), RUNNING)).toBe(chunk.length);
  return { past, through: Buffer.concat(through) };
}

describe('the receive lane takes', () => {
  const long = 'x'.repeat(LONGEST_BYTES);

  it.each([
    ['text', textFrame('ascii'), ['ascii', 5]],
    ['empty text', textFrame(''), ['', 0]],
    ['text beyond ASCII', textFrame('é€😀'), ['é€😀', 9]],
    ['text that begins with a byte order mark', textFrame('\u{feff}a'), ['\u{feff}a', 4]],
    ['the longest text', textFrame(long), [long, LONGEST_BYTES]],
    ['binary', binaryFrame(Buffer.of(0, 255)), [Buffer.of(0, 255), 2]],
    ['empty binary', binaryFrame(Buffer.alloc(0)), [Buffer.alloc(0), 0]],
    ['a mask of zeros', frame({ opcode: OPCODE.text, payload: 'a', mask: Buffer.alloc(4) }), ['a', 1]],
    [
      'a length in more bits than it needs',
      frame({ opcode: OPCODE.text, payload: 'a', lengthBits: 64 }),
      ['a', 1],
    ],
  ])('%s', (_, bytes, message) => {
    expect(pass(undefined, bytes, bytes)).toEqual({ past: [message, message], through: Buffer.alloc(0) });
  });

  it('an empty binary message without its chunk', () => {
    const { past } = pass(undefined, binaryFrame(Buffer.alloc(0)));
    expect((past as [[Buffer]])[0][0].buffer.byteLength).toBe(0);
  });
});

describe('the receive lane gives `ws`', () => {
  it.each([
    ['a control frame', PING],
    ['a close frame', closeFrame(1000)],
    ['a fragment', frame({ opcode: OPCODE.text, payload: 'a', fin: false })],
    ['a continuation', frame({ opcode: OPCODE.continuation, payload: 'a' })],
    ['a message that is too long', textFrame('x'.repeat(LONGEST_BYTES + 1))],
    ['text that is not UTF-8', frame({ opcode: OPCODE.text, payload: Buffer.from('a€').subarray(0, 3) })],
    ['a frame that is not masked', frame({ opcode: OPCODE.text, payload: 'a', mask: false })],
    ['reserved bits', frame({ opcode: OPCODE.text, payload: 'a', rsv: RSV1 })],
    ['a reserved opcode', frame({ opcode: 3, payload: 'a' })],
    ['half of a frame', textFrame('cut').subarray(0, 7)],
    ['half of a header', textFrame('cut').subarray(0, 3)],
    ['half of a longer header', textFrame('x'.repeat(126)).subarray(0, 3)],
    ['half of the longest header', textFrame('x'.repeat(65_536)).subarray(0, 9)],
    ['the first byte of a frame', textFrame('cut').subarray(0, 1)],
  ])('%s, behind what has taken the lane', (_, bytes) => {
    const { past, through } = pass(undefined, Buffer.concat([textFrame('before'), bytes]));
    // What is kept of a frame that is not whole goes to `ws` with the rest of it.
    const same = bytes.subarray(0, through.length);
    expect([past, unmasked(same)]).toEqual([[['before', 6]], unmasked(through)]);
    expect(through.length).toBeGreaterThan(0);
  });

  it('all that follows, until it has delivered a message', () => {
    const begun = frame({ opcode: OPCODE.text, payload: 'o', fin: false });
    const delivered = Buffer.concat([begun, frame({ opcode: OPCODE.continuation, payload: 'ne' })]);
    const bytes = Buffer.concat([delivered, textFrame('two'), textFrame('three')]);
    const passed = pass(delivered, bytes, textFrame('four'));
    expect(passed).toEqual({
      past: [
        ['two', 3],
        ['three', 5],
        ['four', 4],
      ],
      through: delivered,
    });
  });

  it('a ping and a pong that keep the rules, and nothing of what follows', () => {
    const controls = Buffer.concat([PING, frame({ opcode: OPCODE.pong, payload: 'x'.repeat(125) })]);
    expect(pass(undefined, Buffer.concat([controls, textFrame('one')]), textFrame('two'))).toEqual({
      past: [
        ['one', 3],
        ['two', 3],
      ],
      through: controls,
    });
  });

  it.each([
    ['of 126 bytes', frame({ opcode: OPCODE.ping, payload: 'x'.repeat(126) })],
    ['that is a fragment', frame({ opcode: OPCODE.ping, payload: 'p', fin: false })],
    ['that is not masked', frame({ opcode: OPCODE.pong, payload: 'p', mask: false })],
    ['whose length takes 16 bits', frame({ opcode: OPCODE.ping, payload: 'p', lengthBits: 16 })],
    ['whose length takes 64 bits', frame({ opcode: OPCODE.pong, payload: 'p', lengthBits: 64 })],
  ])('what follows a control frame %s, too', (_, control) => {
    const bytes = Buffer.concat([control, textFrame('one')]);
    const { past, through } = pass(undefined, bytes);
    expect([past, unmasked(through)]).toEqual([[], unmasked(bytes)]);
  });

  it('all that follows for good, where it delivers none', () => {
    const bytes = Buffer.concat([frame({ opcode: 3 }), textFrame('one'), textFrame('two')]);
    expect(pass(undefined, bytes, textFrame('three'))).toEqual({
      past: [],
      through: Buffer.concat([bytes, textFrame('three')]),
    });
  });
});
