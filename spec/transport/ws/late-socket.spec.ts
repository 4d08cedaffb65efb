// When `ws` begins to listen to the stream of a server: not for whole messages, nor for an end
// without a close frame; and what ends, waits and is read is the same as where it listens at once.

import { describe, expect, it } from 'vitest';
import { settle, virtualClock } from 'corosock/testing';
import { closeFrame, frame, OPCODE, parseFrame, textFrame } from '../../peers/frames.ts';
import type { RecordedEnd } from '../../../src/testing/contracts/recorded-link.ts';
import type { WsTransport } from '../../../src/transport/ws/transport.ts';
import { acceptOver, ScriptedStream, ScriptedTcp } from './scripted-stream.ts';
import { openEnd } from './ws-pair.ts';

interface Opened {
  readonly stream: ScriptedStream;
  readonly transport: WsTransport;
  readonly end: RecordedEnd;
}

function opened(): Opened {
  const stream = new ScriptedStream();
  const transport = acceptOver(stream);
  return { stream, transport, end: openEnd(transport) };
}

/** Whether `ws` works on a stream, or did: it has put its WebSocket in the place of our mark. */
function hasWebSocket(stream: ScriptedStream): boolean {
  const mark = Object.getOwnPropertySymbols(stream).find(({ description }) => description === 'websocket');
  return Reflect.get(stream, mark as symbol) !== true;
}

describe('a link on which only whole messages come and go', () => {
  it('has no WebSocket, and none at its end', async () => {
    const { stream, end } = opened();
    stream.push(textFrame('question'));
    end.send('answer');
    await settle();
    stream.push(null);
    await settle();
    expect([end.messages, parseFrame(stream.writes[1] as Buffer)?.frame.payload.toString()]).toEqual([
      ['question'],
      'answer',
    ]);
    expect(await end.untilEnd()).toMatchObject({ code: 1006, by: 'link', clean: false });
    expect([hasWebSocket(stream), stream.writableEnded]).toEqual([false, true]);
  });

  it('has none for pings of the heartbeat, which overtake nothing, and their pongs', async () => {
    const { stream, transport, end } = opened();
    end.send('before');
    expect(end.ping()).toBe(true);
    stream.push(frame({ opcode: OPCODE.pong }));
    stream.push(Buffer.concat([frame({ opcode: OPCODE.pong, payload: 'late' }), textFrame('behind')]));
    await settle();
    const sent = stream.writes.slice(1).map((bytes) => parseFrame(bytes)?.frame);
    expect(sent.map((one) => [one?.opcode, one?.payload.toString()])).toEqual([
      [OPCODE.text, 'before'],
      [OPCODE.ping, ''],
    ]);
    expect([end.messages, hasWebSocket(stream)]).toEqual([['behind'], false]);
    expect(transport.receivedBytes).toBeGreaterThan(0);
  });

  it('has `ws` ping, and hear of pongs, once that listens', async () => {
    const { stream, transport, end } = opened();
    const controls: string[] = [];
    transport.watchControls((kind, data) => controls.push(`${kind} ${Buffer.from(data).toString()}`));
    end.ping();
    stream.push(frame({ opcode: OPCODE.pong, payload: 'here' }));
    await settle();
    expect(controls).toEqual(['pong here']);
    expect(parseFrame(stream.writes[1] as Buffer)?.frame.opcode).toBe(OPCODE.ping);
  });

  it('has none where it is reset, and gives the error as the cause', async () => {
    const { stream, end } = opened();
    const reset = new Error('reset');
    stream.destroy(reset);
    await settle();
    expect(await end.untilEnd()).toMatchObject({ code: 1006, by: 'link', cause: reset });
    expect(hasWebSocket(stream)).toBe(false);
  });

  it('loses what waits at its end', async () => {
    const { stream, transport, end } = opened();
    stream.hold();
    end.send('waits');
    await settle();
    const before = transport.bufferedBytes;
    stream.destroy();
    await settle();
    expect([before > 0, transport.bufferedBytes, transport.hasLost]).toEqual([true, 0, true]);
    expect(hasWebSocket(stream)).toBe(false);
  });

  it('is told nothing behind its end, by an error that comes late or a write that does', async () => {
    const { stream, transport, end } = opened();
    stream.hold();
    end.send('waits');
    await settle();
    stream.destroy();
    await settle();
    stream.emit('error', new Error('late'));
    stream.complete();
    await settle();
    expect([end.calls.at(-1)?.kind, end.send('late'), transport.bufferedBytes]).toEqual(['end', false, 0]);
  });

  it('sends what was written in the turn of its end before it ends its own side', async () => {
    const { stream, end } = opened();
    end.onCall = () => void end.send('answer');
    stream.push(textFrame('question'));
    stream.push(null);
    await settle();
    expect(parseFrame(stream.writes[1] as Buffer)?.frame.payload.toString()).toBe('answer');
    expect(stream.writableFinished).toBe(true);
  });

  it('has no time-out of its http server any more', () => {
    const stream = new ScriptedTcp();
    stream.setTimeout(60_000);
    acceptOver(stream);
    expect(stream.timeout).toBe(0);
    stream.destroy();
  });
});

