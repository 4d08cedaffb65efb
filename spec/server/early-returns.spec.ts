// A handler that returns in the step in which it was called, as those of `ws` do, and whose socket
// is used later, is reported with the line of that use. Early returns that harm nothing are not.

import { asWs, requests, select } from 'corosock';
import type { Handler, HostOptions, ServerSocket, UsageError } from 'corosock';
import { settle } from 'corosock/testing';
import { describe, expect, it, vi } from 'vitest';
import { here } from '../fixtures/here.ts';
import { MemoryHost } from '../fixtures/memory-host.ts';
import type { Sharing } from '../fixtures/memory-host.ts';

const CURE = /: expected a handler that still runs, but it returned at once, .*`await ws\.closed`, or share/;

/** The mistakes that are reported of one handler. */
async function reportsOf(
  handler: Handler,
  {
    memory = new MemoryHost(),
    sharing = 'dedicated',
    after = () => {},
  }: { readonly memory?: MemoryHost; readonly sharing?: Sharing; readonly after?: () => unknown } = {},
): Promise<readonly UsageError[]> {
  const { client } = memory.visit(handler, sharing);
  await settle();
  after();
  await settle();
  await client.close();
  await settle();
  const errors = memory.reports.map(([error]) => error as UsageError);
  return errors.filter(({ code }) => code === 'COROSOCK_FORGOTTEN_AWAIT');
}

const named = (call: string, line?: string): unknown =>
  expect.objectContaining({
    message: expect.stringMatching(new RegExp(`^${call}${CURE.source}`)) as string,
    ...(line === undefined ? undefined : { stack: expect.stringContaining(line) as string }),
  });

describe('a handler that returns at once', () => {
  it('A5: is reported at the first write that comes too late, with its line', async () => {
    const clients = new Set<ServerSocket>();
    const line = here(1);
    const after = (): void => clients.forEach((ws) => void ws.write('to all'));
    const memory = new MemoryHost();
    const errors = await reportsOf((ws) => void clients.add(ws), { after, memory });
    expect(errors).toEqual([named('ws\\.write\\(\\)', line)]);
    expect(errors[0]?.stack?.split('\n')[1]).toContain(line);
    await reportsOf(async (ws) => void clients.add(ws), { after, memory });
    expect(memory.reports).toMatchObject([[errors[0], { phase: 'server' }]]);
  });

  it.each<[string, Handler]>([
    ['a timer', (ws) => void setImmediate(() => void ws.write('later'))],
    [
      'a callback of forEach',
      async (ws) =>
        ['a'].forEach((text) => {
          void settle().then(() => ws.write(text));
        }),
    ],
    ['JSON', (ws) => void settle().then(() => ws.writeJson({}))],
    ['an iterable', (ws) => void settle().then(() => ws.write(['a', 'b']))],
    // JavaScript's handlers return anything.
    ['a handler of JavaScript', (ws) => [settle().then(() => ws.write('x'))].length as never],
  ])('is reported where the write comes from %s', async (_, handler) => {
    expect(await reportsOf(handler)).toEqual([named('ws\\.write\\(\\)', 'early-returns.spec.ts')]);
  });

  it.each<[string, Handler]>([
    ['without a line where the engine knows none', (ws) => void select({ ws }).then(() => {})],
    [
      'with its line where a function awaits it',
      (ws) =>
        void (async () => {
          await select({ ws });
        })(),
    ],
  ])('is reported where a select waits for its socket, %s', async (_, handler) => {
    expect(await reportsOf(handler)).toEqual([named('select\\(\\)')]);
  });

  it('has its select reported also where no promise can be followed', async () => {
    const memory = new MemoryHost();
    memory.host.handlerWaits.follow = () => {
      throw new Error('no realm');
    };
    expect(await reportsOf((ws) => void select({ ws }), { memory })).toEqual([named('select\\(\\)')]);
  });

  it('is reported without a line where the process takes no stacks', async () => {
    const capture = vi.spyOn(Error, 'captureStackTrace').mockImplementation(() => {});
    const errors = await reportsOf((ws) => void settle().then(() => ws.write('late')));
    capture.mockRestore();
    expect(errors).toEqual([named('ws\\.write\\(\\)')]);
    expect(errors[0]?.message).toMatch(/or share the socket$/);
  });

  const write = (ws: ServerSocket | undefined) => (): unknown => ws?.write('late');
  let held: ServerSocket | undefined;
  const hold = (ws: ServerSocket): void => void (held = ws);

  it.each<[string, Handler, HostOptions?]>([
    ['nothing touches its socket later', () => {}],
    ['it takes no socket', () => {}, { onClose: hold }],
    ['a hook has kept its socket', (ws) => void ws.id, { onOpen: hold }],
    ['it has written', (ws) => (hold(ws), void ws.write('bye'))],
    ['it has closed its socket', (ws) => (hold(ws), void ws.endServer(4000))],
    ['it returns a step later', async (ws) => (hold(ws), await Promise.resolve())],
    ['requests read its socket', (ws) => (hold(ws), void requests(ws))],
    ['its socket is terminated', (ws) => (hold(ws), ws.terminate())],
  ])('is no mistake where %s', async (_, handler, options = {}) => {
    held = undefined;
    const memory = new MemoryHost(options);
    expect(await reportsOf(handler, { memory, after: () => write(held)() })).toEqual([]);
  });

  it('is no mistake where the handler has child tasks, or is shared', async () => {
    const spawning: Handler = (ws) => (hold(ws), void ws.spawn(async () => settle()));
    const reports = [
      await reportsOf(spawning, { after: () => write(held)() }),
      await reportsOf(hold, { sharing: 'shared', after: () => write(held)() }),
    ];
    expect(reports).toEqual([[], []]);
  });

  it('is no mistake where its socket was found among those of the host, which may close just then', async () => {
    const memory = new MemoryHost();
    const after = (): void => memory.host.sockets.forEach((ws) => void ws.write('to all'));
    memory.visit(async (ws) => void (await ws.closed));
    const { client } = memory.visit((ws) => void ws.id);
    after();
    await client.closed;
    expect(memory.reports).toEqual([]);
  });
});

