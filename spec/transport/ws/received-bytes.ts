// What a server's transport makes of the bytes of a client, which come in chunks: the messages, the
// end, and whether a paused link has kept still. receive-lane.spec.ts compares the lane with `ws`.

import { setImmediate as nextTurn } from 'node:timers/promises';
import { acceptOver, ScriptedStream } from './scripted-stream.ts';
import type { WsAcceptorOptions } from '../../../src/transport/ws/acceptor.ts';
import type { LinkEnd } from '../../../src/core/close-info.ts';
import type { Data } from '../../../src/core/data.ts';
import { propertyOf } from '../../../src/core/object-like.ts';

/** How a client is received. */
export interface Reception {
  readonly chunks: readonly Buffer[];
  /** The link is paused when so many messages have come, at each of these counts. */
  readonly pauses?: readonly number[];
  /** Messages after which the sink closes, or terminates. */
  readonly leaving?: { readonly after: number; readonly by: 'close' | 'terminate' } | undefined;
  /** How the client ends the link behind its last chunk. Default 'end'. */
  readonly ends?: 'end' | 'reset';
  readonly options?: Partial<WsAcceptorOptions>;
}

export interface Received {
  /** Text as it is, binary in hex, with the size on the wire. */
  readonly messages: readonly string[];
  readonly end: readonly unknown[];
  /** Messages that came while the link was paused, before an end had begun. */
  readonly whilePaused: number;
  /** What the server has sent. */
  readonly sent: string;
}

/** Receives chunks one a turn; each pause lasts for two of them. */
export async function receive(reception: Reception): Promise<Received> {
  const { chunks, pauses = [], leaving, ends = 'end', options } = reception;
  const stream = new ScriptedStream();
  const transport = acceptOver(stream, options);
  const messages: string[] = [];
  let end: readonly unknown[] | undefined;
  let whilePaused = 0;
  let isPaused = false;
  let hasLeft = false;
  transport.open({
    receive(data, bytes) {
      messages.push(`${plain(data)} of ${bytes}`);
      const isOpen = !stream.destroyed && !stream.readableEnded && !hasLeft;
      if (isPaused && isOpen) whilePaused += 1;
      if (pauses.includes(messages.length)) {
        isPaused = true;
        transport.pause();
      }
      if (messages.length !== leaving?.after) return;
      hasLeft = true;
      transport[leaving.by](4000, 'leaving');
    },
    begin() {},
    drain() {},
    stall() {},
    peerClosed: () => void setImmediate(() => transport.close(1000, '')),
    end: (how) => void (end = shown(how)),
  });
  const resume = (): void => {
    if (isPaused) transport.resume();
    isPaused = false;
  };
  for (const [index, chunk] of chunks.entries()) {
    stream.push(Buffer.from(chunk));
    await nextTurn();
    if (index % 2 === 1) resume();
  }
  if (ends === 'end') stream.push(null);
  else stream.destroy(Object.assign(new Error('read ECONNRESET'), { code: 'ECONNRESET' }));
  for (let turns = 0; end === undefined && turns < 1000; turns += 1) {
    resume();
    await nextTurn();
  }
  const sent = Buffer.concat(stream.writes.slice(1)).toString('hex');
  return { messages, end: end ?? ['none'], whilePaused, sent };
}

/** Cuts bytes at some places. */
export function cutAt(bytes: Buffer, places: readonly number[]): readonly Buffer[] {
  const ends = [...new Set([...places, bytes.length])].filter((at) => at > 0).toSorted((a, b) => a - b);
  return ends.map((to, index) => bytes.subarray(ends[index - 1] ?? 0, to));
}

function plain(data: Data): string {
  return typeof data === 'string' ? `text ${data}` : `bytes ${Buffer.from(data).toString('hex')}`;
}

function shown({ code, reason, by, clean, cause }: LinkEnd): readonly unknown[] {
  return [code, reason, by, clean, propertyOf(cause, 'code')];
}
