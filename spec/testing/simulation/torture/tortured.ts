// Handlers and scenarios under torture, for the specs of torture.

import { expect } from 'vitest';
import type { Handler, ServerSocket } from 'corosock';
import { SimulationError, torture } from 'corosock/testing';
import type { TortureOptions, WorldClient } from 'corosock/testing';

/** Answers each message, waits 20 s for the next, and cares for the end. */
export const good: Handler = async (ws) => {
  for (;;) {
    const [data, status] = await ws.readMessage({ timeoutMs: 20_000 });
    if (status === 'closed') return;
    if (status === 'timeout') return void (await ws.endServer(4008, 'Too slow'));
    await ws.write(data, { timeoutMs: 5000 });
  }
};

/** Sends two messages, and wants both back. */
export async function twoMessages(client: WorldClient): Promise<void> {
  for (const text of ['a', 'b']) {
    await client.write(text);
    expect(await client.readMessage()).toEqual([text, 'ok']);
  }
  await client.close();
}

/** How a read has ended: with a time-out, or with this close code. */
export type ReadEnd = 'timeout' | number;

/** Answers each message, and runs something when a read has ended otherwise. */
export function atEnd(planted: (ws: ServerSocket, end: ReadEnd) => unknown): Handler {
  return async (ws) => {
    for (;;) {
      const [data, status] = await ws.readMessage({ timeoutMs: 20_000 });
      if (status === 'closed') return void (await planted(ws, ws.closeInfo?.code ?? 0));
      if (status === 'timeout') return void (await planted(ws, 'timeout'));
      await ws.write(data);
    }
  };
}

/** Gives the error with which a handler does not survive. */
export async function failure(handler: Handler, options: TortureOptions = {}): Promise<SimulationError> {
  const error: unknown = await torture(handler, twoMessages, options).catch((thrown: unknown) => thrown);
  expect(error).toBeInstanceOf(SimulationError);
  return error as SimulationError;
}
