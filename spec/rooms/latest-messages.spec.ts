// What waits for one slow member is bounded, in messages and in bytes.

import { describe, expect, it } from 'vitest';
import { LatestMessages, MAX_WAITING_BYTES, MAX_WAITING_MESSAGES } from '../../src/rooms/latest-messages.ts';
import { OutgoingMessage } from '../../src/rooms/outgoing-message.ts';
import { scripted } from '../conversation/scripted-transport.ts';

interface Waiting {
  add(data: string, key?: string): string;
  /** The peer takes everything; then there is no room again. */
  drain(): void;
  readonly sent: number;
}

function waiting(): Waiting {
  const { link, conversation } = scripted({ writeBufferBytes: 1 });
  const { writer } = conversation;
  const fill = (): void => void writer.offer('full', { binary: false, compress: true });
  fill();
  const latest = new LatestMessages();
  return {
    add: (data, key) => {
      const message = new OutgoingMessage(data);
      return latest.add(writer, message, message.optionsFor({ isBinary: false }), key);
    },
    drain() {
      while (link.bufferedBytes > 0) link.take();
      fill();
    },
    get sent() {
      return link.sentData.filter((data) => data !== 'full').length;
    },
  };
}

describe('the messages that wait for one member', () => {
  it(`are at most ${MAX_WAITING_MESSAGES}: a further key is skipped, one that waits is replaced`, () => {
    const { add, drain } = waiting();
    for (let key = 0; key < MAX_WAITING_MESSAGES; key += 1) expect(add('x', String(key))).toBe('accepted');
    expect([add('x', 'more'), add('x'), add('y', '7')]).toEqual(['skipped', 'skipped', 'replaced']);
    drain();
    expect(add('x', 'more')).toBe('accepted');
  });

  it('are at most a mebibyte, but for one that is larger', () => {
    const { add, drain } = waiting();
    const half = 'x'.repeat(MAX_WAITING_BYTES / 2);
    expect([add(half, 'a'), add(half, 'b'), add('x', 'c')]).toEqual(['accepted', 'accepted', 'skipped']);
    expect([add(`${half}x`, 'b'), add('small', 'b'), add('x', 'c')]).toEqual([
      'skipped',
      'replaced',
      'accepted',
    ]);
    drain();
    const large = 'x'.repeat(MAX_WAITING_BYTES + 1);
    expect([add(large, 'a'), add(`${large}x`, 'a'), add('x', 'b')]).toEqual([
      'accepted',
      'replaced',
      'skipped',
    ]);
  });

  it('count until they are sent, whatever has replaced them', () => {
    const all = waiting();
    all.add('a1', 'a');
    all.add('barrier');
    all.add('a2', 'a');
    all.add('a3', 'a');
    all.drain();
    expect(all.sent).toBe(3);
    for (let key = 0; key < 10; key += 1) all.add('x', String(key));
    all.drain();
    expect(all.sent).toBe(13);
  });
});
