// Follows a room on one of several nodes, and shows what it gets. Where its node is lost it goes on
// with the next one. room-log.ts has the list. The other side: ../follow.ts.

import { connect } from 'corosock/client';
import type { ClientSocket } from 'corosock/client';
import { RoomLog } from './room-log.ts';
import type { Line } from '../follow.ts';

const log = new RoomLog(document.querySelector('ol') as HTMLOListElement);
const nodes = (await (await fetch('/nodes')).json()) as readonly [string, ...string[]];
let attempts = 0;

try {
  for await (const ws of connect.each(nextNode, { maxDelayMs: 1000 })) await show(ws);
} catch (error) {
  log.show('end', 'page', String(error));
}

/** Shows what one node sends, until that ends. */
async function show(ws: ClientSocket): Promise<void> {
  log.begin();
  for (;;) {
    const [data, status] = await ws.readMessage();
    if (status !== 'ok') return;
    log.take(JSON.parse(String(data)) as Line);
  }
}

/** Each attempt goes to the next node, as a load balancer would do it. */
function nextNode(): string {
  const node = nodes[attempts % nodes.length] ?? nodes[0];
  attempts += 1;
  return node;
}
