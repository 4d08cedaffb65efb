// What the caller's end of a remote handle does with each frame, and with frames that no node of
// ours would send.

import { describe, expect, it } from 'vitest';
import { settle, virtualClock } from 'corosock/testing';
import { FrameWindow } from '../../src/hub/frame-window.ts';
import { MAX_HELD_BYTES, MAX_HELD_BYTES_OF_ALL } from '../../src/hub/held-bytes.ts';
import { RemoteTransport } from '../../src/hub/remote-transport.ts';
import {
  frameOf,
  FROM_SOCKET,
  messageFields,
  openedFields,
  MESSAGE_PART_BYTES,
  readFrame,
  statusFields,
  TO_SOCKET,
} from '../../src/hub/socket-frames.ts';
import type { Answer, Frame } from '../../src/hub/socket-frames.ts';
import type { LinkEnd } from '../../src/core/close-info.ts';

const NOTHING = new Uint8Array(0);
const PLAIN = { binary: false, compress: false };

/** One end over a link that only notes what is sent. */
function setScene(held = { bytes: 0 }) {
  const sent: number[] = [];
  const link = {
    clock: virtualClock(),
    send(type: number) {
      sent.push(type);
      return Promise.resolve('sent' as const);
    },
    window: new FrameWindow(),
    held,
    over: () => {},
  };
  const answers: Answer[] = [];
  const transport = new RemoteTransport('owner.one', link, (answer) => void answers.push(answer));
  const ends: LinkEnd[] = [];
  const sink = {
    receive() {},
    begin() {},
    drain() {},
    peerClosed() {},
    stall() {},
    end: (end: LinkEnd) => void ends.push(end),
  };
  transport.open(sink);
  let number = 0;
  return {
    transport,
    sent,
    answers,
    ends,
    receive(type: number, fields: Uint8Array = NOTHING): void {
      number += 1;
      transport.receive(readFrame(frameOf(type, 1, number, fields)) as Frame);
    },
  };
}

function openScene(held?: { bytes: number }): ReturnType<typeof setScene> {
  const scene = setScene(held);
  scene.receive(FROM_SOCKET.opened, openedFields('ok', ''));
  return scene;
}

describe('a remote handle', () => {
  it.each([
    ['an answer without its fields', FROM_SOCKET.opened],
    ['a status without its fields', FROM_SOCKET.status],
    ['a message without its fields', FROM_SOCKET.message],
    ['an end without its fields', FROM_SOCKET.end],
  ])('ends at %s', (_, type) => {
    const { receive, ends } = type === FROM_SOCKET.opened ? setScene() : openScene();
    receive(type);
    expect(ends).toMatchObject([{ by: 'link', clean: false }]);
  });

  it('ends at a second answer', () => {
    const { receive, ends } = openScene();
    receive(FROM_SOCKET.opened, openedFields('ok', ''));
    expect(ends).toMatchObject([{ by: 'link' }]);
  });

  it('says once what its opening comes to', () => {
    const scenes = [setScene(), openScene(), setScene()] as const;
    scenes[2].receive(FROM_SOCKET.opened, openedFields('not-found', ''));
    for (const { transport } of scenes) transport.lose('gone');
    expect(scenes.map(({ answers }) => answers)).toEqual([['timeout'], ['ok'], ['not-found']]);
  });

  it('keeps the code of its own close where the other node is lost meanwhile', () => {
    const { transport, ends } = openScene();
    transport.close(4000, 'bye');
    transport.lose('gone');
    expect(ends).toMatchObject([{ code: 4000, reason: 'bye', by: 'local', clean: false }]);
  });

  it('asks nothing after its end', () => {
    const { transport, sent } = openScene();
    transport.lose('gone');
    const before = sent.length;
    transport.probe();
    expect(sent.length).toBe(before);
  });

  it('gives its credit once, however often it is resumed', async () => {
    const { transport, sent } = openScene();
    await settle();
    transport.resume();
    await settle();
    expect(sent.filter((type) => type === TO_SOCKET.credit).length).toBe(1);
  });

  it('cancels no write that has its status', () => {
    const { transport, sent, receive } = openScene();
    const cancels: (() => void)[] = [];
    const receipt = {
      dueMs: Infinity,
      sent: (cancel: () => void) => void cancels.push(cancel),
      settle: () => {},
    };
    const options = { ...PLAIN, receipt };
    transport.send('hello', options);
    receive(FROM_SOCKET.status, statusFields(sent.length, 'ok'));
    cancels[0]?.();
    expect(sent).not.toContain(TO_SOCKET.cancelWrite);
  });

  it('ends where a message in parts is larger than 64 MiB', () => {
    const { receive, ends } = openScene();
    const part = messageFields({ bytes: new Uint8Array(MESSAGE_PART_BYTES), isText: false, isLast: false });
    for (let bytes = 0; bytes <= MAX_HELD_BYTES; bytes += MESSAGE_PART_BYTES)
      receive(FROM_SOCKET.message, part);
    expect(ends).toMatchObject([{ code: 1006, by: 'link' }]);
  });

  it('ends where what all handles have of messages is too much, and then holds nothing', () => {
    const held = { bytes: MAX_HELD_BYTES_OF_ALL - 2 * MESSAGE_PART_BYTES };
    const before = held.bytes;
    const { receive, ends } = openScene(held);
    const part = { bytes: new Uint8Array(MESSAGE_PART_BYTES), isText: false };
    receive(FROM_SOCKET.message, messageFields({ ...part, isLast: false }));
    expect(held.bytes - before).toBeGreaterThan(MESSAGE_PART_BYTES);
    receive(FROM_SOCKET.message, messageFields({ ...part, isLast: true }));
    expect([ends.length, held.bytes]).toEqual([1, before]);
  });

  it('holds nothing of a message that has come', () => {
    const held = { bytes: 0 };
    const { receive, ends } = openScene(held);
    const part = { bytes: new Uint8Array(MESSAGE_PART_BYTES), isText: false };
    receive(FROM_SOCKET.message, messageFields({ ...part, isLast: false }));
    receive(FROM_SOCKET.message, messageFields({ ...part, isLast: true }));
    expect([ends, held.bytes]).toEqual([[], 0]);
  });
});
