// Random bytes of a client, kept rules and broken ones: what `mutatedFrames` gives, and frames whose
// lengths, masks and texts are at the borders of what takes the receive lane.

import { frame, OPCODE } from '../../peers/frames.ts';
import type { FrameParts } from '../../peers/frames.ts';
import { mutatedFrames } from '../../fuzz/mutated-frames.ts';
import type { SeededRandom } from '../../fuzz/seeded.ts';

/** The longest message that is let in. */
export const MAX_MESSAGE_BYTES = 500;
/** Most fragments of a message. */
export const MAX_FRAGMENTS = 4;

const LENGTHS = [0, 1, 2, 3, 4, 5, 15, 16, 124, 125, 126, 127, 128, 129, 200, 499, 500, 501] as const;
const TEXTS = ['é', '€', '😀', '\u{feff}bom', 'ascii', '\x7f', '\0'] as const;
/** No UTF-8: cut, overlong, a surrogate, beyond the last code point. */
const NO_TEXTS = ['c3', 'e282', 'c0af', 'eda080', 'f4908080', '80', 'ff'] as const;

/** Makes the bytes of one client. */
export function randomFrames(random: SeededRandom): Buffer {
  if (random.isLikely(0.3)) return mutatedFrames(random);
  return Buffer.concat(Array.from({ length: random.between(1, 12) }, () => anyFrames(random)));
}

function anyFrames(random: SeededRandom): Buffer {
  const dice = random.below(100);
  if (dice < 70) return frame(whole(random));
  if (dice < 80) return Buffer.concat(fragments(random));
  if (dice < 90) return frame(control(random));
  if (dice < 97) return frame({ ...whole(random), ...breach(random) });
  return random.bytes(random.between(1, 20));
}

function whole(random: SeededRandom): FrameParts {
  const mask = random.isLikely(0.1) ? Buffer.alloc(4) : random.bytes(4);
  const opcode = random.pick([OPCODE.text, OPCODE.binary]);
  const payload = opcode === OPCODE.text ? text(random) : random.bytes(random.pick(LENGTHS));
  return { opcode, mask, payload, ...longer(random, payload.length) };
}

function text(random: SeededRandom): Buffer {
  const ascii = 'x'.repeat(random.pick(LENGTHS));
  if (random.isLikely(0.6)) return Buffer.from(ascii);
  const inside = random.isLikely(0.9)
    ? Buffer.from(random.pick(TEXTS))
    : Buffer.from(random.pick(NO_TEXTS), 'hex');
  const at = random.below(ascii.length + 1);
  return Buffer.concat([Buffer.from(ascii.slice(0, at)), inside, Buffer.from(ascii.slice(at))]);
}

/** A length may be written in more bits than it needs: `ws` takes that. */
function longer(random: SeededRandom, bytes: number): Pick<FrameParts, 'lengthBits'> {
  if (random.isLikely(0.9)) return {};
  return { lengthBits: bytes < 126 ? random.pick([16, 64] as const) : 64 };
}

function fragments(random: SeededRandom): readonly Buffer[] {
  const { opcode, payload = '' } = whole(random);
  const bytes = Buffer.from(payload);
  const count = random.between(1, MAX_FRAGMENTS + 1);
  const places = Array.from({ length: count - 1 }, () => random.below(bytes.length + 1)).toSorted(
    (a, b) => a - b,
  );
  return [...places, bytes.length].flatMap((to, index) => {
    const part = frame({
      opcode: index === 0 ? opcode : OPCODE.continuation,
      fin: index === places.length,
      mask: random.bytes(4),
      payload: bytes.subarray(places[index - 1] ?? 0, to),
    });
    return random.isLikely(0.3) ? [part, frame(control(random))] : [part];
  });
}

function control(random: SeededRandom): FrameParts {
  const opcode = random.isLikely(0.1) ? OPCODE.close : random.pick([OPCODE.ping, OPCODE.pong]);
  const isOdd = random.isLikely(0.1);
  const code = random.pick([1000, 1001, 4000, 999, 1005]);
  const reason = isOdd ? Buffer.from('ff', 'hex') : Buffer.from('bye');
  const payload =
    opcode === OPCODE.close ? Buffer.concat([Buffer.of(code >> 8, code & 0xff), reason]) : random.bytes(4);
  const length = random.isLikely(0.05) ? { lengthBits: random.pick([16, 64] as const) } : {};
  return { opcode, mask: random.bytes(4), payload, fin: !isOdd || random.isLikely(0.5), ...length };
}

function breach(random: SeededRandom): Partial<FrameParts> {
  return random.pick<Partial<FrameParts>>([
    { mask: false },
    { rsv: random.between(1, 7) },
    { opcode: random.pick([0, 3, 7, 11, 15]) },
    { announcedBytes: 2n ** 53n, lengthBits: 64 },
    { announcedBytes: 70_000, lengthBits: 64 },
    { opcode: OPCODE.ping, payload: Buffer.alloc(126), lengthBits: 16 },
    { fin: false },
  ]);
}
