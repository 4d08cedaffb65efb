// The link of a browser: the contract over the WebSocket that is global in Node, and over a scripted
// one what the contract cannot see.

import { describe, expect, it } from 'vitest';
import { settle, transportContract } from 'corosock/testing';
import { RecordedLink } from '../../../src/testing/contracts/recorded-link.ts';
import type { RecordedEnd } from '../../../src/testing/contracts/recorded-link.ts';
import { isBrowserCloseCode, BrowserTransport } from '../../../src/transport/browser/transport.ts';
import { HandClock } from '../../time/hand-clock.ts';
import { browserPair } from './browser-pair.ts';
import { ScriptedWebSocket } from './scripted-web-socket.ts';

/** Checks that fail, because a page cannot do what they check. */
const NOT_KEPT = {
  // The page is the far end: it cannot pause, drop the link, or send every close code.
  server: [
    '7. `bufferedBytes` counts what was sent and not yet flushed',
    '7. Each time it falls, `drain` follows',
    '7. After the end it is 0',
    '8. A paused end delivers no more than was already under way',
    '10. Its end is clean if the peer has answered, and only then',
    "13. A message above the limit ends the link with 1009 and `by: 'limit'`",
    "13. A message above the limit ends the link with 1009 and `by: 'limit'` (in fragments)",
    '15. `receivedBytes` grows with everything that arrives',
    '15. also with a `pong` and with the answer to a `ping`',
    '15. An end that reads answers pings by itself; a paused end does not',
    '16. `flushedBytes` changes when more of what was sent is flushed',
    '17. Each counts in `bufferedBytes` at once (7)',
    '20. `stall` is called when bytes that were sent have to wait for the peer',
    '20. and again when bytes have to after `bufferedBytes` was 0',
    '22. it is true after the end, if bytes that were sent were not flushed',
  ],
  browser: [
    "11. The peer gets 1006 and `by: 'link'`",
    '11. with a cause',
    '19. `send` is accepted until `close`, which answers with the code and the reason of the peer',
    '14. They return false and send nothing where `send` would',
    '15. also with a `pong` and with the answer to a `ping`',
    '15. An end that reads answers pings by itself; a paused end does not',
  ],
} as const;

const namesOf = (checks: readonly { readonly name: string }[]): readonly string[] =>
  checks.map(({ name }) => name);

describe.each([
  ['from server to page', 'server'],
  ['from page to server', 'browser'],
] as const)('BrowserTransport, %s, keeps the promise', (_, near) => {
  const notKept: readonly string[] = NOT_KEPT[near];

  it.each(transportContract.filter(({ name }) => !notKept.includes(name)))('$name', async ({ run }) => {
    await expect(run(() => browserPair(near))).resolves.toBe(undefined);
  });

  it('and the list of promises that are not kept names checks of the contract', () => {
    expect(notKept.filter((name) => !namesOf(transportContract).includes(name))).toEqual([]);
  });
});

interface Scripted {
  readonly ws: ScriptedWebSocket;
  readonly clock: HandClock;
  readonly transport: BrowserTransport;
  readonly end: RecordedEnd;
}

function scripted(maxMessageBytes = 10): Scripted {
  const ws = new ScriptedWebSocket();
  const clock = new HandClock();
  const transport = new BrowserTransport(ws, { maxMessageBytes, clock });
  const { near: end } = new RecordedLink({ near: transport, far: transport });
  end.open();
  return { ws, clock, transport, end };
}

