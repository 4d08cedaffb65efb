// A client of the chat in a terminal: what is typed is said, and what others say is printed.

import { createInterface } from 'node:readline';
import { connect } from 'corosock/client';

/** Talks until the chat closes. @param url - `ws://localhost:8083/chat/lobby?name=ada`. */
export async function talk(url: string): Promise<void> {
  const ws = await connect(url);
  createInterface(process.stdin).on('line', (line) => void ws.write(line));
  for await (const line of ws) console.log(String(line));
}
