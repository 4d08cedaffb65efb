// Our own frames among those of `ws`, for any messages and any stream below: in order, whole, and
// counted to the byte. Sockets that end meanwhile are in spec/faults/coalescing.spec.ts.

import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { settle, transportContract } from 'corosock/testing';
import { turn } from '../../time/hand-clock.ts';
import { frame, OPCODE, parseFrame } from '../../peers/frames.ts';
import type { ServerFrame } from '../../peers/frames.ts';
import { acceptScripted, ScriptedStream, ScriptedTcp } from './scripted-stream.ts';
import type { Scripted } from './scripted-stream.ts';
import { wsPairOver } from './ws-beneath.ts';
import { openEnd } from './ws-pair.ts';
import type { SharedMessage } from '../../../src/transport/transport.ts';
import type { Data } from '../../../src/core/data.ts';

describe.each([
  ['TLS', 'client'],
  ['a plain stream', 'client'],
] as const)('WsTransport over %s, from the %s, keeps the promise', (beneath, near) => {
  it.each(transportContract)('$name', async ({ run }) => {
    await expect(run(() => wsPairOver(beneath, near))).resolves.toBe(undefined);
  });
});

describe.each(['TLS', 'a plain stream'] as const)('WsTransport over %s keeps the promise', (beneath) => {
  it.each(transportContract)('$name', async ({ run }) => {
    await expect(run(() => wsPairOver(beneath))).resolves.toBe(undefined);
  });

  it('that short and long messages of one turn come in order', async () => {
    await using pair = await wsPairOver(beneath);
    const [near, far] = [openEnd(pair.near), openEnd(pair.far)];
    const sent = ['short', 'long '.repeat(2000), 'short again', 'longer '.repeat(2000), 'last'];
    for (const message of sent) near.send(message);
    near.close(4000);
    await far.untilEnd();
    expect(far.messages).toEqual(sent);
  });
});

/** Short ones are ours, long ones those of `ws`; a lone surrogate is three bytes on the wire. */
const message = fc.oneof(
  fc.string({ unit: fc.constantFrom('a', '\u20ac', '\ud83d'), maxLength: 50 }),
  fc
    .tuple(fc.constantFrom('a', '\u20ac'), fc.integer({ min: 1300, max: 3000 }))
    .map(([unit, n]) => unit.repeat(n)),
  fc.uint8Array({ maxLength: 50 }),
  fc
    .tuple(fc.nat(255), fc.integer({ min: 4000, max: 6000 }))
    .map(([byte, n]) => new Uint8Array(n).fill(byte)),
);

const sharedMessages = new Map<string, SharedMessage>();
function sharedOf(data: string): SharedMessage {
  const shared = sharedMessages.get(data) ?? {};
  sharedMessages.set(data, shared);
  return shared;
}

const step = fc.oneof(
  { weight: 6, arbitrary: message.map((data) => ({ kind: 'send', data, shared: undefined }) as const) },
  // Messages to several peers: some are sent again, alone or behind the same ones as before.
  {
    weight: 6,
    arbitrary: fc
      .constantFrom('a', 'b', 'c', '\u20ac'.repeat(40), 'long '.repeat(1000))
      .map((data) => ({ kind: 'send', data, shared: sharedOf(data) }) as const),
  },
  { weight: 1, arbitrary: fc.constant({ kind: 'turn' } as const) },
  { weight: 1, arbitrary: fc.constant({ kind: 'ping' } as const) },
  { weight: 2, arbitrary: fc.constant({ kind: 'take' } as const) },
);

/** Gives all frames behind the 101. No bytes may be left over. */
function framesOf({ writes }: Scripted): readonly ServerFrame[] {
  const frames: ServerFrame[] = [];
  let rest = Buffer.concat(writes.slice(1));
  for (let parsed = parseFrame(rest); parsed !== undefined; parsed = parseFrame(rest)) {
    frames.push(parsed.frame);
    rest = rest.subarray(parsed.size);
  }
  expect(rest.length).toBe(0);
  return frames;
}

