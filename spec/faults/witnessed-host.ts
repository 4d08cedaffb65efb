// A host on a port with two kinds of sockets, for specs of faults: on `/` the one
// under attack, which echoes whole messages until it is over and tells what it
// has read and how it ended; on `/bystander` one that must not notice.

import { serve } from 'corosock';
import type { CloseInfo, Data, Host, ServeOptions } from 'corosock';
import { textFrame } from '../peers/frames.ts';
import { openRaw } from '../peers/raw-client.ts';
import type { RawClient, RequestParts } from '../peers/raw-client.ts';

/** What a handler has to tell of its conversation. */
export interface Testimony {
  readonly read: readonly Data[];
  readonly end: CloseInfo;
}

export interface WitnessedHost extends AsyncDisposable {
  readonly host: Host;
  /** The peer of the socket under attack. */
  readonly attacker: RawClient;
  /** What that socket tells when it is over. */
  readonly testimony: Promise<Testimony>;
  /** Whether the other socket, and the process with it, still works. */
  isUnimpressed(): Promise<boolean>;
}

/** Serves both, and connects a raw peer to each. */
export async function witness(
  options: ServeOptions = {},
  request: RequestParts = {},
): Promise<WitnessedHost> {
  let tell: (testimony: Testimony) => void = () => {};
  const testimony = new Promise<Testimony>((resolve) => {
    tell = resolve;
  });
  const host = await serve(
    {
      '/': async (ws) => {
        const read: Data[] = [];
        for (;;) {
          const [data, status] = await ws.readMessage();
          if (status !== 'ok') break;
          read.push(data);
          await ws.write(data);
        }
        tell({ read, end: await ws.closed });
      },
      '/bystander': async (ws) => {
        for await (const data of ws) await ws.write(data);
      },
    },
    // What the attack breaks is told there; these specs look at the socket itself.
    { report: () => {}, ...options },
  );
  const bystander = await openRaw(host.port, { requestLine: 'GET /bystander HTTP/1.1' });
  const attacker = await openRaw(host.port, request);
  return {
    host,
    attacker,
    testimony,
    async isUnimpressed() {
      await bystander.send(textFrame('still there?'));
      return (await bystander.nextText()) === 'still there?';
    },
    async [Symbol.asyncDispose]() {
      attacker[Symbol.dispose]();
      bystander[Symbol.dispose]();
      await host[Symbol.asyncDispose]();
    },
  };
}
