// Scenarios of one word of a handler, in a process of its own: what a call takes, and what it
// leaves.

import type { OperationName } from './operations.ts';
import { MEASURED, server } from './our-servers.ts';
import type { InProcessScenario, KeptScenario } from './scenario.ts';

/** What the words of a handler are compared with. */
const PLAIN_AWAIT = 'a plain await';

/** @param most - ns. */
export function inProcess(name: string, operation: OperationName, most: number): InProcessScenario {
  return {
    kind: 'in process',
    name: `in process, ${name}`,
    sameWork: 'one call after another, each awaited; what comes is sent over a link in memory',
    servers: [server(PLAIN_AWAIT, 'in-process'), server(MEASURED, 'in-process')],
    beside: PLAIN_AWAIT,
    operation,
    besideOperation: 'plain await',
    limit: { by: 'itself', bound: 'at most', value: most },
  };
}

/** @param most - Bytes for each call. */
export function kept(
  name: string,
  operation: OperationName,
  most: number,
  times: number = 1_000_000,
): KeptScenario {
  return {
    kind: 'kept',
    name: `kept after ${name}`,
    sameWork: 'one call after another, each awaited; the heap is looked at after full collections',
    servers: [server(MEASURED, 'in-process')],
    beside: PLAIN_AWAIT,
    operation,
    times,
    limit: { by: 'itself', bound: 'at most', value: most },
  };
}
