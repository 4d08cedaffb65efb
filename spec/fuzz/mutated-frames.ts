// Bytes of a client: some well-formed frames, and what a random mutation makes of them.

import type { SeededRandom } from './seeded.ts';
import { closeFrame, frame, OPCODE } from '../peers/frames.ts';

const WORDS = ['', 'a', 'hello', 'ü€😀', '\0', 'x'.repeat(125), 'y'.repeat(126), 'z'.repeat(300)] as const;
/** Values at which a field of a header changes its meaning. */
const BORDERS = [0x00, 0x7d, 0x7e, 0x7f, 0x80, 0x81, 0x82, 0x88, 0x89, 0x8a, 0xfd, 0xfe, 0xff] as const;

/** Makes the frames of one client, and mutates them; one script in ten stays as it is. */
export function mutatedFrames(random: SeededRandom): Buffer {
  const frames = Array.from({ length: random.between(1, 6) }, () => anyFrames(random)).flat();
  if (random.isLikely(0.4)) frames.push(anyClose(random));
  if (random.isLikely(0.1)) return Buffer.concat(frames);
  return random.pick(MUTATIONS)(random, frames);
}

/** Makes a message in one frame or in several, a ping, or a pong. */
function anyFrames(random: SeededRandom): readonly Buffer[] {
  const opcode = random.pick([OPCODE.text, OPCODE.binary]);
  const payload = opcode === OPCODE.text ? Buffer.from(random.pick(WORDS)) : random.bytes(random.below(300));
  if (random.isLikely(0.2)) return [control(random, OPCODE.ping)];
  if (random.isLikely(0.1)) return [control(random, OPCODE.pong)];
  if (random.isLikely(0.6)) return [masked(random, { opcode, payload })];
  const cut = random.below(payload.length + 1);
  const first = masked(random, { opcode, payload: payload.subarray(0, cut), fin: false });
  const last = masked(random, { opcode: OPCODE.continuation, payload: payload.subarray(cut) });
  return random.isLikely(0.5) ? [first, control(random, OPCODE.ping), last] : [first, last];
}

function control(random: SeededRandom, opcode: number): Buffer {
  return masked(random, { opcode, payload: random.bytes(random.below(10)) });
}

function masked(random: SeededRandom, parts: Parameters<typeof frame>[0]): Buffer {
  return frame({ ...parts, mask: random.bytes(4) });
}

function anyClose(random: SeededRandom): Buffer {
  if (random.isLikely(0.2)) return frame({ opcode: OPCODE.close });
  const code = random.pick([1000, 1001, 1008, 1011, 3000, 4999, 999, 1004, 1005, 1006, 1015, 2000, 5000]);
  return closeFrame(code, random.isLikely(0.8) ? 'bye' : random.bytes(3));
}

type Mutation = (random: SeededRandom, frames: readonly Buffer[]) => Buffer;

/** A mutation of the bytes, wherever frames begin. */
function onBytes(mutate: (random: SeededRandom, bytes: Buffer) => Buffer): Mutation {
  return (random, frames) => mutate(random, Buffer.concat(frames));
}

function replaced(bytes: Buffer, from: number, to: number, by: Uint8Array): Buffer {
  return Buffer.concat([bytes.subarray(0, from), by, bytes.subarray(to)]);
}

const MUTATIONS: readonly Mutation[] = [
  onBytes(flipBit),
  onBytes(setBorder),
  onBytes(cutOut),
  onBytes(insertNoise),
  onBytes(repeatPart),
  onBytes((random, bytes) => bytes.subarray(0, random.below(bytes.length))),
  (random, frames) => Buffer.concat(frames.toSorted(() => random.next() - 0.5)),
  changeHeader,
];

function flipBit(random: SeededRandom, bytes: Buffer): Buffer {
  const at = random.below(bytes.length);
  return replaced(bytes, at, at + 1, Buffer.of((bytes[at] as number) ^ (1 << random.below(8))));
}

function setBorder(random: SeededRandom, bytes: Buffer): Buffer {
  const at = random.below(bytes.length);
  return replaced(bytes, at, at + 1, Buffer.of(random.pick(BORDERS)));
}

function cutOut(random: SeededRandom, bytes: Buffer): Buffer {
  const from = random.below(bytes.length);
  return replaced(bytes, from, from + random.between(1, 8), Buffer.alloc(0));
}

function insertNoise(random: SeededRandom, bytes: Buffer): Buffer {
  const at = random.below(bytes.length + 1);
  return replaced(bytes, at, at, random.bytes(random.between(1, 16)));
}

function repeatPart(random: SeededRandom, bytes: Buffer): Buffer {
  const from = random.below(bytes.length);
  const to = from + random.between(1, 40);
  return replaced(bytes, from, from, bytes.subarray(from, to));
}

/** Changes the first two bytes of one frame: flags, opcode, mask bit, length. */
function changeHeader(random: SeededRandom, frames: readonly Buffer[]): Buffer {
  const chosen = random.below(frames.length);
  const changed = frames.map((bytes, index) =>
    index === chosen ? setBorderAt(random, bytes, random.below(2)) : bytes,
  );
  return Buffer.concat(changed);
}

function setBorderAt(random: SeededRandom, bytes: Buffer, at: number): Buffer {
  return replaced(
    bytes,
    at,
    at + 1,
    Buffer.of(random.isLikely(0.5) ? random.pick(BORDERS) : random.below(256)),
  );
}
