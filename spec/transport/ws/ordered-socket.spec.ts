// What `ws` sends by itself: its place among the messages of the same turn, and how many pongs.

import { describe, expect, it } from 'vitest';
import { settle } from 'corosock/testing';
import { closeFrame, frame, OPCODE, parseFrame, textFrame } from '../../peers/frames.ts';
import type { Scripted } from './scripted-stream.ts';
import { acceptScripted } from './scripted-stream.ts';
import { openEnd } from './ws-pair.ts';

/** The opcodes of all that was written behind the 101. */
function opcodesOf(writes: readonly Buffer[]): readonly number[] {
  const opcodes: number[] = [];
  let rest = Buffer.concat(writes.slice(1));
  for (let parsed = parseFrame(rest); parsed !== undefined; parsed = parseFrame(rest)) {
    opcodes.push(parsed.frame.opcode);
    rest = rest.subarray(parsed.size);
  }
  return opcodes;
}

describe('WsOrderedSocket', () => {
  it.each([
    ['the answer to a ping', frame({ opcode: OPCODE.ping, payload: 'x' }), OPCODE.pong],
    ['the answer to a close frame', closeFrame(4000), OPCODE.close],
    ['the close frame for a broken rule', frame({ opcode: 0x3 }), OPCODE.close],
  ])('sends %s behind what was sent before it in the same turn', async (_, received, opcode) => {
    const { stream, transport } = acceptScripted();
    const end = openEnd(transport);
    end.onCall = ({ kind }) => {
      if (kind === 'message') end.send('answer');
    };
    stream.push(Buffer.concat([textFrame('question'), received]));
    await settle();
    expect(opcodesOf(stream.writes)).toEqual([OPCODE.text, opcode]);
  });

  it.each([
    ['a ping', 'ping', OPCODE.ping],
    ['an unsolicited pong', 'pong', OPCODE.pong],
  ] as const)('sends %s between what was sent before it and after it', async (_, call, opcode) => {
    const { stream, transport } = acceptScripted();
    const end = openEnd(transport);
    end.send('before');
    end[call]();
    end.send('after');
    await settle();
    expect(opcodesOf(stream.writes)).toEqual([OPCODE.text, opcode, OPCODE.text]);
  });

  it('sends control frames also if no message was sent', async () => {
    const { stream, transport } = acceptScripted();
    openEnd(transport);
    stream.push(Buffer.concat([frame({ opcode: OPCODE.ping }), closeFrame(4000)]));
    await settle();
    expect(opcodesOf(stream.writes)).toEqual([OPCODE.pong, OPCODE.close]);
  });

  it('sends a pong from memory of its own: a peer that does not read would pin the chunk of its ping', async () => {
    const { stream, transport } = acceptScripted();
    openEnd(transport);
    // Not a part of the pool, from which `ws` takes its headers.
    const chunk = Buffer.alloc(12, frame({ opcode: OPCODE.ping, payload: 'abcdef' }));
    stream.push(chunk);
    await settle();
    const buffers = stream.chunks.map((part) => (typeof part === 'string' ? undefined : part.buffer));
    expect(buffers).not.toContain(chunk.buffer);
    expect(String(stream.writes.at(-1)?.subarray(2))).toBe('abcdef');
  });

  it('sends a pong between what was sent before it and after it', async () => {
    const { stream, transport } = acceptScripted();
    const end = openEnd(transport);
    end.onCall = ({ kind }) => {
      if (kind === 'message') end.send(Buffer.from('answer'));
    };
    stream.push(Buffer.concat([textFrame('1'), frame({ opcode: OPCODE.ping }), textFrame('2')]));
    await settle();
    expect(opcodesOf(stream.writes)).toEqual([OPCODE.binary, OPCODE.pong, OPCODE.binary]);
  });
});

describe('WsOrderedSocket, when it receives many pings,', () => {
  const MOST = 256;
  const pings = (count: number): Buffer =>
    Buffer.concat(
      Array.from({ length: count }, (_, n) => frame({ opcode: OPCODE.ping, payload: `${n + 1}` })),
    );

  /** The payloads of all that was written behind the 101. */
  function payloadsOf({ writes }: Scripted): readonly string[] {
    const payloads: string[] = [];
    let rest = Buffer.concat(writes.slice(1));
    for (let parsed = parseFrame(rest); parsed !== undefined; parsed = parseFrame(rest)) {
      payloads.push(String(parsed.frame.payload));
      rest = rest.subarray(parsed.size);
    }
    return payloads;
  }

  it('answers each of 256', async () => {
    const { stream, transport } = acceptScripted();
    openEnd(transport);
    stream.push(pings(MOST));
    await settle();
    expect(payloadsOf(stream)).toEqual(Array.from({ length: MOST }, (_, n) => `${n + 1}`));
  });

  it('answers the last of more than 256 in one chunk (RFC 6455 §5.5.3)', async () => {
    const { stream, transport } = acceptScripted();
    openEnd(transport);
    stream.push(pings(5000));
    await settle();
    expect(payloadsOf(stream).slice(MOST)).toEqual(['5000']);
  });

  it('ends with 1008 when more than 256 pongs are not flushed', async () => {
    const { stream, transport } = acceptScripted();
    const end = openEnd(transport);
    stream.hold();
    stream.push(pings(MOST));
    await settle();
    expect(end.calls).toEqual([]);
    stream.push(pings(1));
    expect(await end.untilEnd()).toMatchObject({
      code: 1008,
      clean: false,
      by: 'limit',
      cause: { message: 'The peer asked for pongs, and has not read more than 256 of them' },
    });
  });

  it('answers none once it has closed', async () => {
    const { stream, transport } = acceptScripted();
    const end = openEnd(transport);
    stream.push(Buffer.concat([pings(MOST + 1), closeFrame(4000)]));
    await settle();
    expect([opcodesOf(stream.writes).length, end.ping()]).toEqual([MOST + 1, false]);
  });
});
