// A socket with the face of a WebSocket of `ws`: what it emits and in which order, what waits, and
// where errors of listeners go. What it sends: as-ws-sending.spec.ts; the libraries that use it:
// spec/adapters/.

import { asWs } from 'corosock';
import type { Handler, WsView } from 'corosock';
import { runServer, settle, virtualClock } from 'corosock/testing';
import { describe, expect, it, vi } from 'vitest';
import type { WebSocket } from 'ws';
import { ScriptedTransport } from '../conversation/scripted-transport.ts';
import { HandClock, turn } from '../time/hand-clock.ts';
import { MemoryHost } from '../fixtures/memory-host.ts';
import { TurnBudget } from '../../src/time/turn-budget.ts';
import { recorded, texts, viewed } from './viewed-socket.ts';

describe('asWs', () => {
  it('has a type that fits where a WebSocket of ws is asked for', () => {
    const { view } = viewed();
    const socket: WebSocket = view;
    expect([socket.readyState, socket.OPEN, socket.protocol, socket.extensions]).toEqual([1, 1, '', '']);
    expect([view.url, view.isPaused, view.binaryType]).toEqual(['ws://localhost/', false, 'nodebuffer']);
    expect([view.CONNECTING, view.CLOSING, view.CLOSED]).toEqual([0, 2, 3]);
  });

  it('gives the same view to each caller', () => {
    const { view, run } = viewed();
    expect(asWs(run.ws)).toBe(view);
  });

  it.each([[undefined], [{}], [() => {}]])('refuses what is no ws of a handler: %o', (value) => {
    expect(() => asWs(value as never)).toThrow(
      expect.objectContaining({
        code: 'COROSOCK_ARGUMENT',
        message: expect.stringContaining('asWs(): expected the ws of a handler, got ') as string,
      }),
    );
  });

  it('emits text and binary as ws does, then the end', async () => {
    const { client, view } = viewed();
    const events = recorded(view);
    await client.write('text');
    await client.write(new Uint8Array([1, 2]));
    await client.close(4001, 'bye');
    await settle();
    expect(events).toEqual([
      ['message', Buffer.from('text'), false],
      ['message', Buffer.from([1, 2]), true],
      ['close', 4001, Buffer.from('bye'), true],
    ]);
    expect(view.readyState).toBe(view.CLOSED);
  });

  it.each([
    ['nodebuffer', Buffer.from([7, 8])],
    ['arraybuffer', new Uint8Array([7, 8]).buffer],
    ['fragments', [Buffer.from([7, 8])]],
  ] as const)('emits binary in the form of binaryType: %s', async (form, expected) => {
    const { client, view } = viewed();
    view.binaryType = form;
    const events = recorded(view);
    await client.write(new Uint8Array([7, 8]));
    await settle();
    expect(events).toEqual([['message', expected, true]]);
  });

  it('reads text as text, also where the handler has asked for bytes', async () => {
    const memory = new MemoryHost();
    const events: unknown[] = [];
    const { client } = memory.visit(async (ws) => {
      ws.binaryData = true;
      asWs(ws).on('message', (data: Buffer, isBinary: boolean) => void events.push([String(data), isBinary]));
      await ws.closed;
    });
    await client.write('text');
    await settle();
    expect(events).toEqual([['text', false]]);
  });

  it('keeps messages for its first listener, and emits nothing after the end has come', async () => {
    const { client, view } = viewed();
    await client.write('early');
    await client.write('still early');
    await client.close();
    await settle();
    expect(texts(view)).toEqual([]);
    expect(view.readyState).toBe(view.CLOSED);
  });

  it.each(['on', 'once', 'addListener', 'prependListener', 'addEventListener'] as const)(
    'keeps messages until there is a listener, by %s',
    async (method) => {
      const { client, view } = viewed();
      await client.write('early');
      await settle();
      const heard: unknown[] = [];
      const listen = view[method].bind(view) as (event: string, listener: (value: unknown) => void) => void;
      listen('message', (value) => void heard.push(value));
      await settle();
      expect(heard).toEqual([
        method === 'addEventListener'
          ? { type: 'message', target: view, data: 'early' }
          : Buffer.from('early'),
      ]);
    },
  );

  it('keeps the messages behind one that once has taken', async () => {
    const { client, view } = viewed();
    const heard: string[] = [];
    for (const text of ['a', 'b', 'c']) await client.write(text);
    view.once('message', (data: Buffer) => void heard.push(`first ${String(data)}`));
    await settle();
    view.on('message', (data: Buffer) => void heard.push(String(data)));
    await settle();
    expect(heard).toEqual(['first a', 'b', 'c']);
  });

  it('leaves it known where its handler waits', async () => {
    await using run = runServer(
      async (ws) => {
        asWs(ws).on('message', () => {});
        await ws.closed;
      },
      { clock: virtualClock() },
    );
    await run.client;
    await run.waiting;
    expect(run.host.waits()).toMatchObject([
      { waits: 'close', at: expect.stringContaining('as-ws.spec.ts') as string },
    ]);
  });

  it('holds the peer back while it is paused, and loses nothing', async () => {
    const { client, view, run } = viewed({ queueMessages: 2 });
    const heard = texts(view);
    view.pause();
    for (const text of ['1', '2', '3', '4', '5']) await client.write(text);
    await settle();
    expect([heard, view.isPaused, client.bufferedBytes > 0]).toEqual([[], true, true]);
    expect(run.ws.queued.messages).toBeLessThan(5);
    view.resume();
    await settle();
    expect([heard, view.isPaused]).toEqual([['1', '2', '3', '4', '5'], false]);
  });

  it('emits what is left when the conversation ends while it is paused', async () => {
    const { client, view } = viewed();
    const events = recorded(view);
    await client.write('1');
    view.pause();
    await client.write('2');
    await client.close();
    await settle();
    expect(events.map((event) => String((event as unknown[])[1]))).toEqual(['1', '2', '1000']);
  });

  it('leaves the event loop to others after some 6 ms of a turn', async () => {
    const clock = new HandClock();
    const link = new ScriptedTransport();
    const memory = new MemoryHost({ clock, queueMessages: 1000 });
    let emitted = 0;
    memory.converse(
      link,
      (ws) => {
        asWs(ws).on('message', () => {
          emitted += 1;
          clock.nowMs += 1;
        });
      },
      'shared',
    );
    link.arrive(...Array.from({ length: 1000 }, () => 'x'));
    const turns: number[] = [];
    while (emitted < 1000 && turns.length < 20) {
      await turn();
      turns.push(emitted);
    }
    expect([emitted, turns.length > 3]).toEqual([1000, true]);
  });

  it('spends the budget as its socket does', async () => {
    const spend = vi.spyOn(TurnBudget.prototype, 'spend');
    const { client, view, run } = viewed();
    const heard = texts(view);
    await run.ws.write('a');
    const ofSocket = spend.mock.calls.length;
    await client.write('b');
    await settle();
    const spenders = spend.mock.calls.map(([by]) => by);
    spend.mockRestore();
    expect([ofSocket, spenders.length, heard, spenders[2] === spenders[0]]).toEqual([1, 3, ['b'], true]);
  });

  it('takes the reads of the socket', async () => {
    const { view, run, memory } = viewed();
    texts(view);
    await settle();
    await expect(run.ws.read()).rejects.toMatchObject({
      code: 'COROSOCK_CONCURRENT_READ',
      message: 'ws.read(): expected no other read of this socket, but asWs() reads it',
    });
    expect(memory.reports).toEqual([]);
  });

  it('refuses a socket of which a read waits', async () => {
    const memory = new MemoryHost();
    const { client } = memory.visit(async (ws) => {
      const reading = ws.read();
      asWs(ws).on('message', () => {});
      await reading;
      await ws.closed;
    });
    expect(await client.closed).toMatchObject({ code: 1011 });
    expect(memory.reports).toMatchObject([[{ code: 'COROSOCK_CONCURRENT_READ' }, { phase: 'server' }]]);
  });

  it('lives on with a shared socket whose handler has returned', async () => {
    const memory = new MemoryHost();
    const heard: string[] = [];
    const { client } = memory.visit((ws) => {
      asWs(ws).on('message', (data: Buffer) => void heard.push(String(data)));
    }, 'shared');
    await client.write('late');
    await settle();
    expect(heard).toEqual(['late']);
  });

  it('says so where its handler returns at once, and names the line', async () => {
    const memory = new MemoryHost();
    const { client } = memory.visit(async (ws) => void asWs(ws).on('message', () => {}));
    expect(await client.closed).toMatchObject({ code: 1000 });
    await settle();
    expect(memory.reports).toMatchObject([
      [
        {
          code: 'COROSOCK_FORGOTTEN_AWAIT',
          message: expect.stringMatching(
            /^asWs\(\): expected a handler that .* `await ws\.closed`/,
          ) as string,
          stack: expect.stringContaining('as-ws.spec.ts') as string,
        },
        { phase: 'server' },
      ],
    ]);
  });

  it.each<[string, Handler]>([
    ['closes the socket by the view', (ws) => asWs(ws).close(4000)],
    [
      'returns a turn later',
      async (ws) => {
        asWs(ws);
        await turn();
      },
    ],
    [
      'throws, which is reported by itself',
      (ws) => {
        asWs(ws);
        throw new Error('thrown');
      },
    ],
  ])('says nothing of a handler that %s', async (_, handler) => {
    const memory = new MemoryHost();
    const { client } = memory.visit(handler);
    await client.closed;
    await settle();
    const codes = memory.reports.map(([error]) => (error as { readonly code?: string }).code);
    expect(codes.filter((code) => code !== undefined)).toEqual([]);
  });

  it('says nothing of a handler that waits, where a listener fails at the close of the client', async () => {
    const memory = new MemoryHost();
    const { client } = memory.visit(async (ws) => {
      asWs(ws).on('message', () => {
        throw new Error('thrown');
      });
      await ws.closed;
    });
    void client.write('last words');
    void client.close();
    expect(await client.closed).toMatchObject({ code: 1000 });
    await settle();
    expect(memory.reports).toMatchObject([[{ message: 'thrown' }, { phase: 'asWs' }]]);
  });

  it('emits the end when its handler has returned', async () => {
    const memory = new MemoryHost();
    const ends: unknown[] = [];
    const { client } = memory.visit(async (ws) => {
      const view = asWs(ws);
      view.on('close', (code) => void ends.push([code, view.readyState]));
      await new Promise((resolve) => view.once('message', resolve));
    });
    await client.write('enough');
    expect(await client.closed).toMatchObject({ code: 1000 });
    await settle();
    expect(ends).toEqual([[1000, 3]]);
  });
});

