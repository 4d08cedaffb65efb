// R15 (spec/faults/README.md, "Races and timers"): a close frame right behind a message, on a port.
// The handler still answers the message.

import { serve } from 'corosock';
import type { HostOptions, ServerSocket } from 'corosock';
import { settle, virtualClock } from 'corosock/testing';
import { describe, expect, it } from 'vitest';
import { closeFrame, OPCODE, textFrame } from '../peers/frames.ts';
import { openRaw } from '../peers/raw-client.ts';
import type { RawClient } from '../peers/raw-client.ts';
import { socketOf, staysPending, until } from './until.ts';

/** Answers each message after a turn of the event loop. */
async function answerLate(ws: ServerSocket): Promise<void> {
  for await (const message of ws) {
    await settle();
    await ws.write(`re: ${String(message)}`);
  }
}

/** All frames up to the close frame: text as it is, then the code. */
async function heardBy(client: RawClient): Promise<readonly (string | number)[]> {
  const heard: (string | number)[] = [];
  for (;;) {
    const { opcode, payload } = await client.nextFrame();
    if (opcode === OPCODE.close) return [...heard, payload.length === 0 ? 1005 : payload.readUInt16BE(0)];
    heard.push(payload.toString());
  }
}

const ENDING = Buffer.concat([textFrame('one'), textFrame('two'), closeFrame(4000, 'bye')]);
const ANSWERED = ['re: one', 're: two', 4000];

async function withHost(
  handler: (ws: ServerSocket) => Promise<void>,
  play: (client: RawClient, ws: ServerSocket) => Promise<void>,
  options: HostOptions = {},
): Promise<void> {
  await using host = await serve(handler, options);
  using client = await openRaw(host.port);
  await play(client, await socketOf(host));
}

describe('R15: a close frame behind messages in one segment', () => {
  it.each([1, 2, 3])('is answered after the replies, %i of 3, and the end is clean', async () => {
    await withHost(answerLate, async (client, ws) => {
      await client.send(ENDING);
      expect(await heardBy(client)).toEqual(ANSWERED);
      await client.hangUp();
      await until(() => ws.closeInfo !== undefined);
      expect(ws.closeInfo).toEqual({ code: 4000, reason: 'bye', clean: true, by: 'peer', unread: 0 });
    });
  });

  it('is answered after the replies also where it comes with the request', async () => {
    await using host = await serve(answerLate);
    using client = await openRaw(host.port, {}, ENDING);
    expect(await heardBy(client)).toEqual(ANSWERED);
  });

  it('is answered after the reply of a handler that returns', async () => {
    const replyOnce = async (ws: ServerSocket): Promise<void> => {
      const [message] = await ws.readMessage();
      await settle();
      expect(await ws.write(`re: ${String(message)}`)).toBe('ok');
    };
    await withHost(replyOnce, async (client) => {
      await client.send(Buffer.concat([textFrame('one'), closeFrame(4000)]));
      expect(await heardBy(client)).toEqual(['re: one', 4000]);
    });
  });

  it('is answered after the replies to a peer that has ended its side, too', async () => {
    await withHost(answerLate, async (client, ws) => {
      const sending = client.send(ENDING);
      client.halfClose();
      await sending;
      expect(await heardBy(client)).toEqual(ANSWERED);
      expect(await client.untilClosed()).toBe('fin');
      await until(() => ws.closeInfo !== undefined);
      expect(ws.closeInfo).toMatchObject({ code: 4000, clean: true, by: 'peer' });
    });
  });

  it('does not abort ws.signal before the reply', async () => {
    const aborted: boolean[] = [];
    const reply = async (ws: ServerSocket): Promise<void> => {
      await ws.readMessage();
      await settle();
      aborted.push(ws.signal.aborted);
      await ws.write('late');
    };
    await withHost(reply, async (client) => {
      await client.send(Buffer.concat([textFrame('one'), closeFrame(1000)]));
      expect(await heardBy(client)).toEqual(['late', 1000]);
      expect(aborted).toEqual([false]);
    });
  });

  it('is answered through a pipe of streams', async () => {
    const upper = async (ws: ServerSocket): Promise<void> => {
      const shout = new TransformStream<unknown, string>({
        transform: (message, pipe) => pipe.enqueue(String(message).toUpperCase()),
      });
      await ws.readable.pipeThrough(shout).pipeTo(ws.writable);
    };
    await withHost(upper, async (client) => {
      await client.send(ENDING);
      expect(await heardBy(client)).toEqual(['ONE', 'TWO', 4000]);
    });
  });

  it('is answered at closeTimeoutMs where the handler does nothing; until then a write is sent', async () => {
    const clock = virtualClock();
    let hasRead = false;
    const reads = async (ws: ServerSocket): Promise<void> => {
      await ws.readMessage();
      hasRead = true;
      await new Promise(() => {});
    };
    const play = async (client: RawClient, ws: ServerSocket): Promise<void> => {
      await client.send(Buffer.concat([textFrame('one'), closeFrame(4000)]));
      await until(() => hasRead);
      const heard = heardBy(client);
      await clock.advance(59_999);
      expect(await ws.write('in time')).toBe('ok');
      expect(await staysPending(heard)).toBe(true);
      await clock.advance(1);
      expect(await heard).toEqual(['in time', 4000]);
      expect(await ws.write('too late')).toBe('closed');
      await client.hangUp();
      await until(() => ws.closeInfo !== undefined);
      expect(ws.closeInfo).toMatchObject({ code: 4000, clean: true, by: 'peer' });
      await clock.advance(60_000);
    };
    await withHost(reads, play, { clock, closeTimeoutMs: 60_000, report: () => {} });
  });

  it('has the code of the peer, and is not clean, where the peer resets before the answer', async () => {
    await withHost(
      async (ws) => {
        await ws.readMessage();
        await new Promise((resolve) => ws.signal.addEventListener('abort', resolve));
      },
      async (client, ws) => {
        await client.send(Buffer.concat([textFrame('one'), closeFrame(4000)]));
        await settle();
        client.reset();
        await until(() => ws.closeInfo !== undefined);
        expect(ws.closeInfo).toMatchObject({ code: 4000, reason: '', clean: false, by: 'peer', unread: 0 });
        expect(ws.closeInfo?.cause).toMatchObject({ code: 'ECONNRESET' });
      },
    );
  });
});

describe('R15: a close frame is answered at once', () => {
  it.each<readonly [what: string, handler: (ws: ServerSocket) => Promise<void>]>([
    ['has read nothing', async () => await new Promise(() => {})],
    [
      'has asked for ws.closed',
      async (ws) => {
        await ws.readMessage();
        await ws.closed;
      },
    ],
    [
      'waits in a read again',
      async (ws) => {
        await ws.readMessage();
        await ws.readMessage();
      },
    ],
    [
      'discards',
      async (ws) => {
        await ws.readMessage();
        ws.discard();
        await new Promise(() => {});
      },
    ],
  ])('where the handler %s', async (_, handler) => {
    const clock = virtualClock();
    await withHost(
      handler,
      async (client, ws) => {
        await client.send(Buffer.concat([textFrame('one'), closeFrame(4000)]));
        expect(await heardBy(client)).toEqual([4000]);
        await client.hangUp();
        await until(() => ws.closeInfo !== undefined);
        await clock.advance(5000);
      },
      { clock, report: () => {} },
    );
  });
});