describe('`ws` listens, and nothing of ours but to the chunks,', () => {
  it.each<readonly [what: string, cause: (opened: Opened) => void]>([
    ['a ping of the peer', ({ stream }) => void stream.push(frame({ opcode: OPCODE.ping }))],
    ['a close of the peer', ({ stream }) => void stream.push(closeFrame(1000, ''))],
    ['a fragment', ({ stream }) => void stream.push(frame({ opcode: OPCODE.text, fin: false }))],
    ['part of a header', ({ stream }) => void stream.push(textFrame('cut').subarray(0, 1))],
    ['a ping of ours with bytes', ({ transport }) => void transport.ping(Buffer.from('there?'))],
    ['a pong of ours', ({ end }) => void end.pong()],
    ['a close of ours', ({ end }) => end.close(1000)],
    ['a pause', ({ end }) => end.pause()],
    ['a look at control frames', ({ transport }) => transport.watchControls(() => {})],
  ])('from %s on', async (_, cause) => {
    const all = opened();
    const { stream } = all;
    cause(all);
    await settle();
    const counts = ['end', 'error'].map((event) => stream.listeners(event).length);
    expect([hasWebSocket(stream), counts]).toEqual([true, [1, 1]]);
    stream.destroy();
    await settle();
    expect(all.end.calls.filter(({ kind }) => kind === 'end')).toHaveLength(1);
  });

  it('where it is terminated', async () => {
    const { stream, end } = opened();
    end.terminate();
    expect(await end.untilEnd()).toMatchObject({ code: 1006, by: 'local' });
    expect([hasWebSocket(stream), stream.destroyed]).toEqual([true, true]);
  });

  it('where a stream closes that has not given all: what was received is delivered', async () => {
    const { stream, end } = opened();
    stream.pause();
    stream.push(textFrame('unread'));
    stream.destroy();
    expect(await end.untilEnd()).toMatchObject({ code: 1006, by: 'link' });
    expect([end.messages, hasWebSocket(stream)]).toEqual([['unread'], true]);
  });
});

describe('a link whose WebSocket is made inside of an event of the stream, before `ws` can hear of it,', () => {
  it('delivers what a closed stream has not given, also with the clock of a test', async () => {
    const stream = new ScriptedStream();
    const end = openEnd(acceptOver(stream, { clock: virtualClock() }));
    stream.pause();
    stream.push(textFrame('unread'));
    stream.destroy();
    expect(await end.untilEnd()).toMatchObject({ code: 1006, by: 'link' });
    expect(end.messages).toEqual(['unread']);
  });

  it.each<readonly [event: string, strike: (stream: ScriptedStream) => void]>([
    ['end', (stream) => void stream.push(null)],
    ['close', (stream) => void stream.destroy()],
  ])('takes no message from its %s on', async (event, strike) => {
    const stream = new ScriptedStream();
    const sent: boolean[] = [];
    stream.once(event, () => transport.pause());
    const transport = acceptOver(stream);
    const end = openEnd(transport);
    stream.once(event, () => void sent.push(end.send('late')));
    strike(stream);
    expect(await end.untilEnd()).toMatchObject({ code: 1006, by: 'link' });
    expect([sent, end.send('late'), hasWebSocket(stream)]).toEqual([[false], false, true]);
  });
});

describe('a link whose peer has ended its side, while ours is not flushed', () => {
  async function halfEnded(): Promise<Opened> {
    const all = opened();
    all.stream.hold();
    all.end.send('waits');
    await settle();
    all.stream.push(null);
    await settle();
    return all;
  }

  it('sends nothing, and needs no WebSocket for what has no effect any more', async () => {
    const { stream, transport, end } = await halfEnded();
    transport.watchControls(() => {});
    end.pause();
    end.resume();
    end.close(1000);
    expect([end.send('late'), end.ping(), hasWebSocket(stream)]).toEqual([false, false, false]);
    stream.complete();
    expect(await end.untilEnd()).toMatchObject({ code: 1006, by: 'link' });
  });

  it('ends when it is terminated', async () => {
    const { stream, end } = await halfEnded();
    end.terminate();
    expect(await end.untilEnd()).toMatchObject({ code: 1006, by: 'link' });
    expect([stream.destroyed, hasWebSocket(stream)]).toEqual([true, false]);
    end.terminate();
  });
});
