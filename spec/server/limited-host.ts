// A host with streams in memory and a virtual clock, and clients that it counts.

import type { HostOptions, Routes } from 'corosock';
import { settle, virtualClock } from 'corosock/testing';
import type { VirtualClock } from 'corosock/testing';
import { parseUpgrade } from '../fixtures/parsed-request.ts';
import { writtenStream } from '../fixtures/written-stream.ts';
import type { WrittenStream } from '../fixtures/written-stream.ts';
import { settingsOf } from '../../src/server/host-options.ts';
import { RouteTable } from '../../src/server/routes.ts';
import { ServingHost } from '../../src/server/serving-host.ts';

/** What a client is, so far as the limits see it. */
export interface Client {
  readonly path?: string;
  readonly address?: string;
  readonly headers?: Readonly<Record<string, string>>;
}

export interface House {
  readonly host: ServingHost;
  readonly clock: VirtualClock;
  readonly reports: Array<readonly [error: unknown, phase: string]>;
  /** Hands an upgrade over, and waits until nothing more happens. */
  readonly enter: (client?: Client, written?: WrittenStream) => Promise<WrittenStream>;
  /** Hands an upgrade over. @returns Its status, and the seconds of `Retry-After`. */
  readonly status: (client?: Client) => Promise<readonly [status: number, retryAfter: number | undefined]>;
}

export function open(routes: Routes, options: HostOptions = {}): House {
  const clock = virtualClock();
  const reports: Array<readonly [error: unknown, phase: string]> = [];
  const report: HostOptions['report'] = (error, { phase }) => reports.push([error, phase]);
  const settings = settingsOf('spec', { clock, heartbeat: false, report, ...options });
  const host = new ServingHost(new RouteTable(routes), settings, {
    address: undefined,
    close: async () => {},
  });
  const enter = async (
    { path = '/', address, headers = {} }: Client = {},
    written = writtenStream(),
  ): Promise<WrittenStream> => {
    const request = await parseUpgrade({ requestLine: `GET ${path} HTTP/1.1`, headers });
    Object.defineProperty(request.socket, 'remoteAddress', { value: address });
    host.handleUpgrade(request, written.stream, Buffer.alloc(0));
    await settle();
    return written;
  };
  const status = async (client?: Client): Promise<readonly [number, number | undefined]> => {
    const text = (await enter(client)).text();
    const [, seconds] = /^Retry-After: (\d+)\r$/m.exec(text) ?? [];
    return [Number(text.split(' ', 2)[1]), seconds === undefined ? undefined : Number(seconds)];
  };
  return { host, clock, reports, enter, status };
}

export async function enterAll(
  house: House,
  count: number,
  client?: Client,
): Promise<readonly WrittenStream[]> {
  return Promise.all(Array.from({ length: count }, () => house.enter(client)));
}

/** Drops the connection, as a reset does. */
export async function drop({ stream }: WrittenStream): Promise<void> {
  stream.destroy();
  await settle();
}
