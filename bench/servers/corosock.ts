// Echo as a conversation, with every option at its default.

import { serve } from 'corosock';
import type { ServerSocket } from 'corosock';
import { answerForServer } from '../server-answers.ts';

/** The longest message of any scenario: one read takes it whole. */
const MESSAGE_LENGTH = 65_536;

async function echo(ws: ServerSocket): Promise<void> {
  while (true) {
    const [data, status] = await ws.read(MESSAGE_LENGTH);
    if (status !== 'ok') return;
    await ws.write(data);
  }
}

const host = await serve(echo);
answerForServer(host.port);
