// A line of the load generator without a server: a spec says when which echo comes.

import { EventEmitter } from 'node:events';
import type { Socket } from 'node:net';
import { DIALECTS } from '../../bench/dialects.ts';
import { echoFrame, textOf } from '../../bench/frames.ts';
import type { Line } from '../../bench/traffic.ts';

/** A masked frame of one byte of text. */
const FRAME_BYTES = 7;

/** A socket that keeps what is sent on it. */
export class FakeSocket extends EventEmitter {
  sentBytes = 0;
  /** Called with each chunk that is sent. Default: nothing comes. */
  onWrite: () => void = () => {};

  /** Messages of one byte. */
  get sent(): number {
    return this.sentBytes / FRAME_BYTES;
  }

  write(chunk: Buffer): boolean {
    this.sentBytes += chunk.length;
    this.onWrite();
    return true;
  }

  /** Echoes of messages of one byte, in one chunk. */
  answer(times = 1): void {
    const echo = echoFrame(textOf(1));
    this.emit('data', Buffer.alloc(times * echo.length, echo));
  }
}

export function fakeLine(...sockets: readonly FakeSocket[]): Line {
  return { sockets: sockets as unknown as readonly Socket[], dialect: DIALECTS.plain };
}