/** Completes all writes, and those that follow them. */
async function takeAll(stream: Scripted): Promise<void> {
  await settle();
  for (let writes = -1; writes !== stream.writes.length;) {
    writes = stream.writes.length;
    stream.complete();
    await turn();
  }
}

describe.each([
  ['a stream', ScriptedStream],
  ['a Socket of Node', ScriptedTcp],
])('WsTransport over %s', (_, Stream) => {
  it('sends all messages whole and in order, with pongs between them, as an independent parser reads them', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 30 }), async (steps) => {
        const { stream, transport } = acceptScripted(new Stream());
        const end = openEnd(transport);
        stream.hold();
        const sent: (string | Uint8Array)[] = [];
        const pings: string[] = [];
        for (const [index, each] of steps.entries()) {
          if (each.kind === 'turn') await turn();
          if (each.kind === 'take') stream.complete();
          if (each.kind === 'send' && end.send(each.data, each)) sent.push(each.data);
          if (each.kind !== 'ping') continue;
          pings.push(String(index));
          stream.push(frame({ opcode: OPCODE.ping, payload: String(index) }));
        }
        await takeAll(stream);
        const frames = framesOf(stream);
        const pongs = frames.filter(({ opcode }) => opcode === OPCODE.pong);
        expect(pongs.map(({ payload }) => String(payload))).toEqual(pings);
        const messages = frames.filter((each) => !pongs.includes(each));
        expect(messages.map(({ opcode, payload }) => `${opcode} ${payload.toString('latin1')}`)).toEqual(
          sent.map((data) => `${opcodeOf(data)} ${Buffer.from(data).toString('latin1')}`),
        );
        expect(end.bufferedBytes).toBe(0);
      }),
      { numRuns: 100 },
    );
  });

  it('counts in bufferedBytes what it has accepted and not flushed, to the byte', async () => {
    const quiet = fc.array(step, { maxLength: 30 }).map((all) => all.filter(({ kind }) => kind !== 'ping'));
    await fc.assert(
      fc.asyncProperty(quiet, async (steps) => {
        const { stream, transport } = acceptScripted(new Stream());
        const end = openEnd(transport);
        stream.hold();
        let accepted = 0;
        let completed = 0;
        for (const each of steps) {
          if (each.kind === 'turn') await turn();
          if (each.kind === 'send' && end.send(each.data, each)) accepted += wireBytes(each.data);
          if (each.kind === 'take' && stream.writes.length - 1 > completed) {
            stream.complete();
            completed += 1;
          }
          const taken = Buffer.concat(stream.writes.slice(1, 1 + completed)).length;
          expect(end.bufferedBytes).toBe(accepted - taken);
        }
      }),
      { numRuns: 100 },
    );
  });
});

describe('WsTransport over a Socket of Node, which takes most writes at once,', () => {
  it('says that there is room when the turn is over: no write has a callback', async () => {
    const { stream, transport } = acceptScripted(new ScriptedTcp());
    const end = openEnd(transport);
    end.send('one');
    end.send('two');
    expect([end.bufferedBytes, end.calls]).toEqual([10, []]);
    await turn();
    expect([stream.writes.length, end.calls]).toEqual([2, [{ kind: 'drain', bufferedBytes: 0 }]]);
  });

  it('says so after a ping has sent the frames before it, and not inside', async () => {
    const { transport } = acceptScripted(new ScriptedTcp());
    const end = openEnd(transport);
    end.send('one');
    const before = end.bufferedBytes;
    end.ping();
    expect([before, end.bufferedBytes, end.calls]).toEqual([5, 0, []]);
    await turn();
    expect(end.calls).toEqual([{ kind: 'drain', bufferedBytes: 0 }]);
  });

  it('holds what follows a write that was not taken at once', async () => {
    const { stream, transport } = acceptScripted(new ScriptedTcp());
    const end = openEnd(transport);
    stream.hold();
    end.send('one');
    await turn();
    end.send('two');
    await turn();
    expect([stream.writes.length, end.bufferedBytes, end.calls]).toEqual([2, 5 + 5, [{ kind: 'stall' }]]);
    await takeAll(stream);
    expect(framesOf(stream).map(({ payload }) => String(payload))).toEqual(['one', 'two']);
    expect([end.bufferedBytes, transport.hasLost]).toEqual([0, false]);
  });

  it('has lost a write that fails at once, and says that there is room for none', async () => {
    const { stream, transport } = acceptScripted(new ScriptedTcp());
    const end = openEnd(transport);
    stream.script.failFurther(new Error('EPIPE'));
    end.send('lost');
    expect(await end.untilEnd()).toMatchObject({ code: 1006, by: 'link' });
    expect([end.calls.map(({ kind }) => kind), transport.hasLost]).toEqual([['end'], true]);
  });
});

