// What the contract cannot see of a link over `ws`: how frames reach the stream, what is counted, and
// which end is reported when several things end the link at once.

import { describe, expect, it } from 'vitest';
import { settle, transportContract } from 'corosock/testing';
import { closeFrame, frame, OPCODE, RSV1, textFrame } from '../../peers/frames.ts';
import type { ServerFrame } from '../../peers/frames.ts';
import type { Transport } from '../../../src/transport/transport.ts';
import { turn } from '../../time/hand-clock.ts';
import { acceptScripted } from './scripted-stream.ts';
import { openEnd, rawLink, wsLink, wsPair } from './ws-pair.ts';

describe.each([
  ['from server to client', 'server', {}],
  ['from client to server', 'client', {}],
  ['compressed, from server to client', 'server', { compression: true }],
  ['compressed, from client to server', 'client', { compression: true }],
  ['over an unknown stream', 'client', { counts: false }],
] as const)('WsTransport, %s, keeps the promise', (_, near, options) => {
  it.each(transportContract)('$name', async ({ run }) => {
    await expect(run(() => wsPair(near, options))).resolves.toBe(undefined);
  });
});

describe('WsTransport sends', () => {
  it('all short messages of one turn in one write, in order', async () => {
    const { stream, transport } = acceptScripted();
    const end = openEnd(transport);
    await settle();
    end.send('one');
    await Promise.resolve();
    end.send(Buffer.from('two'));
    await settle();
    end.send('three');
    await settle();
    expect(stream.writes.slice(1).map(String)).toEqual(
      ['\u0081\u0003one\u0082\u0003two', '\u0081\u0005three'].map((text) =>
        String(Buffer.from(text, 'latin1')),
      ),
    );
  });

  it('what was sent before a close of the same turn', async () => {
    const { stream, transport } = acceptScripted();
    const end = openEnd(transport);
    end.send('last words');
    end.close(4000);
    await settle();
    expect(Buffer.concat(stream.writes.slice(1)).subarray(2, 12).toString()).toBe('last words');
  });

  it('compressed only what `compress` says', async () => {
    await using link = await rawLink({ compression: true });
    link.transport.send('compressed'.repeat(200), { binary: false, compress: true });
    link.transport.send('plain', { binary: false, compress: false });
    expect([(await link.client.nextFrame()).rsv, (await link.client.nextFrame()).rsv]).toEqual([RSV1, 0]);
  });
});

describe('WsTransport sends a message in fragments', () => {
  const fragment = (last = false) => ({ binary: false, compress: true, last });
  const shown = ({ fin, opcode, payload }: ServerFrame): readonly unknown[] => [fin, opcode, String(payload)];

  it('as frames of one message, behind what was sent before it in the turn, before what is sent later', async () => {
    await using link = await rawLink();
    link.transport.send('before', { binary: false, compress: true });
    link.transport.sendFragment('one', fragment());
    link.transport.sendFragment('two', fragment(true));
    link.transport.send('behind', { binary: false, compress: true });
    const frames = [];
    for (let count = 0; count < 4; count += 1) frames.push(shown(await link.client.nextFrame()));
    expect(frames).toEqual([
      [true, OPCODE.text, 'before'],
      [false, OPCODE.text, 'one'],
      [true, OPCODE.continuation, 'two'],
      [true, OPCODE.text, 'behind'],
    ]);
  });

  it('and answers a ping between them', async () => {
    await using link = await rawLink();
    openEnd(link.transport);
    link.transport.sendFragment('one', fragment());
    await link.client.nextFrame();
    await link.client.send(frame({ opcode: OPCODE.ping, payload: 'there?' }));
    expect(shown(await link.client.nextFrame())).toEqual([true, OPCODE.pong, 'there?']);
    link.transport.sendFragment('two', fragment(true));
    expect(shown(await link.client.nextFrame())).toEqual([true, OPCODE.continuation, 'two']);
  });

  it('compressed as one', async () => {
    await using link = await rawLink({ compression: true });
    link.transport.sendFragment('x'.repeat(2000), fragment());
    link.transport.sendFragment('', fragment(true));
    const bits = [await link.client.nextFrame(), await link.client.nextFrame()].map(({ rsv }) => rsv);
    expect(bits).toEqual([RSV1, 0]);
  });
});

