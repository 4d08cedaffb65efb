// The behaviour suite, laws: whatever is written, however it is cut, and whoever closes, each end
// reads what the other has written, in order. fast-check prints the seed of a failure.

import type { Data, HostOptions, Socket } from 'corosock';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Road } from './road.ts';
import { visit, writeAll } from './scenes.ts';

/** One conversation: what each side writes, and how it reads. */
interface Plan {
  readonly up: readonly Data[];
  readonly down: readonly Data[];
  /** Lengths of reads, used in turn; 0 reads the whole message. */
  readonly lengths: readonly number[];
  readonly closer: 'client' | 'server';
  readonly code: number;
  readonly options: HostOptions;
}

const size = fc.oneof(
  { weight: 4, arbitrary: fc.nat(200) },
  { weight: 1, arbitrary: fc.constantFrom(65_535, 65_536, 100_000) },
);
const text = fc
  .tuple(size, fc.constantFrom('x', '\u00e9', '\u20ac', '\u{1f600}', '\0'))
  .map(([length, character]) => character.repeat(length / character.length));
const bytes = size.map((length): Data => Buffer.alloc(length, length & 0xff));
const messages = fc.array(fc.oneof(text, bytes), { maxLength: 60 });
const plan: fc.Arbitrary<Plan> = fc.record({
  up: messages,
  down: messages,
  lengths: fc.array(fc.oneof(fc.constant(0), fc.integer({ min: 1, max: 70_000 })), {
    minLength: 1,
    maxLength: 5,
  }),
  closer: fc.constantFrom('client', 'server'),
  code: fc.constantFrom(1000, 1001, 3000, 4999),
  options: fc.record({
    queueMessages: fc.constantFrom(1, 2, 64),
    queueBytes: fc.constantFrom(1, 1000, 1_048_576),
    writeBufferBytes: fc.constantFrom(1, 65_536),
    compression: fc.boolean(),
  }),
});

/** Reads so many messages in pieces of the lengths given, and puts each together again. */
async function readPieces(
  socket: Socket,
  count: number,
  lengths: readonly number[],
): Promise<readonly string[]> {
  const read: string[] = [];
  for (let reads = 0; read.length < count;) {
    const pieces: Data[] = [];
    do {
      const len = lengths[(reads += 1) % lengths.length] ?? 0;
      const [data, status] = len === 0 ? await socket.readMessage() : await socket.read(len);
      if (status !== 'ok') return read;
      pieces.push(data);
    } while (!socket.atEnd);
    read.push(described(pieces));
  }
  return read;
}

/** Kind, bytes and beginning of a message: what a failure shows. */
function described(pieces: readonly Data[]): string {
  const whole = Buffer.concat(pieces.map((piece) => Buffer.from(piece as Uint8Array)));
  return `${typeof pieces[0] === 'string' ? 'text' : 'bytes'} ${whole.length} ${whole.toString('hex', 0, 8)}`;
}

export function laws(road: Road): void {
  describe('each end', () => {
    it('reads what the other has written, in order, and both tell of the same end', async () => {
      const law = fc.asyncProperty(plan, async ({ up, down, lengths, closer, code, options }) => {
        await using v = await visit(road, options, options);
        const written = Promise.all([writeAll(v.client, up), writeAll(v.ws, down)]);
        const read = await Promise.all([
          readPieces(v.ws, up.length, lengths),
          readPieces(v.client, down.length, lengths),
        ]);
        expect(read).toEqual([up, down].map((all) => all.map((data) => described([data]))));
        expect(await written).toEqual(['ok', 'ok']);
        await (closer === 'client' ? v.client.close(code) : v.ws.endServer(code));
        const ends = await Promise.all([v.client.closed, v.ws.closed]);
        const bys = closer === 'client' ? ['local', 'peer'] : ['peer', 'local'];
        expect(ends).toEqual(bys.map((by) => ({ code, reason: '', clean: true, by, unread: 0 })));
      });
      await fc.assert(law, { numRuns: 25 });
    });
  });
}
