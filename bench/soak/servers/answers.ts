// What both servers under soak tell of their process.

import { readdirSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';
import type { Order, ProcessAsk } from '../subject.ts';

/** What the parent has ordered. The process ends with its server, whether the parent lives or not. */
export function readOrder(): Order {
  setImmediate(() => process.channel?.unref());
  return JSON.parse(process.argv[2] ?? '{}') as Order;
}

/** Collects more than once: finalizers let go late. */
async function collect(): Promise<void> {
  for (let round = 0; round < 4; round += 1) {
    globalThis.gc?.();
    await delay(50);
  }
}

/** Answers what is asked of every server. */
export async function answerForProcess(ask: ProcessAsk): Promise<number> {
  switch (ask) {
    case 'resident':
      return process.memoryUsage.rss();
    case 'settled':
      await collect();
      return process.memoryUsage.rss();
    case 'heap':
      await collect();
      return process.memoryUsage().heapUsed;
    case 'timers':
      return process.getActiveResourcesInfo().filter((kind) => kind === 'Timeout').length;
    case 'files':
      return readdirSync('/proc/self/fd').length;
    default:
      return ask satisfies never;
  }
}