describe('WsTransport sends, however long a message is,', () => {
  const SHORT = 'short';
  const LONG = 'long '.repeat(2000);

  it('short and long messages of one turn in order', async () => {
    await using link = await rawLink();
    const sent = [SHORT, LONG, SHORT, SHORT, LONG];
    for (const text of sent) link.transport.send(text, { binary: false, compress: true });
    const frames = [];
    for (const _ of sent) frames.push(await link.client.nextFrame());
    expect(frames.map(({ payload }) => String(payload))).toEqual(sent);
  });

  it('what was sent in the turn in which the peer ends its side', async () => {
    const { stream, transport } = acceptScripted();
    const end = openEnd(transport);
    end.send('before');
    await settle();
    stream.prependOnceListener('end', () => end.send('in time'));
    stream.once('end', () => expect(end.send('too late')).toBe(false));
    stream.push(null);
    stream.resume();
    await settle();
    expect(Buffer.concat(stream.writes.slice(1)).toString('latin1')).toBe(
      '\u0081\u0006before\u0081\u0007in time',
    );
  });

  it('nothing when the stream has been destroyed in the same turn, and counts nothing', async () => {
    const { stream, transport } = acceptScripted();
    const end = openEnd(transport);
    end.send('lost');
    stream.destroy();
    expect(await end.untilEnd()).toMatchObject({ code: 1006, by: 'link' });
    expect([stream.writes.length, end.bufferedBytes]).toEqual([1, 0]);
  });
});

describe('WsTransport counts', () => {
  it('pings and pongs, once it is asked to', async () => {
    const { stream, transport } = acceptScripted();
    openEnd(transport);
    const controls: string[] = [];
    transport.watchControls((kind, data) => void controls.push(`${kind} ${String(data)}`));
    stream.push(frame({ opcode: OPCODE.ping, payload: 'four' }));
    stream.push(frame({ opcode: OPCODE.pong }));
    await settle();
    expect(controls).toEqual(['ping four', 'pong ']);
  });

  it('its own bytes until they are flushed', async () => {
    const { stream, transport } = acceptScripted();
    const end = openEnd(transport);
    stream.hold();
    end.send('four');
    expect(end.bufferedBytes).toBe(2 + 4);
    await settle();
    expect(end.bufferedBytes).toBe(2 + 4);
    stream.complete();
    expect([end.bufferedBytes, end.calls]).toEqual([
      0,
      [{ kind: 'stall' }, { kind: 'drain', bufferedBytes: 0 }],
    ]);
  });

  it.each([
    ['short text', '\u20ac'.repeat(10), 2 + 30],
    ['long text', '\u20ac'.repeat(10_000), 4 + 30_000],
    ['long text of single bytes', 'x'.repeat(10_000), 4 + 10_000],
  ])('the bytes of %s, not its characters', (_, text, bytes) => {
    const { stream, transport } = acceptScripted();
    const end = openEnd(transport);
    stream.hold();
    end.send(text);
    expect(end.bufferedBytes).toBe(bytes);
  });

  it('each chunk of a stream that does not count its bytes, and NaN as flushed', async () => {
    const { stream, transport } = acceptScripted();
    openEnd(transport);
    const before = transport.receivedBytes;
    const text = textFrame('in two chunks');
    stream.push(text.subarray(0, 3));
    await settle();
    const between = transport.receivedBytes;
    stream.push(text.subarray(3));
    await settle();
    expect([between > before, transport.receivedBytes > between, transport.flushedBytes]).toEqual([
      true,
      true,
      NaN,
    ]);
  });

  it('the first bytes of a message that arrives, and of one that is flushed', async () => {
    await using link = await rawLink();
    const { client, transport } = link;
    const end = openEnd(transport);
    const before = transport.receivedBytes;
    await client.send(textFrame('whole').subarray(0, 3));
    while (transport.receivedBytes === before) await settle();
    client.pause();
    // More than the kernel holds, in one write.
    end.send(Buffer.alloc(16_000_000));
    await settle();
    const taken = transport.flushedBytes;
    client.resume();
    while (transport.flushedBytes === taken) await turn();
    expect([transport.bufferedBytes > 16_000_000, end.calls]).toEqual([
      true,
      [{ kind: 'begin', unfinished: 1 }, { kind: 'stall' }],
    ]);
    client.reset();
    await end.untilEnd();
  });

  it.each([
    ['a client', {}, 'client'],
    ['a compressed link', { compression: true }, 'server'],
  ] as const)('what each message takes that waits in ws, on %s', async (_, options, near) => {
    await using link = await wsLink(options);
    const [end, far] = [openEnd(link[near]), link[near === 'client' ? 'server' : 'client']];
    openEnd(far).pause();
    end.send(Buffer.alloc(16_000_000));
    await end.until(() => end.stalls > 0);
    const before = end.bufferedBytes;
    for (let n = 0; n < 100; n += 1) end.send('x');
    expect(end.bufferedBytes - before).toBeGreaterThanOrEqual(100 * 256);
  });

  it('no pongs, because no drain would follow them', async () => {
    const { stream, transport } = acceptScripted();
    const end = openEnd(transport);
    stream.hold();
    stream.push(frame({ opcode: OPCODE.ping, payload: 'x' }));
    await settle();
    expect([stream.writes.length, end.bufferedBytes]).toEqual([2, 0]);
  });
});

