// A host that a million addresses visit, one handshake each. No port is needed: the program hands
// over upgrades whose streams say from where they come.

import type { IncomingMessage } from 'node:http';
import { Duplex } from 'node:stream';
import { setImmediate as untilNextTurn } from 'node:timers/promises';
import { attach, limitByAddress } from 'corosock';
import { createServer } from 'node:http';
import { answerParent } from '../../parent.ts';
import type { ProcessAsk } from '../subject.ts';
import { answerForProcess } from './answers.ts';

export type AddressQuestion =
  | { readonly ask: ProcessAsk }
  /** Lets so many further addresses visit; answers µs of processor time for each. */
  | { readonly ask: 'visit'; readonly addresses: number };

/** At once: their sockets live until all of them are there. */
const BATCH = 1000;

const HEADERS = {
  host: 'a.example',
  upgrade: 'websocket',
  connection: 'Upgrade',
  'sec-websocket-version': '13',
  'sec-websocket-key': 'dGhlIHNhbXBsZSBub25jZQ==',
};
const RAW_HEADERS = Object.entries(HEADERS).flat();

const host = attach(
  createServer(),
  async (ws) => {
    await ws.closed;
  },
  { limitBy: limitByAddress({ maxSockets: 10, handshakes: { count: 10, perMs: 60_000 } }) },
);

/** A connection that swallows what it is sent. */
class Visitor extends Duplex {
  readonly remoteAddress: string;

  constructor(remoteAddress: string) {
    super();
    this.remoteAddress = remoteAddress;
  }

  override _read(): void {}

  override _write(_chunk: unknown, _encoding: unknown, done: () => void): void {
    done();
  }

  setTimeout(): this {
    return this;
  }

  setNoDelay(): this {
    return this;
  }
}

let visitors = 0;

/** The next address: no two are equal. */
function nextAddress(): string {
  visitors += 1;
  return `2001:db8:${(visitors >> 16).toString(16)}:${(visitors & 0xffff).toString(16)}::1`;
}

async function visit(addresses: number): Promise<number> {
  const { user, system } = process.cpuUsage();
  for (let left = addresses; left > 0; left -= BATCH) {
    const batch = Array.from({ length: Math.min(left, BATCH) }, () => new Visitor(nextAddress()));
    for (const socket of batch) {
      const request = {
        httpVersion: '1.1',
        method: 'GET',
        url: '/',
        headers: { ...HEADERS },
        rawHeaders: [...RAW_HEADERS],
        socket,
      };
      host.handleUpgrade(request as unknown as IncomingMessage, socket, Buffer.alloc(0));
    }
    if (host.sockets.size !== batch.length)
      throw new Error(`${host.sockets.size} sockets of ${batch.length}`);
    for (const socket of batch) socket.destroy();
    while (host.sockets.size > 0) await untilNextTurn();
  }
  const spent = process.cpuUsage({ user, system });
  return (spent.user + spent.system) / addresses;
}

answerParent((question: AddressQuestion) =>
  question.ask === 'visit' ? visit(question.addresses) : answerForProcess(question.ask),
);
