// A receive queue over a link that only remembers what it was told.

import { ReceiveQueue } from '../../src/conversation/receive-queue.ts';
import type { QueueLimits } from '../../src/conversation/queue-limits.ts';
import { bytesOf } from '../../src/core/data.ts';
import type { Data } from '../../src/core/data.ts';

/** A queue, its link, and what a conversation does with both. */
export interface RegulatedQueue {
  readonly queue: ReceiveQueue;
  /** What the link was told: `pause`, `resume`. */
  readonly flow: string[];
  /** Puts messages in as the conversation does. @returns What `regulate` said of each. */
  readonly put: (...messages: readonly Data[]) => readonly boolean[];
  /** Takes all messages whole. */
  readonly takeAll: () => readonly Data[];
}

export function regulatedQueue(limits: Partial<QueueLimits> = {}): RegulatedQueue {
  const flow: string[] = [];
  const queue = new ReceiveQueue(
    { maxMessageBytes: 1000, queueMessages: 64, queueBytes: 1000, overflow: 'pause', ...limits },
    { pause: () => flow.push('pause'), resume: () => flow.push('resume') },
  );
  const put = (...messages: readonly Data[]): readonly boolean[] =>
    messages.map((data) => {
      queue.push(data, bytesOf(data));
      return queue.regulate();
    });
  const takeAll = (): readonly Data[] => Array.from({ length: queue.messages }, () => queue.take(Infinity));
  return { queue, flow, put, takeAll };
}
