// Pushes a line to one socket by its id, on whichever node that is, from a process that serves
// nothing: a worker that has finished a job, for example.

import { openHub } from 'corosock';
import type { Broker } from 'corosock';

/**
 * Writes to one socket.
 *
 * @param id - `ws.id`, which the handler has given to the job.
 * @returns `ok`: the socket has taken it. Otherwise why not.
 */
export async function push(broker: Broker, id: string, line: string): Promise<string> {
  await using hub = await openHub({ broker });
  const [ws, status] = await hub.openServer(id);
  return ws === undefined ? status : await ws.write(line);
}