describe('errors', () => {
  const broken = new Error('broken');
  const failing: ReadonlyArray<readonly [string, (view: WsView) => void]> = [
    [
      'a listener throws',
      (view) =>
        view.on('message', () => {
          throw broken;
        }),
    ],
    [
      'an asynchronous listener rejects',
      (view) => {
        const listener = async (): Promise<void> => {
          await Promise.resolve();
          throw broken;
        };
        view.on('message', (): unknown => listener());
      },
    ],
    [
      'onmessage throws',
      (view) => {
        // oxlint-disable-next-line unicorn/prefer-add-event-listener -- it is under test
        view.onmessage = () => {
          throw broken;
        };
      },
    ],
    [
      'a callback of send throws',
      (view) =>
        view.send('', () => {
          throw broken;
        }),
    ],
    [
      'a callback of ping throws',
      (view) =>
        view.ping('', false, () => {
          throw broken;
        }),
    ],
  ];
  it.each(failing)('are reported and close with 1011 when %s', async (_, prepare) => {
    const { client, view, memory, run } = viewed();
    prepare(view);
    await client.write('x');
    expect(await client.closed).toMatchObject({ code: 1011 });
    await settle();
    expect(memory.reports).toEqual([[broken, expect.objectContaining({ socketId: run.id, phase: 'asWs' })]]);
    expect(view.readyState).toBe(view.CLOSED);
  });

  it('of a listener of the end are reported', async () => {
    const { client, view, memory } = viewed();
    view.on('close', () => {
      throw broken;
    });
    await client.close();
    await settle();
    expect(memory.reports.map(([error]) => error)).toEqual([broken]);
  });

  it('of the peer are emitted where there is a listener, and never thrown', async () => {
    const memory = new MemoryHost();
    const cause = new RangeError('no frame');
    const [heard, unheard] = [new ScriptedTransport(), new ScriptedTransport()];
    const events: unknown[] = [];
    memory.converse(heard, (ws) => void events.push(recorded(asWs(ws))), 'shared');
    memory.converse(unheard, (ws) => void asWs(ws), 'shared');
    for (const link of [heard, unheard]) link.end({ code: 1002, by: 'protocol', cause });
    await settle();
    expect(events).toEqual([
      [
        ['error', cause],
        ['close', 1002, Buffer.alloc(0), false],
      ],
    ]);
    expect(memory.reports).toEqual([]);
  });

  it('that say what the host has asked for are obedience', async () => {
    const { client, view, run, memory } = viewed();
    view.on('message', () => run.ws.draining.throwIfAborted());
    run.askToFinish();
    await client.write('x');
    expect(await client.closed).toMatchObject({ code: 1001 });
    expect(memory.reports).toEqual([]);
  });
});