describe('BrowserTransport', () => {
  it('asks for bytes, and has the negotiated protocol', () => {
    const { ws, transport } = scripted();
    expect([ws.binaryType, transport.protocol]).toEqual(['arraybuffer', 'chat']);
  });

  it('delivers text and bytes, with their size on the wire', () => {
    const { ws, end } = scripted();
    ws.delivers('aü€');
    ws.delivers(new Uint8Array([1, 2]).buffer);
    expect(end.calls).toEqual([
      { kind: 'message', data: 'aü€', bytes: 6 },
      { kind: 'message', data: new Uint8Array([1, 2]), bytes: 2 },
    ]);
  });

  it('sends text as text, bytes as bytes, and text as bytes if `binary` says so', () => {
    const { ws, end } = scripted();
    const bytes = new Uint8Array([1]);
    end.send('ü');
    end.send(bytes);
    end.send('ü', { binary: true });
    expect(ws.calls).toEqual([
      ['send', 'ü'],
      ['send', bytes],
      ['send', Buffer.from('ü')],
    ]);
  });

  it('keeps the fragments of a message until the last one, and counts nothing of them until then', () => {
    const { ws, end } = scripted();
    expect([end.sendFragment('one'), end.bufferedBytes, ws.calls]).toEqual([true, 0, []]);
    end.sendFragment('two', { last: true });
    end.sendFragment('\u00fc', { binary: true, last: true });
    expect(ws.calls).toEqual([
      ['send', 'onetwo'],
      ['send', Buffer.from('\u00fc')],
    ]);
  });

  it('polls every 4 ms for flushed bytes, while there are unflushed ones', () => {
    const { ws, clock, end } = scripted();
    end.send('123456');
    end.send('789');
    expect(clock.timers).toBe(1);
    clock.tick(4);
    ws.bufferedAmount = 5;
    clock.tick(4);
    ws.bufferedAmount = 0;
    clock.tick(4);
    expect(clock.waits).toEqual([4, 4, 4]);
    expect(end.calls).toEqual([
      { kind: 'stall' },
      { kind: 'drain', bufferedBytes: 5 },
      { kind: 'stall' },
      { kind: 'drain', bufferedBytes: 0 },
    ]);
    expect(clock.timers).toBe(0);
  });

  it('polls again for a message that the sink sends in drain', () => {
    const { ws, clock, end } = scripted();
    end.send('123');
    end.onCall = () => {
      end.onCall = () => {};
      end.send('456');
    };
    ws.bufferedAmount = 0;
    clock.tick(4);
    ws.bufferedAmount = 0;
    clock.tick(4);
    expect(end.calls.map(({ kind }) => kind)).toEqual(['drain', 'stall', 'drain']);
  });

  it('sets no timer for a message that is flushed at once', () => {
    const { ws, clock, end } = scripted();
    ws.send = () => {};
    end.send('123');
    expect(clock.timers).toBe(0);
  });

  it('counts nothing after the end, and leaves no timer', () => {
    const { ws, clock, end } = scripted();
    end.send('123');
    ws.ends(1006, { wasClean: false });
    expect([end.bufferedBytes, clock.timers]).toEqual([0, 0]);
  });

  it('14: sends neither pings nor pongs, and says so', () => {
    const { ws, end } = scripted();
    expect([end.ping(), end.pong()]).toEqual([false, false]);
    expect(ws.calls).toEqual([]);
  });

  it.each([0, 7])('22: has lost what the browser has not flushed at the end: %d bytes', (bytes) => {
    const { ws, end } = scripted();
    end.send('message');
    ws.bufferedAmount = bytes;
    const before = end.hasLost;
    ws.ends(1006, { wasClean: false });
    expect([before, end.hasLost]).toEqual([false, bytes > 0]);
  });

  it('15: counts messages', () => {
    const { ws, end } = scripted();
    const before = end.receivedBytes;
    ws.delivers('');
    ws.delivers('a');
    expect([before, end.receivedBytes]).toEqual([0, 2]);
  });

  it('16: counts what the browser has accepted and no longer buffers', () => {
    const { ws, end } = scripted();
    end.send('123456');
    end.send('789');
    expect(end.flushedBytes).toBe(0);
    ws.bufferedAmount = 2;
    expect(end.flushedBytes).toBe(7);
  });

  it('delivers while it is paused', () => {
    const { ws, end } = scripted();
    end.pause();
    ws.delivers('a');
    end.resume();
    expect([end.messages, ws.calls]).toEqual([['a'], []]);
  });

  it.each([
    [1000, 1000],
    [1001, 4001],
    [1008, 4008],
    [1011, 4011],
    [3000, 3000],
    [4999, 4999],
  ])('closes with %d as %d on the wire', async (code, onTheWire) => {
    const { ws, end } = scripted();
    end.close(code, 'bye');
    ws.ends(onTheWire, { reason: 'an echo' });
    expect(ws.calls).toEqual([['close', onTheWire, 'bye']]);
    expect(await end.untilEnd()).toMatchObject({ code, reason: 'bye', clean: true, by: 'local' });
  });

  it('ends unclean if the peer has not answered its close', async () => {
    const { ws, end } = scripted();
    end.close(1000);
    ws.ends(1006, { wasClean: false });
    expect(await end.untilEnd()).toMatchObject({ code: 1000, reason: '', clean: false, by: 'local' });
  });

  it.each([
    [4000, 'bye'],
    [1005, ''],
  ])("reports the peer's close with %d", async (code, reason) => {
    const { ws, end } = scripted();
    ws.ends(code, { reason });
    expect(await end.untilEnd()).toMatchObject({ code, reason, clean: true, by: 'peer' });
  });

  it('reports a lost link', async () => {
    const { ws, end } = scripted();
    ws.ends(1006, { wasClean: false });
    expect(await end.untilEnd()).toMatchObject({ code: 1006, reason: '', clean: false, by: 'link' });
  });

  it.each(['x'.repeat(11), 'ü'.repeat(6), new ArrayBuffer(11)])(
    '13: ends with 1009 for a message above the limit, and the peer gets 4009: %#',
    async (data) => {
      const { ws, end } = scripted();
      ws.delivers('x'.repeat(10));
      ws.delivers(data);
      ws.delivers('behind');
      ws.ends(4009);
      expect(await end.untilEnd()).toMatchObject({ code: 1009, reason: '', clean: false, by: 'limit' });
      expect([end.messages, ws.calls]).toEqual([['x'.repeat(10)], [['close', 4009]]]);
      end.expectOneEnd();
    },
  );

  it('keeps its own close code if a message above the limit arrives later', async () => {
    const { ws, end } = scripted();
    end.close(4000);
    ws.delivers('x'.repeat(11));
    expect(await end.untilEnd()).toEqual({ code: 4000, reason: '', clean: false, by: 'local' });
  });

  it.each([
    ['1006', undefined, 1006],
    ['the code of a close that is under way', 4001, 4001],
  ])('11: terminates at once with %s, and closes the WebSocket', async (_, closing, code) => {
    const { ws, end } = scripted();
    if (closing !== undefined) end.close(closing);
    end.terminate();
    ws.delivers('too late');
    ws.ends(1005);
    expect(await end.untilEnd()).toMatchObject({ code, reason: '', clean: false, by: 'local' });
    expect(ws.calls.at(-1)).toEqual(['close']);
    end.expectOneEnd();
  });

  it('waits for an end that the browser is about to report', async () => {
    const { ws, end } = scripted();
    ws.readyState = 3;
    end.terminate();
    end.close(1000);
    ws.ends(4000);
    await settle();
    expect(await end.untilEnd()).toMatchObject({ code: 4000, reason: '', clean: true, by: 'peer' });
    expect(ws.calls).toEqual([]);
  });
});

describe('isBrowserCloseCode', () => {
  it('is true of 1000, and of 3000 to 4999', () => {
    const codes = [999, 1000, 1001, 2999, 3000, 4999, 5000];
    expect(codes.filter(isBrowserCloseCode)).toEqual([1000, 3000, 4999]);
  });
});
