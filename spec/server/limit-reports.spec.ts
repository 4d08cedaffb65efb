// What a host tells of limits that its sockets meet: the option that raises one, once; and a queue
// that stays full.

import { describe, expect, it } from 'vitest';
import { serve, UsageError } from 'corosock';
import type { HostOptions, LimitError, ServerSocket, ServeOptions } from 'corosock';
import { settle, virtualClock } from 'corosock/testing';
import { MemoryHost } from '../fixtures/memory-host.ts';
import { OPCODE, frame, textFrame } from '../peers/frames.ts';
import { openRaw } from '../peers/raw-client.ts';
import { memoryLink } from '../../src/transport/memory-transport.ts';
import type { TransportSink } from '../../src/transport/transport.ts';

const idle = async (ws: ServerSocket): Promise<void> => void (await ws.closed);

type Reported = readonly [error: LimitError, where: { readonly socketId?: string; readonly phase: string }];

/** Serves, has one client break a limit, and gives what was reported of it. */
async function reportOf(options: ServeOptions, bytes: Uint8Array): Promise<Reported> {
  const reports: Reported[] = [];
  const clock = virtualClock();
  const report = (...reported: readonly [unknown, Reported[1]]): void =>
    void reports.push(reported as Reported);
  await using host = await serve({ '/room/:id': idle }, { clock, heartbeat: false, report, ...options });
  using client = await openRaw(host.port, { requestLine: 'GET /room/1 HTTP/1.1' });
  void client.hangUp();
  await client.send(bytes);
  while (reports.length === 0) {
    await clock.advance(100);
    await settle();
  }
  return reports[0] as Reported;
}

const fragments = Buffer.concat([
  frame({ opcode: OPCODE.text, payload: 'a', fin: false }),
  frame({ opcode: OPCODE.continuation, payload: 'b', fin: false }),
  frame({ opcode: OPCODE.continuation, payload: 'c' }),
]);

describe('B3: a queue that no read takes from', () => {
  it('is reported after 30 s, and counted for each further socket', async () => {
    const memory = new MemoryHost({ queueMessages: 2 });
    const { run, client } = memory.visit(idle);
    const others = [1, 2, 3].map(() => memory.visit(idle, 'shared'));
    for (const visit of [{ client }, ...others]) {
      for (const message of ['a', 'b']) await visit.client.write(message);
    }
    await memory.clock.advance(29_000);
    expect(memory.reports).toEqual([]);
    await memory.clock.advance(1000);
    expect(memory.reports).toEqual([
      [expect.any(UsageError), { socketId: run.ws.id, phase: 'read', route: '*', path: '/' }],
    ]);
    expect(memory.reports[0]?.[0]).toMatchObject({
      code: 'COROSOCK_UNREAD',
      message:
        'The queue of a socket of the route * has been full for 30 s, and no read has taken a message: ' +
        '2 messages (2 bytes) wait, and the client is held back. ' +
        'Read them, or call ws.discard() where the server only writes',
    });
    await memory.clock.advance(60_000);
    expect(memory.reports[1]?.[0]).toMatchObject({ count: 3, kind: 'read: unread' });
  });

  it('is none where the handler has called discard', async () => {
    const memory = new MemoryHost({ queueMessages: 2 });
    const { client } = memory.visit(async (ws) => {
      ws.discard();
      await ws.closed;
    });
    for (let n = 0; n < 10; n += 1) await client.write('dropped');
    await memory.clock.advance(120_000);
    expect([memory.reports, memory.clock.timers]).toEqual([[], 0]);
  });
});

