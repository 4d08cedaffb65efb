// What is said by one is published to a room in which all are. A socket that asks for it is filled:
// it is written to until it takes nothing more. Neither a heartbeat nor a time-out of writes: sockets
// that are dead stay.

import { serve } from 'corosock';
import type { ServerSocket } from 'corosock';
import { setTimeout as delay } from 'node:timers/promises';
import { FILL_BYTES } from '../room-traffic.ts';
import { answerForServer } from '../server-answers.ts';

const CHUNK = 'x'.repeat(60_000);
/** The system takes more now and then, while it makes its buffers larger. */
const REFUSALS = 10;

let skipped = 0;

const host = await serve(
  async (ws) => {
    const { room } = await ws.join('all');
    for await (const text of ws) {
      if (text.length === FILL_BYTES) void fill(ws);
      else ({ skipped } = room.publish(text));
    }
  },
  { hostname: '0.0.0.0', port: 0, heartbeat: false, writeTimeoutMs: 3_600_000 },
);
answerForServer(host.port, { skipped: () => skipped });

async function fill(ws: ServerSocket): Promise<void> {
  for (let refusals = 0; refusals < REFUSALS;) {
    const status = await ws.write(CHUNK, { timeoutMs: 0 });
    refusals = status === 'ok' ? 0 : refusals + 1;
    if (refusals > 0) await delay(20);
  }
}
