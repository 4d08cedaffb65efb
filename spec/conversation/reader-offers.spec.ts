// What a reader offers beside reads: messages to `onClientMessage` first, and a source to `select`.

import { describe, expect, it } from 'vitest';
import { ScriptedBudget } from './scripted-budget.ts';
import { scripted } from './scripted-transport.ts';
import type { ReadView } from '../../src/conversation/pending-read.ts';
import { LAST_CLOSED_READ } from '../../src/conversation/read-mistakes.ts';

describe('a message that a hook is offered first', () => {
  function offering() {
    const all = scripted({}, undefined, undefined, 'many');
    const arrivals: unknown[] = [];
    all.conversation.reader.offerFirst(() => void arrivals.push(all.conversation.reader.unoffered));
    return { ...all, arrivals };
  }

  it('is told with each arrival, and no read takes it before', async () => {
    const { link, ws, clock, arrivals } = offering();
    const read = ws.read(10, 5);
    link.arrive('a', 'b');
    clock.tick(5);
    expect([arrivals, await read, ws.queued.messages]).toEqual([['a', 'a'], [undefined, 'timeout'], 2]);
  });

  it('goes to the read that waits when it is released, and to none when it is dropped', async () => {
    const { link, ws, conversation } = offering();
    const reads = [ws.read(), ws.read()];
    link.arrive('a', 'b', 'c');
    conversation.reader.releaseOffered();
    conversation.reader.dropOffered();
    conversation.reader.releaseOffered();
    expect([await Promise.all(reads), conversation.reader.unoffered]).toEqual([
      [
        ['a', 'ok'],
        ['c', 'ok'],
      ],
      undefined,
    ]);
  });

  it('ends the reads that wait when it is dropped as the last one after the end', async () => {
    const { link, ws, conversation } = offering();
    const read = ws.read();
    link.arrive('a');
    link.end();
    conversation.reader.dropOffered();
    expect(await read).toEqual([undefined, 'closed']);
  });
});

describe('what select takes', () => {
  const viewOf = (): ReadView => ({ binaryData: false, atEnd: true, closedReads: 0, inHand: undefined });

  it('is ready with a message that no read waits for, and is told when one comes', () => {
    const { link, ws, conversation } = scripted();
    const { reader } = conversation;
    const seen: unknown[] = [];
    const unsubscribe = reader.subscribe(() => void seen.push(reader.takeMessage(viewOf())), viewOf());
    void ws.read();
    link.arrive('read');
    expect([reader.isReady, seen]).toEqual([false, []]);
    link.arrive('a');
    unsubscribe();
    link.arrive('b');
    expect([reader.isReady, seen, reader.takeMessage(viewOf())]).toEqual([true, [['a', 'ok']], ['b', 'ok']]);
  });

  it('is nothing while nothing has come', () => {
    expect(scripted().conversation.reader.takeMessage(viewOf())).toEqual([undefined, 'timeout']);
  });

  it('is the end, which throws when it is taken for the hundredth time', () => {
    const { link, conversation } = scripted();
    const view = viewOf();
    link.end();
    for (let n = 1; n < LAST_CLOSED_READ; n += 1)
      expect(conversation.reader.takeMessage(view)).toEqual([undefined, 'closed']);
    expect(() => conversation.reader.takeMessage(view)).toThrow('select(): expected the loop to end');
  });

  it('comes under the clock, the deadlines and the budget of the host, and the spin guard of its reads', () => {
    const budget = new ScriptedBudget([false]);
    const { clock, conversation } = scripted({ budget });
    const { scheduling } = conversation.reader;
    expect([scheduling.clock, scheduling.budget]).toEqual([clock, budget]);
    expect(conversation.reader.scheduling.spin).toBe(scheduling.spin);
  });
});
