// Hostile handshakes: each request on a connection of its own, and the status that comes back.

import { once } from 'node:events';
import { HOSTILE_REQUESTS } from './hostile-requests.ts';
import { dial, statusOf } from './peer.ts';
import type { Figure, Row } from './row.ts';
import { withSubject } from './subject.ts';
import type { Kind } from './subject.ts';

/** How the requests of the table were answered. */
interface Answers {
  readonly wrong: readonly string[];
  readonly starts: number;
}

async function attack(kind: Kind): Promise<Answers> {
  return withSubject(kind, { conduct: 'silent' }, async (subject, port) => {
    const wrong: string[] = [];
    for (const { what, bytes, statuses } of HOSTILE_REQUESTS) {
      const socket = await dial(port);
      socket.write(bytes);
      const status = await Promise.race([statusOf(socket), silence(socket)]);
      if (!statuses.includes(status)) wrong.push(`${what}: ${status}`);
      socket.destroy();
      if (!socket.closed) await once(socket, 'close');
    }
    return { wrong, starts: await subject.ask({ ask: 'starts' }) };
  });
}

/** Ends our side after a while: a request that is not whole is waited for. */
async function silence(socket: { end: () => void }): Promise<number> {
  await new Promise((resolve) => setTimeout(resolve, 1000));
  socket.end();
  await new Promise((resolve) => setTimeout(resolve, 1000));
  return -1;
}

function show({ wrong, starts }: Answers): string {
  return `${wrong.length} other answers, ${starts} starts`;
}

async function measure(): Promise<readonly Figure[]> {
  const ours = await attack('corosock');
  const raw = await attack('raw-ws');
  for (const line of ours.wrong) process.stderr.write(`  not as documented: ${line}\n`);
  return [
    {
      what: `hostile handshakes: ${HOSTILE_REQUESTS.length} raw requests`,
      ours: show(ours),
      raw: show(raw),
      limit: '0 other answers, 0 starts',
      isKept: HOSTILE_REQUESTS.length >= 150 && ours.wrong.length === 0 && ours.starts === 0,
    },
  ];
}

export const HOSTILE: Row = { name: 'hostile', measure };
