// A hundred thousand reads with a time-out of 1 ms while messages come at any moment: none is lost,
// doubled or out of order.

import { setTimeout as delay } from 'node:timers/promises';
import { serve } from 'corosock';
import { connect } from 'corosock/client';
import type { Figure, Row } from './row.ts';

const READS = 100_000;
const SOCKETS = 100;

interface Count {
  reads: number;
  timeouts: number;
  messages: number;
  /** Messages that are not the next one of their socket. */
  wrong: number;
}

async function race(): Promise<Count & { readonly sent: number }> {
  const count: Count = { reads: 0, timeouts: 0, messages: 0, wrong: 0 };
  let sent = 0;
  await using host = await serve(async (ws) => {
    let expected = 0;
    for (;;) {
      const [data, status] = await ws.read(100, 1);
      count.reads += 1;
      if (status === 'closed') return;
      if (status === 'timeout') count.timeouts += 1;
      else {
        count.messages += 1;
        if (data !== String(expected)) count.wrong += 1;
        expected += 1;
      }
    }
  });
  const clients = Array.from({ length: SOCKETS }, async () => {
    const ws = await connect(host.url);
    for (let message = 0; count.reads < READS; message += 1) {
      await ws.write(String(message));
      sent += 1;
      await delay(Math.random() * 3);
    }
    await ws.close();
  });
  await Promise.all(clients);
  return { ...count, sent };
}

async function measure(): Promise<readonly Figure[]> {
  const { reads, timeouts, messages, wrong, sent } = await race();
  return [
    {
      what: `${reads} reads with a time-out of 1 ms, of which ${timeouts} gave timeout: messages lost or wrong`,
      ours: `${sent - messages + wrong} of ${sent}`,
      limit: '0',
      isKept: sent === messages && wrong === 0 && reads >= READS && timeouts > 0,
    },
  ];
}

export const READS_ROW: Row = { name: 'reads', measure };