describe('WsTransport reports', () => {
  it('no drain after a write that failed: the end follows', async () => {
    const { stream, transport } = acceptScripted();
    const end = openEnd(transport);
    stream.hold();
    end.send('lost');
    await settle();
    stream.fail(new Error('EPIPE'));
    expect(await end.untilEnd()).toMatchObject({ code: 1006, reason: '', clean: false, by: 'link' });
    expect(end.calls.map(({ kind }) => kind)).toEqual(['stall', 'end']);
  });

  it('no drain after the end', async () => {
    const { stream, transport } = acceptScripted();
    const end = openEnd(transport);
    stream.hold();
    end.send('held');
    await settle();
    end.terminate();
    await end.untilEnd();
    stream.complete();
    await settle();
    expect(() => end.expectOneEnd()).not.toThrow();
  });

  it('no drain for messages that waited for zlib when the link ended', async () => {
    // ws compresses ten messages at a time, in all sockets together; the rest waits.
    const busy = await Promise.all(Array.from({ length: 11 }, () => wsLink({ compression: true })));
    await using link = await wsLink({ compression: true });
    const end = openEnd(link.server);
    for (const { server } of busy) openEnd(server).send(Buffer.alloc(60_000));
    for (let i = 0; i < 5; i += 1) end.send(Buffer.alloc(60_000));
    end.terminate();
    await end.untilEnd();
    for (const { server } of busy) await untilQuiet(server);
    await settle();
    for (const { [Symbol.asyncDispose]: dispose } of busy) await dispose();
    expect(() => end.expectOneEnd()).not.toThrow();
  });

  it.each([
    ['a close frame', closeFrame(4000, 'unread')],
    ['a broken rule', frame({ opcode: 0x3 })],
  ])('its own terminate, not %s that it had not read', async (_, unread) => {
    await using link = await rawLink();
    const end = openEnd(link.transport);
    end.pause();
    await link.client.send(Buffer.concat([textFrame('received'), unread]));
    await settle();
    end.terminate();
    expect(await end.untilEnd()).toMatchObject({ code: 1006, reason: '', clean: false, by: 'local' });
    expect(end.messages).toEqual(['received']);
  });

  it("the peer's close, also if the link is terminated after it", async () => {
    await using link = await rawLink();
    const end = openEnd(link.transport);
    await link.client.send(closeFrame(4000, 'bye'));
    await link.client.untilCloseFrame();
    end.terminate();
    expect(await end.untilEnd()).toMatchObject({ code: 4000, reason: 'bye', clean: true, by: 'peer' });
  });

  it('a broken rule, also if the link is terminated after it', async () => {
    await using link = await rawLink();
    const end = openEnd(link.transport);
    await link.client.send(frame({ opcode: 0x3 }));
    await link.client.untilCloseFrame();
    end.terminate();
    expect(await end.untilEnd()).toMatchObject({ code: 1002, reason: '', clean: false, by: 'protocol' });
  });

  it('its own close, unclean, if the peer breaks a rule instead of answering', async () => {
    await using link = await rawLink();
    const end = openEnd(link.transport);
    end.close(4000, 'bye');
    await link.client.send(frame({ opcode: 0x3 }));
    await link.client.hangUp();
    expect(await end.untilEnd()).toMatchObject({
      code: 4000,
      reason: 'bye',
      clean: false,
      by: 'local',
      cause: { code: 'WS_ERR_INVALID_OPCODE' },
    });
  });

  it('a close without a code as 1005', async () => {
    await using link = await rawLink();
    const end = openEnd(link.transport);
    await link.client.send(frame({ opcode: OPCODE.close }));
    await link.client.hangUp();
    expect(await end.untilEnd()).toMatchObject({ code: 1005, reason: '', clean: true, by: 'peer' });
  });

  it.each([
    ['halfClose', { message: 'The link has ended without a close frame' }],
    ['reset', { code: 'ECONNRESET' }],
  ] as const)('a lost link after %s, and why', async (act, cause) => {
    await using link = await rawLink();
    const end = openEnd(link.transport);
    link.client[act]();
    expect(await end.untilEnd()).toMatchObject({ code: 1006, reason: '', clean: false, by: 'link', cause });
  });

  it('no protocol if none was negotiated', async () => {
    expect(acceptScripted().transport.protocol).toBe('');
  });
});

