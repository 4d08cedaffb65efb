// A node that serves nothing, and opens the sockets of another one by their ids.

import { openHub, select } from 'corosock';
import type { SharedSocket } from 'corosock';
import { brokerOver } from '../broker-clients.ts';
import type { BrokerClientName } from '../broker-clients.ts';
import { textOf } from '../frames.ts';
import { answerParent } from '../parent.ts';
import { middleMicros } from '../round-trips.ts';
import { heapBytes } from '../server-answers.ts';

export type OpenerQuestion =
  /** Ids that it has heard · bytes, after full collections. */
  | { readonly ask: 'heard' | 'heap' }
  /** Opens more; answers with how many handles it holds then. */
  | { readonly ask: 'open'; readonly handles: number }
  /** µs of a call in the middle, on one handle. */
  | { readonly ask: 'writes' | 'reads'; readonly times: number; readonly bytes: number };

/** The limit of the host is beyond it. */
const AT_ONCE = 100;

const [client, brokerPort] = process.argv.slice(2);
const broker = brokerOver(client as BrokerClientName, Number(brokerPort));
const hub = await openHub({ broker });
const health = hub.brokerHealth;
if (health.broker === 'down') await select({ health });
const ids: string[] = [];
const handles: SharedSocket[] = [];

void (async () => {
  for await (const event of hub.room('ids').subscribe({ capacity: 100_000 })) {
    if ('data' in event) ids.push(String(event.data));
  }
})();

answerParent(async (question: OpenerQuestion) => {
  switch (question.ask) {
    case 'heard':
      return ids.length;
    case 'open':
      return open(question.handles);
    case 'heap':
      return heapBytes();
    case 'writes': {
      const text = textOf(question.bytes).toString();
      return middleMicros(question.times, async () => expectOk(await first().write(text)));
    }
    case 'reads':
      return middleMicros(question.times, async () => expectOk((await first().read())[1]));
    default:
      return question satisfies never;
  }
});

async function open(wanted: number): Promise<number> {
  while (handles.length < wanted) {
    const some = ids.slice(handles.length, Math.min(handles.length + AT_ONCE, wanted));
    const opened = await Promise.all(some.map((id) => hub.openServer(id)));
    for (const [ws, status] of opened) {
      if (ws === undefined) throw new Error(`a socket of the other node: ${status}`);
      handles.push(ws);
    }
  }
  return handles.length;
}

function first(): SharedSocket {
  const [handle] = handles;
  if (handle === undefined) throw new Error('no socket was opened');
  return handle;
}

function expectOk(status: string): void {
  if (status !== 'ok') throw new Error(`a socket of the other node: ${status}`);
}
