import { describe, expect, it } from 'vitest';
import type { Envelope } from '../../src/hub/envelope.ts';
import { ReceivedLine } from '../../src/hub/received-line.ts';
import { ReceivedSenders } from '../../src/hub/received-senders.ts';

const BODY = new Uint8Array();

function envelope(sequence: number, sincePreviousMs = Infinity, epoch = 1, id = 'a'): Envelope {
  return { kind: 16, node: { id, epoch }, sequence, sincePreviousMs, body: BODY };
}

/** Of a node with this line alone. */
function newLine(): ReceivedLine {
  return new ReceivedLine(new ReceivedSenders({ hear: () => true }));
}

/** In force since 0. */
function line(senders?: ReceivedSenders): ReceivedLine {
  const line = senders === undefined ? newLine() : new ReceivedLine(senders);
  line.restart(0);
  return line;
}

const A = { id: 'a', epoch: 1 };

describe('ReceivedLine', () => {
  it('K10: lets each envelope pass once, in the order of its sender', () => {
    const received = line();
    const sequences = [5, 6, 6, 5, 7, 4];
    expect(sequences.map((sequence) => received.accept(envelope(sequence), 1).kind)).toEqual([
      'next',
      'next',
      'duplicate',
      'duplicate',
      'next',
      'duplicate',
    ]);
  });

  it('counts each sender on its own', () => {
    const received = line();
    expect(
      [envelope(5), envelope(1, 1, 1, 'b'), envelope(6, 1)].map((sent) => received.accept(sent, 9)),
    ).toEqual([{ kind: 'next' }, { kind: 'next' }, { kind: 'next' }]);
  });

  it('lets everything pass of a sender that does not count', () => {
    const received = line();
    expect([received.accept(envelope(0), 1), received.accept(envelope(0), 1)]).toEqual([
      { kind: 'next' },
      { kind: 'next' },
    ]);
  });

  it('tells of a gap where a sequence is missing, with the time since the last one', () => {
    const received = line();
    received.accept(envelope(1), 10);
    expect(received.accept(envelope(3, 1), 25)).toEqual({ kind: 'gap', forMs: 15 });
    expect(received.accept(envelope(2, 1), 26).kind).toBe('duplicate');
    expect(received.accept(envelope(4, 1), 27).kind).toBe('next');
  });

  it('tells of none where the sender has forgotten what it has sent before', () => {
    const received = line();
    received.accept(envelope(1), 10);
    expect(received.accept(envelope(30, Infinity), 200_000).kind).toBe('next');
    expect(received.accept(envelope(32, 1), 200_010).kind).toBe('gap');
  });

  it('tells of a gap where the first envelope is missing that was sent after the line began', () => {
    const received = newLine();
    received.restart(100);
    expect(received.accept(envelope(8, 30), 150)).toEqual({ kind: 'gap', forMs: 50 });
  });

  it('tells of no gap for what was sent before the line began', () => {
    const received = newLine();
    expect(received.accept(envelope(7, 1), 99).kind).toBe('next');
    expect(received.accept(envelope(9, 1), 99).kind).toBe('next');
    received.restart(100);
    expect(received.accept(envelope(12, 51), 150).kind).toBe('next');
    expect(received.accept(envelope(14, 10), 160)).toEqual({ kind: 'gap', forMs: 10 });
  });

  it('tells of a gap rather than of none where both are of one time', () => {
    const received = newLine();
    received.restart(100);
    expect(received.accept(envelope(12, 50), 150).kind).toBe('gap');
  });

  it('decides by the order of the calls within a millisecond', () => {
    const [before, after] = [newLine(), newLine()];
    before.restart(100, 99.5);
    after.restart(100, 99.25);
    expect([before, after].map((line) => line.accept(envelope(12, 50.625), 150).kind)).toEqual([
      'next',
      'gap',
    ]);
  });

  it('tells a loss of which the broker has told no second time, and each later one', () => {
    const received = line();
    received.accept(envelope(1), 10);
    received.restart(100);
    expect(received.accept(envelope(5, 60), 150).kind).toBe('next');
    received.restart(200);
    expect(received.accept(envelope(9, 20), 250).kind).toBe('gap');
  });

  describe('of heartbeats', () => {
    it('tells of a last envelope that has not come two seconds later', () => {
      const received = line();
      received.accept(envelope(1), 10);
      received.told(A, 3, 500, 1000);
      expect([received.isAwaiting, received.overdue(2999), received.overdue(3000)]).toEqual([
        true,
        undefined,
        2990,
      ]);
      expect([received.isAwaiting, received.overdue(9000)]).toEqual([false, undefined]);
    });

    it('tells it of a sender from which nothing has come at all', () => {
      const received = line();
      received.told(A, 3, 500, 1000);
      expect(received.overdue(3000)).toBe(3000);
      expect(received.accept(envelope(4, 1), 3500).kind).toBe('next');
    });

    it('tells nothing where what was told comes in time', () => {
      const received = line();
      received.told(A, 2, 500, 1000);
      received.accept(envelope(1), 1500);
      received.accept(envelope(2, 1), 1500);
      received.told(A, 2, 500, 2000);
      received.told(A, 1, 500, 2000);
      expect([received.isAwaiting, received.overdue(9000)]).toEqual([false, undefined]);
    });

    it('tells nothing of what was sent before the line began', () => {
      const received = newLine();
      received.told(A, 3, 5, 10);
      received.restart(100);
      received.told(A, 3, 51, 150);
      expect(received.isAwaiting).toBe(false);
      received.told(A, 3, 50, 150);
      expect(received.isAwaiting).toBe(true);
    });

    it('tells nothing again that the broker tells while it is awaited', () => {
      const received = line();
      received.accept(envelope(1), 10);
      received.told(A, 3, 500, 1000);
      received.restart(2000);
      expect([received.isAwaiting, received.overdue(9000)]).toEqual([false, undefined]);
      expect(received.accept(envelope(4, 1), 9000).kind).toBe('next');
    });

    it('lets what comes late pass, and tells again where the rest is missing', () => {
      const received = line();
      received.accept(envelope(1), 10);
      received.told(A, 4, 500, 1000);
      received.overdue(3000);
      expect(received.accept(envelope(3, 1), 4000).kind).toBe('next');
      expect(received.isAwaiting).toBe(true);
      expect(received.accept(envelope(5, 1), 4500)).toEqual({ kind: 'gap', forMs: 500 });
      expect(received.isAwaiting).toBe(false);
    });

    it('waits for the rest of what was told behind a gap', () => {
      const received = line();
      received.accept(envelope(1), 10);
      received.told(A, 4, 500, 1000);
      expect(received.accept(envelope(3, 1), 1500).kind).toBe('gap');
      expect(received.overdue(3000)).toBe(1500);
    });
  });

  it('K6: drops what a former self of a node has sent, and tells a gap where that was awaited', () => {
    const received = line();
    received.accept(envelope(7), 1);
    received.told(A, 9, 0, 2);
    expect(received.accept(envelope(1, Infinity, 2), 3).kind).toBe('next');
    expect(received.accept(envelope(8), 4).kind).toBe('stale');
    expect([received.isAwaiting, received.overdue(5)]).toEqual([true, 5]);
    received.told(A, 9, 0, 5);
    expect(received.isAwaiting).toBe(false);
  });

  it('forgets senders of which nothing has come for long, and none that it awaits', () => {
    const senders = new ReceivedSenders({ hear: () => true });
    const received = line(senders);
    received.accept(envelope(7), 1);
    received.accept(envelope(7, Infinity, 1, 'b'), 1);
    received.accept(envelope(7, Infinity, 1, 'c'), 2);
    received.told({ id: 'b', epoch: 1 }, 9, 0, 2);
    senders.forget(2);
    expect(['a', 'b', 'c'].map((id) => received.accept(envelope(7, Infinity, 1, id), 3).kind)).toEqual([
      'next',
      'duplicate',
      'duplicate',
    ]);
    expect(received.isAwaiting).toBe(true);
  });

  describe('what others have sent in the name of a node', () => {
    const LAST = Number.MAX_SAFE_INTEGER;

    it('shuts it out for a minute at most: a greater epoch', () => {
      const received = line();
      received.accept(envelope(1, Infinity, LAST), 10);
      expect(received.accept(envelope(5, 1), 60_009).kind).toBe('stale');
      expect(received.accept(envelope(6, 1), 60_010)).toEqual({ kind: 'gap', forMs: 60_010 });
      expect(received.accept(envelope(7, 1), 60_011).kind).toBe('next');
    });

    it('shuts it out for a minute at most: a greater sequence', () => {
      const received = line();
      received.accept(envelope(4), 9);
      received.told(A, LAST, 0, 9);
      received.accept(envelope(LAST, 1), 10);
      expect(received.accept(envelope(5, 1), 60_009).kind).toBe('duplicate');
      expect(received.accept(envelope(6, 1), 60_010)).toEqual({ kind: 'gap', forMs: 60_000 });
      expect([received.accept(envelope(7, 1), 60_011).kind, received.isAwaiting]).toEqual(['next', false]);
    });

    it('lets gaps be told for a minute at most: a heartbeat with a greater sequence', () => {
      const received = line();
      received.accept(envelope(1), 10);
      received.told(A, LAST, 0, 20);
      received.accept(envelope(2, 1), 30);
      received.told(A, 2, 0, 60_019);
      expect(received.overdue(60_019)).toBe(59_989);
      received.accept(envelope(3, 1), 60_020);
      expect(received.isAwaiting).toBe(true);
      received.told(A, 3, 0, 60_020);
      expect([received.isAwaiting, received.overdue(90_000)]).toEqual([false, undefined]);
      received.told(A, 4, 0, 90_000);
      expect(received.overdue(92_000)).toBe(31_980);
    });
  });
});
