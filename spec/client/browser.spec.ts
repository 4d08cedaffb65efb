// The client of browsers, over a scripted WebSocket: which close codes its sockets take, and what a
// loop does when the page wakes. What only a browser shows is in in-chromium.spec.ts.

import { afterEach, describe, expect, it, vi } from 'vitest';
import type { ClientSocket, ConnectEachOptions } from 'corosock/client';
import { settle, virtualClock } from 'corosock/testing';
import type { VirtualClock } from 'corosock/testing';
import { connect } from '../../src/client/browser.ts';
import { ScriptedWebSocket } from '../transport/browser/scripted-web-socket.ts';

async function setUp(): Promise<{ readonly ws: ScriptedWebSocket; readonly client: ClientSocket }> {
  const ws = new ScriptedWebSocket();
  vi.stubGlobal('WebSocket', function WebSocket(): ScriptedWebSocket {
    return ws;
  });
  const opening = connect('ws://localhost/');
  ws.opens();
  return { ws, client: await opening };
}

afterEach(() => {
  vi.unstubAllGlobals();
  vi.restoreAllMocks();
});

describe('a client in a browser', () => {
  it.each<[[code?: number, reason?: string], unknown[]]>([
    [[], ['close', 1000, '']],
    [
      [1000, 'bye'],
      ['close', 1000, 'bye'],
    ],
    [[4999], ['close', 4999, '']],
  ])('closes with the codes that a page may send: %j', async (args, call) => {
    const { ws, client } = await setUp();
    void client.close(...args);
    expect(ws.calls).toEqual([call]);
  });

  it.each<[code: unknown, shown: string]>([
    [1001, '1001'],
    [1008, '1008'],
    [1011, '1011'],
    [2999, '2999'],
    [5000, '5000'],
    ['1000', '"1000"'],
    [Object.create(null), 'an object'],
    [Symbol('code'), 'Symbol(code)'],
  ])('refuses %#, and stays open', async (code, shown) => {
    const { ws, client } = await setUp();
    await expect(client.close(code as number)).rejects.toMatchObject({
      code: 'COROSOCK_CLOSE_CODE',
      message: `ws.close(): expected a close code that a page may send, 1000 or 3000–4999, got ${shown}`,
    });
    expect([ws.calls, client.closeInfo]).toEqual([[], undefined]);
  });

  it('refuses a reason that is too long, like every socket', async () => {
    const { client } = await setUp();
    await expect(client.close(1000, 'x'.repeat(124))).rejects.toMatchObject({
      code: 'COROSOCK_CLOSE_REASON',
    });
  });
});

/** The events of a page, which the spec emits. */
class Page extends EventTarget {
  visibilityState = 'visible';
  readonly document = this;
  listeners = 0;

  override addEventListener(...args: Parameters<EventTarget['addEventListener']>): void {
    this.listeners += 1;
    super.addEventListener(...args);
  }

  override removeEventListener(...args: Parameters<EventTarget['removeEventListener']>): void {
    this.listeners -= 1;
    super.removeEventListener(...args);
  }

  emit(name: 'online' | 'visibilitychange', state = 'visible'): void {
    this.visibilityState = state;
    this.dispatchEvent(new Event(name));
  }
}

/** A loop in a page, and all WebSockets that it has opened. */
function loopInPage(options: ConnectEachOptions = {}): {
  readonly page: Page;
  readonly clock: VirtualClock;
  readonly opened: ScriptedWebSocket[];
  readonly sockets: AsyncIterableIterator<ClientSocket>;
} {
  const page = new Page();
  const opened: ScriptedWebSocket[] = [];
  const clock = virtualClock();
  vi.stubGlobal('document', page);
  vi.stubGlobal('addEventListener', page.addEventListener.bind(page));
  vi.stubGlobal('removeEventListener', page.removeEventListener.bind(page));
  vi.stubGlobal('WebSocket', function WebSocket(): ScriptedWebSocket {
    const ws = new ScriptedWebSocket();
    opened.push(ws);
    return ws;
  });
  return { page, clock, opened, sockets: connect.each('ws://localhost/', { clock, ...options }) };
}

describe('connect.each in a page', () => {
  it.each([
    ['it is online again', 'online', 'hidden', 2],
    ['it becomes visible', 'visibilitychange', 'visible', 2],
    ['it is hidden', 'visibilitychange', 'hidden', 1],
  ] as const)('when %s: cuts a wait short, or not', async (_, name, state, attempts) => {
    const { page, clock, opened, sockets } = loopInPage({ minDelayMs: 1000, maxDelayMs: 60_000 });
    vi.spyOn(Math, 'random').mockReturnValue(1);
    const next = sockets.next();
    await settle();
    opened[0]?.fails();
    await settle();
    page.emit(name, state);
    await clock.advance(1000);
    expect(opened).toHaveLength(attempts);
    await sockets.return?.();
    expect([await next, page.listeners, clock.timers]).toEqual([{ done: true, value: undefined }, 0, 0]);
  });

  it('probes the open link when it wakes, and connects anew where that is dead', async () => {
    const { page, clock, opened, sockets } = loopInPage({ probe: (ws) => ws.write('ping') });
    const next = sockets.next();
    await settle();
    opened[0]?.opens();
    const { value: ws } = (await next) as { readonly value: ClientSocket };
    page.emit('visibilitychange');
    await settle();
    expect(opened[0]?.calls).toEqual([['send', 'ping']]);
    opened[0]?.delivers('pong');
    await clock.advance(5000);
    expect(ws.closeInfo).toBe(undefined);
    page.emit('online');
    await clock.advance(5000);
    expect(ws.closeInfo).toMatchObject({ code: 1006, by: 'heartbeat' });
    void sockets.next();
    await clock.advance(1000);
    expect(opened).toHaveLength(2);
    await sockets.return?.();
  });

  it('sends nothing over an open link when it wakes without a probe', async () => {
    const { page, clock, opened, sockets } = loopInPage();
    const next = sockets.next();
    await settle();
    opened[0]?.opens();
    await next;
    page.emit('online');
    await clock.advance(60_000);
    expect([opened[0]?.calls, clock.timers]).toEqual([[], 0]);
  });

  it('runs where there is neither a document nor an event of the page', async () => {
    const { opened, sockets } = loopInPage();
    vi.stubGlobal('document', undefined);
    vi.stubGlobal('addEventListener', undefined);
    vi.stubGlobal('removeEventListener', undefined);
    const next = sockets.next();
    await settle();
    opened[0]?.opens();
    expect((await next).done).toBe(false);
    void sockets.return?.();
  });
});
