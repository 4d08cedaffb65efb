// Bytes that state a false size, and bytes whose memory changes or goes away (W8): what leaves is
// what the view really covers, and never memory of another socket (spec/faults/README.md, W13).

import { serve } from 'corosock';
import type { Data } from 'corosock';
import { connect } from 'corosock/client';
import { fakeSocket } from 'corosock/testing';
import { describe, expect, it } from 'vitest';
import { openRaw } from '../peers/raw-client.ts';

const FALSE_BYTES = 60_000;

class Boasting extends Uint8Array {
  override get byteLength(): number {
    return FALSE_BYTES;
  }
  override get length(): number {
    return FALSE_BYTES;
  }
  override get byteOffset(): number {
    return 0;
  }
  static get [Symbol.species](): Uint8ArrayConstructor {
    return Uint8Array;
  }
}

function withProperties(bytes: Uint8Array): Uint8Array {
  for (const name of ['byteLength', 'length']) Object.defineProperty(bytes, name, { value: FALSE_BYTES });
  return Object.defineProperty(bytes, 'buffer', { value: new ArrayBuffer(FALSE_BYTES) });
}

const kinds = [
  ['a subclass', (size: number) => new Boasting(new ArrayBuffer(size))],
  ['own properties', (size: number) => withProperties(new Uint8Array(size))],
  ['own properties of a Buffer', (size: number) => withProperties(Buffer.alloc(size))],
  ['shared memory', (size: number) => new Uint8Array(new SharedArrayBuffer(size))],
  ['memory that can be resized', (size: number) => new Uint8Array(resizable(size))],
] as const;

function resizable(size: number): ArrayBuffer {
  const Resizable = ArrayBuffer as unknown as new (bytes: number, options: object) => ArrayBuffer;
  return new Resizable(size, { maxByteLength: 2 * size });
}

/** In a batch of short frames, as a frame of its own, and in fragments. */
const sizes = [8, 5000] as const;

describe('W13: bytes of a false size', () => {
  it.each(kinds)('leave a port as what they cover: %s', async (_, make) => {
    await using host = await serve(async (ws) => {
      await ws.write('secret of another message'.repeat(20));
      for (const size of sizes) await ws.write(make(size));
      await ws.write([make(8), make(5000)]);
      await ws.write('behind');
      await ws.closed;
    });
    using client = await openRaw(host.port);
    await client.nextFrame();
    const frames = [];
    for (
      let frame = await client.nextFrame();
      String(frame.payload) !== 'behind';
      frame = await client.nextFrame()
    )
      frames.push(frame.payload);
    const [short, long, ...fragments] = frames;
    expect([short, long].map((payload) => payload?.length)).toEqual([8, 5000]);
    expect(Buffer.concat(frames).every((byte) => byte === 0)).toBe(true);
    expect(Buffer.concat(fragments).length).toBe(5008);
  });

  it.each(kinds)('leave a client as what they cover: %s', async (_, make) => {
    const received: Data[] = [];
    await using host = await serve(async (ws) => {
      for await (const data of ws) received.push(data);
    });
    {
      await using ws = await connect(host.url);
      for (const size of sizes) await ws.write(make(size));
      await ws.write([make(8), make(5000)]);
      await ws.writable.getWriter().write(make(9));
    }
    await host.close();
    expect(received.map(({ length }) => length)).toEqual([8, 5000, 5008, 9]);
    expect(received.every((data) => typeof data !== 'string' && data.every((byte) => byte === 0))).toBe(true);
  });

  it.each(kinds)('leave a link in memory as what they cover: %s', async (_, make) => {
    const { ws, client } = fakeSocket();
    await ws.write(make(8));
    await ws.write([make(8), make(9)]);
    expect([await client.read(), await client.read()]).toEqual([
      [Buffer.alloc(8), 'ok'],
      [Buffer.alloc(17), 'ok'],
    ]);
  });
});

function transferred(): Uint8Array {
  const bytes = new Uint8Array(8);
  structuredClone(bytes.buffer, { transfer: [bytes.buffer] });
  return bytes;
}

describe('W13: what only looks like bytes', () => {
  it.each([
    ['an object that inherits from Uint8Array', () => Object.create(Uint8Array.prototype) as Uint8Array],
    ['a proxy of bytes', () => new Proxy(new Uint8Array(4), {})],
    ['bytes that were transferred', transferred],
  ] as const)('is refused: %s', async (_, make) => {
    const { ws, client } = fakeSocket();
    const refusal = { code: 'COROSOCK_ARGUMENT' };
    await expect(ws.write(make() as Data)).rejects.toMatchObject(refusal);
    await expect(ws.write([make() as Data])).rejects.toMatchObject(refusal);
    await ws.write('next');
    expect(await client.read()).toEqual(['next', 'ok']);
  });

  it('is empty where bytes are transferred while they wait, and the process lives', async () => {
    let write: Promise<string> | undefined;
    await using host = await serve(
      async (ws) => {
        void ws.write('x'.repeat(1000));
        const bytes = new Uint8Array(8);
        write = ws.write(bytes);
        structuredClone(bytes.buffer, { transfer: [bytes.buffer] });
        await ws.write('behind');
        await ws.closed;
      },
      { writeBufferBytes: 1 },
    );
    using client = await openRaw(host.port);
    const payloads = [await client.nextFrame(), await client.nextFrame(), await client.nextFrame()];
    expect(payloads.map(({ payload }) => payload.length)).toEqual([1000, 0, 6]);
    expect(await write).toBe('ok');
  });
});
