// What both servers under soak tell of their process.

import { readdirSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';
import type { Order } from '../subject.ts';

/** What the parent has ordered. The process ends with its server, whether the parent lives or not. */
export function readOrder(): Order {
  setImmediate(() => process.channel?.unref());
  return JSON.parse(process.argv[2] ?? '{}') as Order;
}

/** Collects more than once: finalizers let go late. */
export async function collect(): Promise<void> {
  for (let round = 0; round < 4; round += 1) {
    globalThis.gc?.();
    await delay(50);
  }
}

/** @returns undefined for a question about the server's own work. */
export async function answerForProcess(ask: string): Promise<number | undefined> {
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
      return undefined;
  }
}