describe('WsTransport passes on', () => {
  it('binary of the peer as a view on its chunk: nothing is copied', async () => {
    const { stream, transport } = acceptScripted();
    const received: Uint8Array[] = [];
    const ignore = (): void => {};
    const receive = (data: Data): void => void received.push(data as Uint8Array);
    transport.open({ receive, drain: ignore, begin: ignore, stall: ignore, peerClosed: ignore, end: ignore });
    const chunk = frame({ opcode: OPCODE.binary, payload: Buffer.alloc(9000, 7) });
    stream.push(chunk);
    await settle();
    expect(received.map(({ length, buffer }) => [length, buffer === chunk.buffer])).toEqual([[9000, true]]);
  });

  it('W11: long binary to the stream as it is: nothing is copied', async () => {
    const { stream, transport } = acceptScripted();
    const end = openEnd(transport);
    const bytes = new Uint8Array(9000);
    end.send(bytes);
    await settle();
    expect(stream.chunks.some((chunk) => typeof chunk !== 'string' && chunk.buffer === bytes.buffer)).toBe(
      true,
    );
  });
});

function opcodeOf(data: string | Uint8Array): number {
  return typeof data === 'string' ? OPCODE.text : OPCODE.binary;
}

/** The size of a server's frame by RFC 6455 §5.2. */
function wireBytes(data: string | Uint8Array): number {
  const bytes = Buffer.from(data).length;
  if (bytes < 126) return 2 + bytes;
  return bytes < 65_536 ? 4 + bytes : 10 + bytes;
}

describe('WsTransport over a stream that has something waiting, sends', () => {
  it('one write of all turns in which the stream had something waiting', async () => {
    const { stream, transport } = acceptScripted();
    const end = openEnd(transport);
    stream.hold();
    end.send('first');
    await settle();
    for (let turns = 0; turns < 1000; turns += 1) {
      end.send('x');
      if (turns % 100 === 0) await settle();
    }
    end.sendFragment('in ');
    end.sendFragment('fragments', { last: true });
    end.send(new Uint8Array(5000));
    await settle();
    // The 101, and the first message.
    expect([stream.writes.length, end.bufferedBytes]).toEqual([2, 7 + 3000 + 5 + 11 + 5004]);
    stream.complete();
    await settle();
    expect([stream.writes.length, stream.writes[2]?.length]).toEqual([3, 3000 + 5 + 11 + 5004]);
    stream.complete();
    await settle();
    expect(end.bufferedBytes).toBe(0);
  });

  it('nothing that waits when the link is lost, and counts nothing of it', async () => {
    const { stream, transport } = acceptScripted();
    const end = openEnd(transport);
    stream.hold();
    end.send('first');
    await settle();
    end.send('held');
    stream.destroy();
    await end.untilEnd();
    expect([stream.writes.length, end.bufferedBytes]).toEqual([2, 0]);
  });

  it('what waits before the close frame', async () => {
    const { stream, transport } = acceptScripted();
    const end = openEnd(transport);
    stream.hold();
    end.send('first');
    await settle();
    end.send('held');
    end.close(4000);
    stream.complete();
    await settle();
    const frames = Buffer.concat(stream.writes.slice(1)).toString('latin1');
    expect(frames).toBe('\u0081\u0005first\u0081\u0004held\u0088\u0002\u000f\u00a0');
  });
});