describe('WsTransport, whose peer has closed and waits for the answer,', () => {
  it('reads nothing more, also after resume: a peer that has ended its side, too, gets the last words', async () => {
    await using link = await rawLink();
    const end = openEnd(link.transport);
    const closed = new Promise<void>((resolve) => (end.onPeerClosed = resolve));
    const sending = link.client.send(closeFrame(4000));
    link.client.halfClose();
    await Promise.all([sending, closed]);
    link.transport.pause();
    link.transport.resume();
    await settle();
    await settle();
    expect([end.send('last words'), end.ping(), end.pong()]).toEqual([true, false, false]);
    end.close(1000);
    expect([await link.client.nextText(), await link.client.untilCloseFrame()]).toEqual([
      'last words',
      { code: 4000, reason: '' },
    ]);
    expect(await end.untilEnd()).toMatchObject({ code: 4000, clean: true, by: 'peer' });
  });

  it('sends what zlib still compresses to such a peer, and then its answer', async () => {
    await using link = await rawLink({ compression: true });
    const end = openEnd(link.transport);
    end.onPeerClosed = () => {
      end.send('last words '.repeat(1000));
      end.close(1000);
    };
    const sending = link.client.send(closeFrame(4000));
    link.client.halfClose();
    await sending;
    expect((await link.client.nextFrame()).rsv).toBe(RSV1);
    expect(await link.client.untilCloseFrame()).toEqual({ code: 4000, reason: '' });
    expect(await end.untilEnd()).toMatchObject({ code: 4000, clean: true, by: 'peer' });
  });

  it('sends the reason of the peer back, whatever it is asked to send', async () => {
    await using link = await rawLink();
    const end = openEnd(link.transport);
    end.onPeerClosed = () => setImmediate(() => end.close(1011, 'ours'));
    await link.client.send(closeFrame(4000, 'théirs'));
    expect(await link.client.untilCloseFrame()).toEqual({ code: 4000, reason: 'théirs' });
  });
});

/** Waits until all is flushed, and looks after each turn: zlib works in threads of its own. */
async function untilQuiet(transport: Transport): Promise<void> {
  while (transport.bufferedBytes > 0) await settle();
}
