// What an attacked socket holds (spec/faults/README.md, F20, F22, F25, B3, B6): a server in a process
// of its own, whose handlers read nothing, and the memory that it holds after each attack.

import { createInterface } from 'node:readline';
import { deflateRawSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { buildPackage } from '../fixtures/built-package.ts';
import type { BuiltPackage, ScriptRun } from '../fixtures/built-package.ts';
import { binaryFrame, frame, OPCODE, RSV1, textFrame } from '../peers/frames.ts';
import { openRaw } from '../peers/raw-client.ts';
import type { RawClient } from '../peers/raw-client.ts';

const MIB = 1_048_576;
const SOCKETS = 3;
const MAX_HELD_BYTES = 4 * MIB;

/** Fills most of a chunk, and is ignored. */
const pongs = Buffer.alloc(
  60_000,
  frame({ opcode: OPCODE.pong, mask: Buffer.alloc(4), payload: Buffer.alloc(119) }),
);
const opening = frame({ opcode: OPCODE.binary, fin: false, payload: 'x' });
const continuation = (payload: string | Uint8Array): Buffer =>
  frame({ opcode: OPCODE.continuation, fin: false, payload });
const bomb = deflateRawSync(Buffer.alloc(MIB), { finishFlush: 2 }).subarray(0, -4);

function repeated(count: number, bytes: Buffer): Buffer {
  return Buffer.alloc(count * bytes.length, bytes);
}

const attacks: ReadonlyArray<readonly [name: string, attack: (client: RawClient) => Promise<void>]> = [
  [
    'B3: text of two bytes a unit, and a message in fragments behind it',
    async (client) => {
      await client.send(textFrame(`€${'x'.repeat(MIB - 4)}`));
      await client.send(Buffer.concat([opening, repeated(15_000, continuation('x'))]));
      await client.send(continuation(Buffer.alloc(1_000_000)));
    },
  ],
  [
    'B6: a message in pieces of one byte',
    async (client) => {
      await client.send(frame({ opcode: OPCODE.binary, announcedBytes: MIB }));
      await client.send(Buffer.alloc(3000), 1);
    },
  ],
  [
    'F20: 16,000 fragments of one byte',
    (client) => client.send(Buffer.concat([opening, repeated(16_000, continuation('x'))])),
  ],
  [
    'F20: fragments of one byte, each in a chunk full of pongs',
    async (client) => {
      await client.send(opening);
      for (let i = 0; i < 150; i += 1) await client.send(Buffer.concat([continuation('x'), pongs]));
    },
  ],
  [
    'F20: fragments of 4 KiB, each in a chunk full of pongs',
    async (client) => {
      await client.send(opening);
      for (let i = 0; i < 150; i += 1)
        await client.send(Buffer.concat([continuation(Buffer.alloc(4000)), pongs]));
    },
  ],
  [
    'F25: pings, each in a chunk full of pongs, of a peer that does not read',
    async (client) => {
      client.pause();
      for (let i = 0; i < 100; i += 1) {
        await client.send(Buffer.concat([frame({ opcode: OPCODE.ping, payload: Buffer.alloc(125) }), pongs]));
      }
    },
  ],
  [
    'F22: deflate bombs in one chunk',
    (client) => client.send(repeated(60, frame({ opcode: OPCODE.binary, rsv: RSV1, payload: bomb }))),
  ],
  [
    'B3: messages of 5 KiB, each in a chunk full of pongs',
    async (client) => {
      for (let i = 0; i < 60; i += 1)
        await client.send(Buffer.concat([binaryFrame(Buffer.alloc(5000)), pongs]));
    },
  ],
];

/** Attacks that fill the queue: the operating system takes all of it, though the server reads no more. */
const floods: typeof attacks = [
  ['B1: 10,000 empty messages', (client) => client.send(repeated(10_000, binaryFrame(Buffer.alloc(0))))],
  ['B3: 300 messages of 1 KiB', (client) => client.send(repeated(300, binaryFrame(Buffer.alloc(1024))))],
];

/** A server in a process of its own: what an attack leaves behind would count in the next one. */
class AttackedServer {
  readonly #server: ScriptRun;
  readonly #lines: AsyncIterator<string>;

  constructor(built: BuiltPackage) {
    this.#server = built.run('attacked.js');
    this.#lines = createInterface(this.#server.child.stdout)[Symbol.asyncIterator]();
  }

  async port(): Promise<number> {
    return Number(await this.#line());
  }

  async heldBytes(): Promise<number> {
    this.#server.child.stdin.write('\n');
    return (JSON.parse(await this.#line()) as { readonly held: number }).held;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#server.child.kill();
    await this.#server.end;
  }

  async #line(): Promise<string> {
    const { value } = (await this.#lines.next()) as { readonly value: string };
    return value;
  }
}

let built: BuiltPackage;

beforeAll(async () => {
  built = await buildPackage();
}, 60_000);

afterAll(() => built[Symbol.asyncDispose]());

function connectRaw(port: number): Promise<RawClient> {
  return openRaw(port, { headers: { 'Sec-WebSocket-Extensions': 'permessage-deflate' } });
}

describe('an attacked socket holds at most 4 MiB:', () => {
  it.each([...attacks, ...floods])('%s', { timeout: 60_000 }, async (_, attack) => {
    await using server = new AttackedServer(built);
    const port = await server.port();
    const clients = await Promise.all(Array.from({ length: SOCKETS }, () => connectRaw(port)));
    const before = await server.heldBytes();
    await Promise.all(clients.map(attack));
    const held = (await server.heldBytes()) - before;
    for (const client of clients) client[Symbol.dispose]();
    expect(held / SOCKETS).toBeLessThan(MAX_HELD_BYTES);
  });
});