describe('an end by a limit', () => {
  it.each<[option: string, options: HostOptions, bytes: Buffer]>([
    ['maxMessageBytes', { maxMessageBytes: 10 }, textFrame('eleven long')],
    ['maxFragments', { maxFragments: 2 }, fragments],
    [
      'messageTimeoutMs',
      { messageTimeoutMs: 1000 },
      frame({ opcode: OPCODE.text, payload: 'a', fin: false }),
    ],
    ['queueMessages', { overflow: 'close', queueMessages: 1 }, Buffer.concat(['a', 'b'].map(textFrame))],
    ['queueBytes', { overflow: 'close', queueBytes: 10 }, textFrame('eleven long')],
    [
      'rate',
      { rate: { messages: { count: 1, perMs: 1000 }, over: 'close' } },
      Buffer.concat(['a', 'b'].map(textFrame)),
    ],
  ])('is reported with the option that raises it: %s', async (option, options, bytes) => {
    const [error, where] = await reportOf(options, bytes);
    expect(error).toMatchObject({ name: 'LimitError', code: 'COROSOCK_LIMIT', option });
    expect(error.message).toMatch(/^A socket of the route \/room\/:id was closed with 10\d\d: /);
    expect(error.message).toContain(`The option ${option} raises this limit`);
    expect(error.cause).toBeInstanceOf(RangeError);
    const socketId = expect.stringMatching(/^.{20,}$/) as string;
    expect(where).toEqual({ phase: 'limit', socketId, route: '/room/:id', path: '/room/1' });
    const known = /this limit, which is (\d+) here$/.exec(error.message)?.[1];
    const value: unknown = Reflect.get(options, option);
    expect(known).toBe(option.startsWith('queue') || option.startsWith('max') ? String(value) : undefined);
  });

  it('says where no option raises it: pongs that the client does not take', async () => {
    const reports: unknown[] = [];
    await using host = await serve(idle, { report: (error) => reports.push(error) });
    using client = await openRaw(host.port);
    client.pause();
    const flood = Buffer.alloc(1000 * 131, frame({ opcode: OPCODE.ping, payload: Buffer.alloc(125) }));
    while (reports.length === 0) {
      await client.send(flood).catch(() => {});
      await settle();
    }
    expect(reports[0]).toMatchObject({
      option: undefined,
      message: expect.stringMatching(/No option raises this limit$/) as string,
    });
  });

  it('is reported once for each host and limit, and counted from then on, also after a quiet minute', async () => {
    const memory = new MemoryHost({ overflow: 'close', queueMessages: 1 });
    const breakLimit = async (): Promise<void> => {
      const { client } = memory.visit(idle);
      for (const message of ['a', 'b']) await client.write(message);
      await client.closed;
    };
    const gists = (): readonly unknown[] => memory.reports.map(([error]) => String(error).slice(0, 60));
    for (let n = 0; n < 3; n += 1) await breakLimit();
    expect(memory.reports).toHaveLength(1);
    await memory.clock.advance(60_000);
    await memory.clock.advance(600_000);
    await breakLimit();
    expect(memory.reports).toHaveLength(2);
    await memory.clock.advance(60_000);
    expect(gists()).toEqual([
      'LimitError: A socket of the route * was closed with 1008: To',
      'PeerFaultsError: 2 more of these within a minute: limit: que',
      'PeerFaultsError: 1 more of these within a minute: limit: que',
    ]);
    expect(memory.reports[1]?.[0]).toMatchObject({ kind: 'limit: queueMessages' });
  });

  it('is told of each limit for itself, and to each host', async () => {
    const hosts = [
      new MemoryHost({ overflow: 'close', queueMessages: 1, queueBytes: 10 }),
      new MemoryHost({ overflow: 'close', queueMessages: 1 }),
    ];
    for (const memory of hosts) {
      for (const messages of [['a', 'b'], ['eleven long']]) {
        const { client } = memory.visit(idle);
        for (const message of messages) await client.write(message);
        client.terminate();
        await client.closed;
        await settle();
      }
    }
    const optionsOf = ({ reports }: MemoryHost): readonly unknown[] =>
      reports.map(([error]) => (error as LimitError).option);
    expect(hosts.map(optionsOf)).toEqual([['queueMessages', 'queueBytes'], ['queueMessages']]);
  });

  it('names the cause where that is no error', async () => {
    const memory = new MemoryHost();
    const [near] = memoryLink();
    let sink: TransportSink | undefined;
    near.open = (given) => void (sink = given);
    const run = memory.converse(near, idle);
    sink?.end({ code: 1009, reason: '', clean: false, by: 'limit' });
    await run.outcome;
    expect(String(memory.reports[0]?.[0])).toBe(
      'LimitError: A socket of the route * was closed with 1009: a limit was broken. No option raises this limit',
    );
  });

  it('is nothing to tell where the socket ends otherwise', async () => {
    const memory = new MemoryHost();
    const { client } = memory.visit(idle);
    await client.close();
    await memory.visit(() => {}).client.closed;
    expect(memory.reports).toEqual([]);
  });
});
