// What the behaviour suite needs on every road: a visit, in which the spec holds both ends of one
// conversation, and loops over reads and writes.

import type { Data, Handler, HostOptions, ServerSocket, Socket, WriteStatus } from 'corosock';
import type { ClientSocket } from 'corosock/client';
import { settle } from 'corosock/testing';
import type { VirtualClock } from 'corosock/testing';
import type { Road, RoadHost, RoadOptions } from './road.ts';

/** One conversation, and the host that it belongs to. `await using` closes the host. */
export interface Visit extends AsyncDisposable {
  readonly stage: RoadHost;
  readonly ws: ServerSocket;
  readonly client: ClientSocket;
}

/** Opens a conversation whose handler waits for its end: the spec reads and writes in its place. */
export async function visit(
  road: Road,
  options: HostOptions = {},
  connection: RoadOptions = {},
): Promise<Visit> {
  let meet: (ws: ServerSocket) => void = () => {};
  const meeting = new Promise<ServerSocket>((resolve) => {
    meet = resolve;
  });
  const stage = await road.serve(async (ws) => {
    meet(ws);
    await ws.closed;
  }, options);
  const client = await stage.connect('/', connection);
  return { stage, client, ws: await meeting, [Symbol.asyncDispose]: () => stage[Symbol.asyncDispose]() };
}

/** Sends back each whole message. */
export const echo: Handler = async (ws) => {
  for (;;) {
    const [data, status] = await ws.readMessage();
    if (status !== 'ok') return;
    await ws.write(data);
  }
};

/** Writes messages one behind the other, and gives the first status that is not `ok`. */
export async function writeAll(socket: Socket, messages: readonly Data[]): Promise<WriteStatus> {
  for (const data of messages) {
    const status = await socket.write(data);
    if (status !== 'ok') return status;
  }
  return 'ok';
}

/** Reads so many whole messages, or all up to the end. */
export async function readAll(socket: Socket, count: number = Infinity): Promise<readonly Data[]> {
  const read: Data[] = [];
  while (read.length < count) {
    const [data, status] = await socket.readMessage();
    if (status !== 'ok') break;
    read.push(data);
  }
  return read;
}

/** Texts that begin with their number, all of one length. */
export function numbered(count: number, length = 0): readonly string[] {
  return Array.from({ length: count }, (_, n) => `${n}`.padEnd(length, '.'));
}

/** Messages as their first 20 characters and their length: what a failure shows of long ones. */
export function briefs(messages: readonly Data[]): ReadonlyArray<readonly [head: string, length: number]> {
  return messages.map((data) => [String(data.slice(0, 20)), data.length]);
}

/**
 * Writes to a peer that does not read until nothing more is taken.
 *
 * @returns The messages that were accepted, in order.
 */
export async function writeUntilFull(socket: Socket, length: number): Promise<readonly string[]> {
  const accepted: string[] = [];
  for (let looks = 0; looks < 10;) {
    const message = `${accepted.length}`.padEnd(length, '.');
    const status = await socket.write(message, { timeoutMs: 0 });
    if (status === 'ok') accepted.push(message);
    looks = status === 'ok' ? 0 : looks + 1;
    if (status !== 'ok') await settle();
  }
  return accepted;
}

/** Moves a clock second by second until something has come of it, at most 500 times. */
export async function advanceUntil(clock: VirtualClock, holds: () => boolean): Promise<void> {
  for (let second = 0; second < 500 && !holds(); second += 1) await clock.advance(1000);
}
