// A hundred thousand connections that open, say something and close: what the server has left of
// them.

import { once } from 'node:events';
import { maskedFrame } from '../frames.ts';
import { openSocket } from './peer.ts';
import type { Figure, Row } from './row.ts';
import { withSubject } from './subject.ts';
import type { Kind } from './subject.ts';

const CYCLES = 100_000;
const WARM_UP = 5000;
const AT_ONCE = 50;
const MOST_HEAP_BYTES = 2_000_000;

const MESSAGE = maskedFrame(Buffer.from('hello'));
/** A masked close frame, code 1000. */
const CLOSE = ((frame: Buffer): Buffer => {
  frame[0] = 0x88;
  return frame;
})(maskedFrame(Buffer.from([0x03, 0xe8])));

async function cycle(port: number, count: number): Promise<void> {
  let left = count;
  const work = async (): Promise<void> => {
    while (left > 0) {
      left -= 1;
      const socket = await openSocket(port);
      socket.resume();
      socket.write(MESSAGE);
      await once(socket, 'data');
      socket.write(CLOSE);
      await once(socket, 'end');
      // A reset frees the port at once: closed in order, it would wait for a minute.
      socket.resetAndDestroy();
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, work));
}

interface Left {
  readonly heapBytes: number;
  readonly sockets: number;
  readonly timers: number;
  readonly files: number;
}

async function leftBy(kind: Kind): Promise<Left> {
  return withSubject(kind, { conduct: 'echo' }, async (subject, port) => {
    await cycle(port, WARM_UP);
    const heap = await subject.ask({ ask: 'heap' });
    const timers = await subject.ask({ ask: 'timers' });
    const files = await subject.ask({ ask: 'files' });
    await cycle(port, CYCLES);
    return {
      heapBytes: (await subject.ask({ ask: 'heap' })) - heap,
      sockets: await subject.ask({ ask: 'sockets' }),
      timers: (await subject.ask({ ask: 'timers' })) - timers,
      files: (await subject.ask({ ask: 'files' })) - files,
    };
  });
}

function show({ heapBytes, sockets, timers, files }: Left): string {
  return `${(heapBytes / 1000).toFixed(0)} kB; ${sockets} sockets, ${timers} timers, ${files} files`;
}

async function measure(): Promise<readonly Figure[]> {
  const ours = await leftBy('corosock');
  const raw = await leftBy('raw-ws');
  return [
    {
      what: `left by ${CYCLES} connections: heap; sockets, timers, files`,
      ours: show(ours),
      raw: show(raw),
      limit: 'at most 2000 kB; none',
      isKept: ours.heapBytes <= MOST_HEAP_BYTES && ours.sockets === 0 && ours.timers <= 0 && ours.files <= 0,
    },
  ];
}

export const CYCLES_ROW: Row = { name: 'cycles', measure };
