// What is sent and has no status yet.

import { describe, expect, it } from 'vitest';
import { SentWrites } from '../../src/hub/sent-writes.ts';
import type { WriteReceipt } from '../../src/hub/sent-writes.ts';

function receipt(told: unknown[]): WriteReceipt {
  return { dueMs: Infinity, sent: () => {}, settle: (status) => void told.push(status) };
}

describe('SentWrites', () => {
  it('counts bytes until their status comes, and tells it once', () => {
    const writes = new SentWrites();
    const told: unknown[] = [];
    writes.sentAs(1, writes.add(10, receipt(told)));
    writes.sentAs(2, writes.add(5, undefined));
    expect([writes.unansweredBytes, writes.has(1), writes.areUnanswered]).toEqual([15, true, true]);
    expect([writes.answer(1, 'timeout'), writes.answer(1, 'ok'), writes.answer(2, 'ok')]).toEqual([
      true,
      false,
      true,
    ]);
    expect([told, writes.answeredBytes, writes.areUnanswered]).toEqual([['timeout'], 15, false]);
  });

  it('tells closed at the end, and keeps what it counted', () => {
    const writes = new SentWrites();
    const told: unknown[] = [];
    writes.sentAs(1, writes.add(10, receipt(told)));
    writes.sentAs(2, writes.add(5, undefined));
    writes.close();
    expect([told, writes.unansweredBytes, writes.areUnanswered]).toEqual([['closed'], 15, false]);
  });
});
