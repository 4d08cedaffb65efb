// R15 in memory: what a handler owes when its peer has closed, and what that does to the end
// (docs/internals/decisions/last-words.md). Over a wire: faults/links-last-words.spec.ts.

import { select } from 'corosock';
import type { CloseInfo, HostOptions, Servable, ServerSocket } from 'corosock';
import { runServer, settle, virtualClock } from 'corosock/testing';
import { describe, expect, it } from 'vitest';
import { gist, MemoryHost } from '../fixtures/memory-host.ts';
import type { Sharing } from '../fixtures/memory-host.ts';
import { memoryLink } from '../../src/transport/memory-transport.ts';
import type { RecordedEnd } from '../../src/testing/contracts/recorded-link.ts';
import type { HandlerRun } from '../../src/server/handler-run.ts';
import { openEnd } from '../transport/ws/ws-pair.ts';

interface Visit {
  readonly memory: MemoryHost;
  readonly run: HandlerRun;
  readonly peer: RecordedEnd;
}

/** A server, and a peer that reads on after its close frame. */
function visit(server: Servable, sharing: Sharing = 'dedicated', options: HostOptions = {}): Visit {
  const memory = new MemoryHost(options);
  const [near, far] = memoryLink();
  return { memory, run: memory.converse(near, server, sharing), peer: openEnd(far) };
}

/** Sends messages and a close frame in one piece. */
function sayAndClose(peer: RecordedEnd, ...messages: readonly string[]): void {
  for (const message of messages) peer.send(message);
  peer.close(4000, 'bye');
}

const never = async (): Promise<void> => await new Promise(() => {});
const THE_PEERS = { code: 4000, reason: 'bye', clean: true, by: 'peer', unread: 0 };

describe('R15: the last words of a handler', () => {
  it.each<readonly [what: string, handler: (ws: ServerSocket) => Promise<void>]>([
    [
      'in a loop',
      async (ws) => {
        for await (const message of ws) {
          await settle();
          await ws.write(message);
        }
      },
    ],
    [
      'that selects',
      async (ws) => {
        for (;;) {
          const [, [message, status]] = (await select({ ws })) as ['ws', [string, string]];
          if (status !== 'ok') return;
          await settle();
          await ws.write(message);
        }
      },
    ],
    [
      'that parses JSON',
      async (ws) => {
        for (;;) {
          const [value, status] = await ws.readJson();
          if (status !== 'ok') return;
          await settle();
          await ws.writeJson(value);
        }
      },
    ],
    [
      'that polls, and answers all at once',
      async (ws) => {
        const messages: string[] = [];
        while (messages.length < 2) {
          const [message, status] = await ws.read(10, 0);
          if (status === 'ok') messages.push(String(message));
          await settle();
        }
        for (const message of messages) await ws.write(message);
      },
    ],
  ])('%s leave before the answer to the close frame', async (_, handler) => {
    const { run, peer } = visit(handler);
    await settle();
    sayAndClose(peer, '1', '2');
    expect(await peer.untilEnd()).toMatchObject({ code: 4000, clean: true, by: 'local' });
    expect(peer.messages).toEqual(['1', '2']);
    expect((await run.outcome).end).toEqual(THE_PEERS);
  });

  it('leave in the test kit, too: the client counts them as unread', async () => {
    const statuses: string[] = [];
    await using run = runServer(
      async (ws) => {
        await ws.readMessage();
        await settle();
        statuses.push(await ws.write('late'));
      },
      { clock: virtualClock() },
    );
    const client = await run.client;
    await client.write('question');
    expect(await client.close()).toEqual({ code: 1000, reason: '', clean: true, by: 'local', unread: 1 });
    expect(statuses).toEqual(['ok']);
  });

  it('are possible for closeTimeoutMs, and its socket is open until then', async () => {
    const server = async (ws: ServerSocket): Promise<void> => {
      await ws.readMessage();
      await never();
    };
    const { memory, run, peer } = visit(server, 'dedicated', { closeTimeoutMs: 700 });
    sayAndClose(peer, 'question');
    await memory.clock.advance(699);
    expect([await run.ws.write('late'), run.ws.signal.aborted, memory.host.sockets.size]).toEqual([
      'ok',
      false,
      1,
    ]);
    await memory.clock.advance(1);
    expect([await run.ws.write('too late'), run.ws.signal.aborted, memory.host.sockets.size]).toEqual([
      'closed',
      true,
      0,
    ]);
    // The handler is reported; for a minute further ones are counted.
    await memory.clock.advance(60_700);
    expect([run.ws.closeInfo, peer.messages, memory.clock.timers]).toEqual([THE_PEERS, ['late'], 0]);
  });

  it('that it says in vain are closed where the peer drops the link: its code, and not clean', async () => {
    const server = async (ws: ServerSocket): Promise<void> => {
      await ws.readMessage();
      await never();
    };
    const { memory, run, peer } = visit(server);
    sayAndClose(peer, 'question');
    await settle();
    peer.terminate();
    await settle();
    expect([run.ws.closeInfo, await run.ws.write('late')]).toEqual([
      { ...THE_PEERS, clean: false },
      'closed',
    ]);
    await memory.clock.advance(5000);
  });
});

