// A conversation that one call reads alone: what other reads get, and that they take nothing.

import { describe, expect, it } from 'vitest';
import { CLOSED_BY_PEER, scripted, ScriptedTransport } from './scripted-transport.ts';
import type { ScriptedConversation } from './scripted-transport.ts';
import type { ReadView } from '../../src/conversation/pending-read.ts';
import { MessageSocket } from '../../src/socket/message-socket.ts';
import { HandClock } from '../time/hand-clock.ts';
import { select } from 'corosock';

/** A shared conversation, the view of a call that reads it alone, and a second handle. */
function owned(): ScriptedConversation & { readonly view: ReadView; readonly other: MessageSocket } {
  const scene = scripted({}, new ScriptedTransport(), new HandClock(), 'many');
  const view: ReadView = { binaryData: false, atEnd: true, closedReads: 0, inHand: undefined };
  scene.conversation.reader.own('relay()', view);
  return { ...scene, view, other: new MessageSocket(scene.conversation) };
}

const REFUSED = {
  code: 'COROSOCK_CONCURRENT_READ',
  message: 'ws.read(): expected no other read of this socket, but relay() reads it',
};

describe('a conversation that one call reads alone', () => {
  it('refuses the reads of all other calls, whichever handle they use', async () => {
    const { link, ws, other } = owned();
    link.arrive('a');
    const refusedAs = (call: string): object => ({
      ...REFUSED,
      message: REFUSED.message.replace('ws.read()', call),
    });
    await expect(ws.read()).rejects.toMatchObject(REFUSED);
    await expect(other.readJson()).rejects.toMatchObject(refusedAs('ws.readJson()'));
    await expect(ws[Symbol.asyncIterator]().next()).rejects.toMatchObject(refusedAs('for await'));
    expect(ws.queued.messages).toBe(1);
  });

  it.each([
    ['where a message is there', 'a'],
    ['where it would wait', undefined],
  ])('refuses a select %s, which takes nothing', async (_, message) => {
    const { link, ws, conversation, view } = owned();
    if (message !== undefined) link.arrive(message);
    const refused = { ...REFUSED, message: REFUSED.message.replace('ws.read', 'select') };
    await expect(select({ ws })).rejects.toMatchObject(refused);
    link.arrive('b');
    expect(conversation.reader.takeMessage(view)).toEqual([message ?? 'b', 'ok']);
  });

  it('wakes the call that reads alone, and gives it all messages and the end', () => {
    const { link, conversation, view } = owned();
    let wakes = 0;
    conversation.reader.subscribe(() => (wakes += 1), view);
    link.arrive('a');
    link.end(CLOSED_BY_PEER);
    const taken = [conversation.reader.takeMessage(view), conversation.reader.takeMessage(view)];
    expect([wakes, taken]).toEqual([
      2,
      [
        ['a', 'ok'],
        [undefined, 'closed'],
      ],
    ]);
  });

  it('is refused to a second call, and while a read waits', () => {
    const { conversation, view } = owned();
    expect(() => conversation.reader.own('other()', { ...view })).toThrow(
      'other(): expected no other read of this socket, but relay() reads it',
    );
    const reading = scripted();
    void reading.ws.read();
    expect(() => reading.conversation.reader.own('relay()', view)).toThrow(
      /^relay\(\): expected one read at a time, but another one waits already, at .*owned-reads\.spec\.ts/,
    );
  });
});
