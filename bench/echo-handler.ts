// Echo as a conversation: the handler that the programs in `servers/` have in
// common where they hold one.

import type { ServerSocket } from 'corosock';

/** The longest message of any scenario: one read takes it whole. */
const MESSAGE_LENGTH = 65_536;

/** Sends back what it reads, until the conversation is over. */
export async function echoHandler(ws: ServerSocket): Promise<void> {
  while (true) {
    const [data, status] = await ws.read(MESSAGE_LENGTH);
    if (status !== 'ok') return;
    await ws.write(data);
  }
}
