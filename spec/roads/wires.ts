// The behaviour suite, bytes: what a peer that writes frames by hand may expect on each road that is
// a wire. Frames are built in spec/peers/frames.ts.

import type { Handshake, Routes } from 'corosock';
import { describe, expect, it } from 'vitest';
import { until, untilStill } from '../faults/until.ts';
import { closeFrame, frame, OPCODE, textFrame } from '../peers/frames.ts';
import type { RawClient } from '../peers/raw-client.ts';
import type { Road, RoadHost } from './road.ts';
import { echo, readAll } from './scenes.ts';

/** What a handler has read, and how its socket ended. */
interface Story {
  readonly read: unknown[];
  end?: unknown;
}

/** Echoes each message, and notes the story. */
function telling(story: Story): Routes {
  return async (ws) => {
    for (const data of await readAll(ws)) story.read.push(data);
    const { code, by, clean } = await ws.closed;
    story.end = [code, by, clean];
  };
}

async function peerOf(stage: RoadHost, firstBytes?: Uint8Array): Promise<RawClient> {
  const peer = (await stage.raw?.({}, firstBytes)) as RawClient;
  expect((await peer.answer()).status).toBe(101);
  return peer;
}

export function wires(road: Road): void {
  describe('a peer', () => {
    it('may send frames together with its request', async () => {
      await using stage = await road.serve(echo);
      using peer = await peerOf(stage, Buffer.concat([textFrame('early'), textFrame('bird')]));
      expect([await peer.nextText(), await peer.nextText()]).toEqual(['early', 'bird']);
    });

    it('gets a pong with the bytes of its ping', async () => {
      await using stage = await road.serve(echo);
      using peer = await peerOf(stage);
      await peer.send(frame({ opcode: OPCODE.ping, payload: Uint8Array.of(0, 255, 1) }));
      expect(await peer.nextFrame()).toEqual({
        opcode: OPCODE.pong,
        fin: true,
        rsv: 0,
        payload: Buffer.of(0, 255, 1),
      });
    });

    it('that breaks a rule gets the code of it, and what came before is read', async () => {
      const story: Story = { read: [] };
      await using stage = await road.serve(telling(story));
      using peer = await peerOf(stage);
      await peer.send(Buffer.concat([textFrame('before'), frame({ opcode: OPCODE.text, mask: false })]));
      expect(await peer.untilCloseFrame()).toEqual({ code: 1002, reason: '' });
      await peer.hangUp();
      await until(() => story.end !== undefined);
      expect(story).toEqual({ read: ['before'], end: [1002, 'protocol', false] });
    });

    it('that sends octet by octet is understood', async () => {
      await using stage = await road.serve(echo);
      using peer = await peerOf(stage);
      await peer.send(textFrame('octet by octet'), 1);
      expect(await peer.nextText()).toBe('octet by octet');
    });

    it.each([
      ['ends its side', 'halfClose'],
      ['resets the link', 'reset'],
    ] as const)('that %s in the middle of a message is lost, and no whole message is', async (_, leave) => {
      const story: Story = { read: [] };
      await using stage = await road.serve(telling(story));
      using peer = await peerOf(stage);
      const half = frame({ opcode: OPCODE.text, payload: 'half', announcedBytes: 100 });
      await peer.send(Buffer.concat([textFrame('whole'), half]));
      await until(() => stage.host.sockets.size === 1);
      const [ws] = stage.host.sockets.values();
      await until(() => ws?.queued.messages === 0 && ws.atEnd);
      await untilStill(() => ws?.queued.messages ?? 0);
      peer[leave]();
      await until(() => story.end !== undefined);
      expect(story).toEqual({ read: ['whole'], end: [1006, 'link', false] });
    });

    it('that sends its last messages and its close in one piece gets all replies, then the close', async () => {
      await using stage = await road.serve(echo);
      using peer = await peerOf(stage);
      await peer.send(Buffer.concat([textFrame('one'), textFrame('two'), closeFrame(4000, 'done')]));
      expect([await peer.nextText(), await peer.nextText()]).toEqual(['one', 'two']);
      expect(await peer.untilCloseFrame()).toEqual({ code: 4000, reason: 'done' });
      expect(await peer.hangUp()).toBe('fin');
    });

    it('that leaves while a hook decides aborts the signal of its handshake', async () => {
      const signals: AbortSignal[] = [];
      await using stage = await road.serve({
        onPreServer: ({ signal }: Handshake) => {
          signals.push(signal);
          return new Promise(() => {});
        },
        server: () => {},
      });
      using peer = (await stage.raw?.()) as RawClient;
      await until(() => signals.length === 1);
      peer.halfClose();
      await until(() => signals[0]?.aborted === true);
      expect(signals[0]?.reason).toMatchObject({ why: 'gone' });
    });
  });
}