describe('R15: the end after last words is that of the peer', () => {
  it.each<readonly [what: string, act: (ws: ServerSocket) => unknown]>([
    ['returns', () => undefined],
    ['throws', () => Promise.reject(new Error('no'))],
    ['calls endServer', (ws) => ws.endServer(4001, 'ours')],
    ['reads JSON that is none', (ws) => ws.readJson()],
  ])('where the handler %s', async (_, act) => {
    const ends: CloseInfo[] = [];
    const server = {
      async server(ws: ServerSocket): Promise<void> {
        await ws.readMessage();
        await settle();
        await ws.write('answer');
        await act(ws);
      },
      onPostServer: (_ws: ServerSocket, end: CloseInfo) => void ends.push(end),
    };
    const { peer, run } = visit(server);
    sayAndClose(peer, 'question', '{');
    await run.outcome;
    expect([ends.map(gist), peer.messages]).toEqual([[[4000, 'peer', true]], ['answer']]);
  });

  it('where the handler terminates; then it is not clean', async () => {
    const { peer, run } = visit(async (ws) => {
      await ws.readMessage();
      await settle();
      ws.terminate();
    });
    sayAndClose(peer, 'question');
    expect((await run.outcome).end).toEqual({ ...THE_PEERS, clean: false });
  });

  it('where the host closes meanwhile', async () => {
    const { memory, peer, run } = visit(async (ws) => {
      await ws.readMessage();
      await new Promise((resolve) => ws.signal.addEventListener('abort', resolve));
    });
    sayAndClose(peer, 'question');
    await settle();
    const closing = memory.host.close({ graceMs: 300 });
    await memory.clock.advance(299);
    expect(run.ws.closeInfo).toBe(undefined);
    await memory.clock.advance(1);
    expect([await closing, (await run.outcome).end]).toEqual([
      { finished: 0, closed: 1, abandoned: [], tookMs: 300 },
      THE_PEERS,
    ]);
  });
});

describe('R15: nothing is held back', () => {
  it.each<readonly [what: string, handler: (ws: ServerSocket) => Promise<void>]>([
    ['never reads', never],
    [
      'has read nothing, though it has asked',
      async (ws) => {
        await ws.read(10, 0);
        await never();
      },
    ],
    [
      'asks for ws.closed after the close frame',
      async (ws) => {
        await ws.readMessage();
        await settle();
        await ws.closed;
      },
    ],
    [
      'discards after the close frame',
      async (ws) => {
        await ws.readMessage();
        await settle();
        ws.discard();
        await never();
      },
    ],
    [
      'waits in a read',
      async (ws) => {
        await ws.readMessage();
        await ws.readMessage();
      },
    ],
    [
      'waits in a select',
      async (ws) => {
        await ws.readMessage();
        await select({ ws });
      },
    ],
  ])('by a handler that %s', async (what, handler) => {
    const { memory, peer, run } = visit(handler);
    await settle();
    if (what.startsWith('has read nothing')) peer.close(4000, 'bye');
    else sayAndClose(peer, 'question');
    await settle();
    await settle();
    expect(run.ws.closeInfo).toMatchObject({ code: 4000, clean: true, by: 'peer' });
    await memory.clock.advance(5000);
  });
});

describe('R15: on a shared socket', () => {
  it('onClientMessage answers what came before the close frame', async () => {
    const server = {
      server: () => {},
      onClientMessage: async (ws: ServerSocket, data: unknown): Promise<boolean> => {
        await settle();
        await ws.write(`re: ${String(data)}`);
        return true;
      },
    };
    const { peer, run } = visit(server, 'shared');
    sayAndClose(peer, '1', '2');
    await peer.untilEnd();
    expect([peer.messages, (await run.outcome).end]).toEqual([['re: 1', 're: 2'], THE_PEERS]);
  });

  it('handles answer in the turn of their read, each its message', async () => {
    const { memory, peer, run } = visit(() => {}, 'shared');
    const answers = [1, 2].map(async (n) => {
      const [handle] = await memory.host.openServer(run.ws.id);
      const [message] = (await handle?.readMessage()) ?? [];
      return await handle?.write(`${n}: ${String(message)}`);
    });
    await settle();
    sayAndClose(peer, 'a', 'b');
    expect(await Promise.all(answers)).toEqual(['ok', 'ok']);
    expect((await run.outcome).end).toEqual(THE_PEERS);
    expect(peer.messages).toEqual(['1: a', '2: b']);
  });

  it('the return of the handler is the end of its last words', async () => {
    const { peer, run } = visit(async (ws) => {
      await ws.readMessage();
      await settle();
      await ws.write('answer');
    }, 'shared');
    sayAndClose(peer, 'question');
    await peer.untilEnd();
    expect([peer.messages, (await run.outcome).end]).toEqual([['answer'], THE_PEERS]);
  });
});

describe('ws.discard', () => {
  it('lets a handler that only writes see the close at once, whatever the client sends', async () => {
    const { memory, peer, run } = visit(
      async (ws) => {
        ws.discard();
        expect(await ws.readMessage()).toEqual([undefined, 'closed']);
      },
      'dedicated',
      { queueMessages: 2 },
    );
    for (let n = 0; n < 1000; n += 1) peer.send(`${n}`);
    sayAndClose(peer);
    expect((await run.outcome).end).toEqual({ ...THE_PEERS, unread: 1000 });
    expect(memory.reports).toEqual([]);
  });

  it('ends the queue for handles and for onClientMessage', async () => {
    const offered: unknown[] = [];
    const server = {
      server: async (ws: ServerSocket) => {
        await settle();
        ws.discard();
      },
      onClientMessage: async (_: ServerSocket, data: unknown): Promise<boolean> => {
        offered.push(data);
        await settle();
        await settle();
        return false;
      },
    };
    const { memory, peer, run } = visit(server, 'shared');
    const [handle] = await memory.host.openServer(run.ws.id);
    const read = handle?.readMessage();
    peer.send('a');
    peer.send('b');
    await settle();
    await settle();
    sayAndClose(peer, 'c');
    expect([await read, offered, (await run.outcome).end.unread]).toEqual([[undefined, 'closed'], ['a'], 3]);
  });
});
