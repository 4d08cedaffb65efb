// Handles of other nodes on the sockets of this one: how many there are, and how many end in a turn.

import { describe, expect, it } from 'vitest';
import { FrameWindow } from '../../src/hub/frame-window.ts';
import type { NodeBus, Receive } from '../../src/hub/node-bus.ts';
import { ENDS_A_TURN, MAX_SERVED, ServedSockets } from '../../src/hub/served-sockets.ts';
import type { SocketOfNode } from '../../src/hub/served-sockets.ts';
import { frameOf, FROM_SOCKET, readFrame, readOpened, TO_SOCKET } from '../../src/hub/socket-frames.ts';
import type { Frame } from '../../src/hub/socket-frames.ts';
import { HandClock, turn } from '../time/hand-clock.ts';

/** Sockets without clients, and a bus that notes. */
class Served {
  readonly clock: HandClock = new HandClock();
  readonly dropped: string[] = [];
  /** The sockets whose handles were released, in order. */
  released: string[] = [];
  readonly sockets: ServedSockets;
  #receive: Receive = () => {};
  #last = new Uint8Array();

  constructor() {
    const bus = {
      clock: this.clock,
      on: (_kind: unknown, receive: Receive) => (this.#receive = receive),
      drop: (reason: string) => void this.dropped.push(reason),
      send: (_node: string, _kind: unknown, body: Uint8Array<ArrayBuffer>) => {
        this.#last = body;
        return Promise.resolve('sent');
      },
    } as unknown as NodeBus;
    const find = (id: string): SocketOfNode => {
      const over = { onAbort: () => () => void this.released.push(id) };
      const conversation = { over, transport: { protocol: '' } };
      return { isShared: true, conversation: conversation as unknown as SocketOfNode['conversation'] };
    };
    this.sockets = new ServedSockets(bus, find, new FrameWindow());
  }

  /** A frame of a handle of the node `b`. @returns The answer. */
  frame(handle: number, type: number, number: number, text = ''): Frame {
    this.#receive({ id: 'b', epoch: 1 }, frameOf(type, handle, number, Buffer.from(text)));
    return readFrame(this.#last) as Frame;
  }

  open(handle: number): string | undefined {
    return readOpened(this.frame(handle, TO_SOCKET.open, 1, `a.${handle}`).fields)?.status;
  }

  /** How many handles were released, by turn. */
  async turns(): Promise<readonly number[]> {
    const turns: number[] = [];
    for (let before = 0; this.released.length > before; await turn()) {
      turns.push(this.released.length - before);
      before = this.released.length;
    }
    return turns;
  }
}

describe('the handles of other nodes', () => {
  it(`are at most ${MAX_SERVED}: the next gets timeout, and is counted`, { timeout: 60_000 }, async () => {
    const served = new Served();
    for (let handle = 1; handle < MAX_SERVED; handle += 1) served.open(handle);
    expect([served.open(MAX_SERVED), served.open(MAX_SERVED + 1), served.dropped]).toEqual([
      'ok',
      'timeout',
      ['busy'],
    ]);
    await served.sockets.close();
  });

  const MANY = 2 * ENDS_A_TURN + 1;
  const all = Array.from({ length: MANY }, (_, index) => `a.${index + 1}`);

  function many(): Served {
    const served = new Served();
    for (let handle = 1; handle <= MANY; handle += 1) served.open(handle);
    return served;
  }

  it.each([
    ['their node is gone', (served: Served) => served.sockets.loseNode('b')],
    ['their host closes', (served: Served) => void served.sockets.close()],
    ['their node is not heard for 90 s', (served: Served) => served.clock.tick(90_000)],
  ])(`end ${ENDS_A_TURN} in a turn where %s, each once and in order`, async (_, end) => {
    const served = many();
    end(served);
    expect(await served.turns()).toEqual([ENDS_A_TURN, ENDS_A_TURN, 1]);
    expect(served.released).toEqual(all);
  });

  it('stay where another node is gone', () => {
    const served = many();
    served.sockets.loseNode('c');
    expect(served.released).toEqual([]);
  });

  it('are unknown as soon as their node is gone, also those that end later', async () => {
    const served = many();
    served.sockets.loseNode('b');
    expect(served.frame(MANY, TO_SOCKET.probe, 2).type).toBe(FROM_SOCKET.lost);
    expect([served.open(MANY), served.released.length]).toEqual(['ok', ENDS_A_TURN]);
    await served.turns();
    // The new one on the same socket stays.
    expect(served.released).toEqual(all);
  });

  it('that were heard meanwhile stay where others end', async () => {
    const served = many();
    served.clock.tick(60_000);
    served.frame(MANY, TO_SOCKET.probe, 2);
    served.clock.tick(30_000);
    await served.turns();
    expect(served.released).toEqual(all.slice(0, -1));
    served.clock.tick(90_000);
    expect(served.released).toEqual(all);
    served.clock.tick(90_000);
    expect(served.clock.timers).toBe(0);
  });
});
