// A socket as a source of `select`: what it gives, when it is ready, and that it takes no message
// for which a read waits.

import { source } from 'corosock';
import type { Source, SourcePort } from 'corosock';
import { describe, expect, it } from 'vitest';
import { ScriptedBudget } from '../conversation/scripted-budget.ts';
import { CLOSED_BY_PEER, scripted, ScriptedTransport } from '../conversation/scripted-transport.ts';
import { MessageSocket } from '../../src/socket/message-socket.ts';
import type { SocketPort } from '../../src/socket/socket-port.ts';
import { LAST_CLOSED_READ } from '../../src/conversation/read-mistakes.ts';
import type { ReadResult } from '../../src/core/status.ts';
import { HandClock, turn } from '../time/hand-clock.ts';

const portOf = (ws: MessageSocket): SourcePort<ReadResult> => (ws as unknown as Source<ReadResult>)[source];

/** A socket with a subscriber that records each wake. */
function watched(...args: Parameters<typeof scripted>) {
  const all = scripted(...args);
  const port = portOf(all.ws);
  const wakes: string[] = [];
  const unsubscribe = port.subscribe(() => wakes.push(port.ready() ? 'ready' : 'not ready'));
  return { ...all, port, wakes, unsubscribe };
}

const shared = () => watched({}, new ScriptedTransport(), new HandClock(), 'many');

describe('the port of a socket', () => {
  it('is the same port each time', () => {
    const { ws } = scripted();
    expect(portOf(ws)).toBe(portOf(ws));
  });

  it('is ready when a message is there, and gives it whole', () => {
    const { port, link } = watched();
    const before = port.ready();
    link.arrive('abc', 'd');
    expect([before, port.ready(), port.take(), port.take(), port.ready()]).toEqual([
      false,
      true,
      ['abc', 'ok'],
      ['d', 'ok'],
      false,
    ]);
  });

  it('gives the rest of a message that read has left', async () => {
    const { port, link, ws } = watched();
    link.arrive('abc');
    await ws.read(2);
    expect([port.take(), ws.atEnd]).toEqual([['c', 'ok'], true]);
  });

  it('gives bytes with binaryData', () => {
    const { port, link, ws } = watched();
    ws.binaryData = true;
    link.arrive('€');
    expect(port.take()).toEqual([Buffer.from('€'), 'ok']);
  });

  it('gives closed after all messages, and then for ever', () => {
    const { port, link } = watched();
    link.arrive('a');
    link.end(CLOSED_BY_PEER);
    expect([port.take(), port.take(), port.take(), port.ready()]).toEqual([
      ['a', 'ok'],
      [undefined, 'closed'],
      [undefined, 'closed'],
      true,
    ]);
  });

  it('is over once nothing but closed can be taken', () => {
    const { link, port } = watched();
    const isOver = (): boolean => (port as SocketPort).isOver;
    const states = [isOver()];
    link.arrive('a');
    link.end(CLOSED_BY_PEER);
    states.push(isOver());
    port.take();
    expect([...states, isOver()]).toEqual([false, false, true]);
  });

  it('throws at the hundredth closed in a row; those of reads count, too', async () => {
    const { port, link, ws } = watched();
    link.end();
    for (let n = 2; n < LAST_CLOSED_READ; n += 1) port.take();
    await ws.read();
    expect(() => port.take()).toThrow(
      expect.objectContaining({
        code: 'COROSOCK_READ_AFTER_CLOSE',
        message: `select(): expected the loop to end at 'closed', but this is its read number 100 after the end`,
      }),
    );
  });

  it('gives timeout when it is taken from while no message is there', () => {
    expect(watched().port.take()).toEqual([undefined, 'timeout']);
  });

  it('wakes subscribers for each message and for the end', () => {
    const { link, wakes } = watched();
    link.arrive('a', 'b');
    link.end();
    expect(wakes).toEqual(['ready', 'ready', 'ready']);
  });

  it('does not wake a subscriber that has unsubscribed', () => {
    const { link, wakes, unsubscribe } = watched();
    unsubscribe();
    link.arrive('a');
    expect(wakes).toEqual([]);
  });

  it('leaves a message to a waiting read, and wakes subscribers for the next one', async () => {
    const { link, ws, wakes, port } = watched();
    const read = ws.read();
    link.arrive('a');
    expect([wakes, await read]).toEqual([[], ['a', 'ok']]);
    link.arrive('b');
    expect([wakes, port.take()]).toEqual([['ready'], ['b', 'ok']]);
  });

  it('is not a read: a read can wait at the same time', async () => {
    const { link, ws } = watched();
    const read = ws.read();
    link.arrive('a');
    expect(await read).toEqual(['a', 'ok']);
  });

  it('wakes subscribers for the rest of a message that a waiting read has cut', async () => {
    const { link, ws, wakes, port } = shared();
    const read = ws.read(2);
    link.arrive('abc');
    expect([await read, wakes, port.take()]).toEqual([['ab', 'ok'], ['ready'], ['c', 'ok']]);
  });

  it('wakes subscribers for the end, which waiting reads get, too', async () => {
    const { link, ws, wakes } = watched();
    const read = ws.read();
    link.end();
    expect([await read, wakes]).toEqual([[undefined, 'closed'], ['ready']]);
  });

  it('is not ready while a read waits for its turn, and wakes subscribers when that read is aborted', async () => {
    const { link, ws, wakes, port } = watched({ budget: new ScriptedBudget([true]) });
    link.arrive('a');
    const controller = new AbortController();
    const read = ws.read({ signal: controller.signal });
    const before = port.ready();
    wakes.length = 0;
    controller.abort('my reason');
    await expect(read).rejects.toBe('my reason');
    expect([before, wakes, port.take()]).toEqual([false, ['ready'], ['a', 'ok']]);
  });

  it('wakes subscribers when an iterator that waits for its turn is returned', async () => {
    const { link, ws, wakes, port } = watched({ budget: new ScriptedBudget([true]) });
    link.arrive('a');
    wakes.length = 0;
    const iterator = ws[Symbol.asyncIterator]();
    const next = iterator.next();
    await iterator.return?.();
    expect([await next, wakes, port.take()]).toEqual([
      { done: true, value: undefined },
      ['ready'],
      ['a', 'ok'],
    ]);
  });

  it('wakes subscribers after a read whose turn has come has taken its message', async () => {
    const { link, ws, wakes, port } = watched({ budget: new ScriptedBudget([true]) });
    link.arrive('a', 'b');
    wakes.length = 0;
    const read = ws.read();
    await turn();
    expect([await read, wakes, port.take()]).toEqual([['a', 'ok'], ['ready'], ['b', 'ok']]);
  });

  it('is not ready for a message that a hook is offered first', () => {
    const { conversation, link, port, wakes } = watched();
    conversation.reader.offerFirst(() => {});
    link.arrive('a');
    const before = [port.ready(), [...wakes]];
    conversation.reader.releaseOffered();
    expect([before, port.ready(), wakes]).toEqual([[false, []], true, ['ready']]);
  });

  it('belongs to one handle of a shared socket, with the binaryData of that handle', () => {
    const { conversation, link, ws } = scripted({}, undefined, undefined, 'many');
    const other = new MessageSocket(conversation);
    other.binaryData = true;
    link.arrive('a', 'b');
    expect([portOf(ws).take(), portOf(other).take()]).toEqual([
      ['a', 'ok'],
      [Buffer.from('b'), 'ok'],
    ]);
  });
});