describe('a handler that returns in the turn in which it has called asWs, or requests with methods', () => {
  const methods = { handlers: { echo: (): null => null } };
  const answer = (ws: ServerSocket): void => void requests(ws, methods);
  const OF_WS = [named('asWs\\(\\)', 'early-returns.spec.ts')];
  const OF_RPC = [
    expect.objectContaining({
      message: expect.stringMatching(/^requests\(\): .* `await rpc\.closed`, or/) as string,
    }) as unknown,
  ];

  it.each<[string, Handler, unknown]>([
    ['at once', (ws) => void asWs(ws), OF_WS],
    ['after microtasks', async (ws) => (asWs(ws), await Promise.resolve()), OF_WS],
    ['after a look-up that took longer', async (ws) => (await settle(), void asWs(ws)), OF_WS],
    ['after a message of its own', async (ws) => (await ws.write('hello'), void asWs(ws)), OF_WS],
    ['with methods', answer, OF_RPC],
    ['a turn later', async (ws) => (asWs(ws), await settle()), []],
    ['without methods', (ws) => void requests(ws), []],
    ['when its socket has closed', async (ws) => (answer(ws), void (await ws.closed)), []],
    ['and has closed its socket', (ws) => void [answer(ws), ws.endServer()], []],
    ['and has a child task', (ws) => void [ws.spawn(async () => settle()), answer(ws)], []],
  ])('is judged where it returns %s', async (_, handler, errors) => {
    expect(await reportsOf(handler)).toEqual(errors);
  });

  it('is reported with hooks that keep sockets, too, and once for a route', async () => {
    const memory = new MemoryHost({ onOpen: () => {} });
    const handler: Handler = (ws) => void asWs(ws);
    await reportsOf(handler, { memory });
    expect(await reportsOf(handler, { memory })).toEqual(OF_WS);
    expect(await reportsOf(answer, { memory: new MemoryHost(), sharing: 'shared' })).toEqual([]);
  });

  it('has its own error reported where it throws', async () => {
    const memory = new MemoryHost();
    const fail: Handler = (ws) => {
      asWs(ws);
      throw new Error('thrown');
    };
    expect(await reportsOf(fail, { memory })).toEqual([]);
    expect(memory.reports).toMatchObject([[{ message: 'thrown' }, { phase: 'server' }]]);
  });
});
