// What `ws` sends by itself, beside what was sent in the same turn.

import { describe, expect, it } from 'vitest';
import { settle } from 'corosock/testing';
import { closeFrame, frame, OPCODE, parseFrame, textFrame } from '../peers/frames.ts';
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
    end.onHeard = ({ kind }) => {
      if (kind === 'message') end.send('answer');
    };
    stream.push(Buffer.concat([textFrame('question'), received]));
    await settle();
    expect(opcodesOf(stream.writes)).toEqual([OPCODE.text, opcode]);
  });

  it('sends control frames where nothing was sent', async () => {
    const { stream, transport } = acceptScripted();
    openEnd(transport);
    stream.push(Buffer.concat([frame({ opcode: OPCODE.ping }), closeFrame(4000)]));
    await settle();
    expect(opcodesOf(stream.writes)).toEqual([OPCODE.pong, OPCODE.close]);
  });

  it('sends a pong between what was sent before it and after it', async () => {
    const { stream, transport } = acceptScripted();
    const end = openEnd(transport);
    end.onHeard = ({ kind }) => {
      if (kind === 'message') end.send(Buffer.from('answer'));
    };
    stream.push(Buffer.concat([textFrame('1'), frame({ opcode: OPCODE.ping }), textFrame('2')]));
    await settle();
    expect(opcodesOf(stream.writes)).toEqual([OPCODE.binary, OPCODE.pong, OPCODE.binary]);
  });
});
