// Every method and property of a socket in every state. In each of them one
// message, 'left', was received and has not been read.

import { describe, expect, it } from 'vitest';
import { CLOSED_BY_PEER, scripted } from './scripted-transport.ts';
import type { ScriptedTransport } from './scripted-transport.ts';
import { ConnectedSocket } from '../../src/socket/client-socket.ts';
import type { ClientSocket } from '../../src/socket/client-socket.ts';
import { turn } from '../time/hand-clock.ts';

interface Subject {
  readonly ws: ClientSocket;
  readonly link: ScriptedTransport;
}

const STATES: Readonly<Record<string, (subject: Subject) => void>> = {
  open: () => {},
  closing: ({ ws }) => void ws.close(1000, 'done'),
  'closed by peer': ({ link }) => link.end(CLOSED_BY_PEER),
  'closed by us': ({ ws, link }) => {
    void ws.close(1000, 'done');
    link.end({ code: 1000, reason: 'done', clean: true, by: 'local' });
  },
  lost: ({ link }) => link.end(),
};

const BY_PEER = { code: 1000, reason: 'bye', clean: true, by: 'peer', unread: 1 };
const BY_US = { code: 1000, reason: 'done', clean: true, by: 'local', unread: 1 };
const LOST = { code: 1006, reason: '', clean: false, by: 'link', unread: 1 };

/** What a promise gives by the next turn; 'pending' when it does not settle. */
async function soon(promise: PromiseLike<unknown> | undefined): Promise<unknown> {
  const settled = Promise.resolve(promise).catch(
    (error: { readonly code: string }) => `throws ${error.code}`,
  );
  return Promise.race([settled, turn().then(() => 'pending')]);
}

async function secondNext(ws: ClientSocket): Promise<unknown> {
  const iterator = ws[Symbol.asyncIterator]();
  await iterator.next();
  return soon(iterator.next());
}

type Row = readonly [
  word: string,
  act: (subject: Subject) => unknown,
  open: unknown,
  closing: unknown,
  byPeer: unknown,
  byUs: unknown,
  lost: unknown,
];

const same = (value: unknown): [unknown, unknown, unknown, unknown, unknown] => [
  value,
  value,
  value,
  value,
  value,
];
const LEFT = ['left', 'ok'];
const TIMED_OUT = [undefined, 'timeout'];
const CLOSED = [undefined, 'closed'];
const DONE = { done: true, value: undefined };

const ROWS: readonly Row[] = [
  ['url', ({ ws }) => ws.url, ...same('ws://localhost/')],
  ['protocol', ({ ws }) => ws.protocol, ...same('chat')],
  ['atEnd', ({ ws }) => ws.atEnd, ...same(true)],
  ['queued', ({ ws }) => ws.queued, ...same({ messages: 1, bytes: 4 })],
  ['bufferedBytes', ({ ws }) => ws.bufferedBytes, ...same(0)],
  ['signal.aborted', ({ ws }) => ws.signal.aborted, false, false, true, true, true],
  ['closeInfo', ({ ws }) => ws.closeInfo, undefined, undefined, BY_PEER, BY_US, LOST],
  ['closed', ({ ws }) => soon(ws.closed), 'pending', 'pending', BY_PEER, BY_US, LOST],
  ['read()', ({ ws }) => soon(ws.read()), ...same(LEFT)],
  ['readMessage()', ({ ws }) => soon(ws.readMessage()), ...same(LEFT)],
  [
    'iterator.next()',
    ({ ws }) => soon(ws[Symbol.asyncIterator]().next()),
    ...same({ done: false, value: 'left' }),
  ],
  [
    'iterator.return()',
    async ({ ws }) => [await ws[Symbol.asyncIterator]().return?.(), ws.queued.messages],
    ...same([DONE, 1]),
  ],
  [
    'read() with binaryData',
    ({ ws }) => {
      ws.binaryData = true;
      return soon(ws.read());
    },
    ...same([Buffer.from('left'), 'ok']),
  ],
  [
    'a second read()',
    async ({ ws }) => {
      await ws.read();
      return soon(ws.read());
    },
    'pending',
    'pending',
    CLOSED,
    CLOSED,
    CLOSED,
  ],
  [
    'a second read(1, 0)',
    async ({ ws }) => {
      await ws.read();
      return soon(ws.read(1, 0));
    },
    TIMED_OUT,
    TIMED_OUT,
    CLOSED,
    CLOSED,
    CLOSED,
  ],
  [
    'a second readMessage(0)',
    async ({ ws }) => {
      await ws.read();
      return soon(ws.readMessage(0));
    },
    TIMED_OUT,
    TIMED_OUT,
    CLOSED,
    CLOSED,
    CLOSED,
  ],
  [
    'a second iterator.next()',
    ({ ws }) => secondNext(ws),
    'pending',
    'pending',
    DONE,
    DONE,
    'throws COROSOCK_CONNECTION_LOST',
  ],
  [
    'read() with an aborted signal',
    ({ ws }) => soon(ws.read({ signal: AbortSignal.abort({ code: 'MINE' }) })),
    ...same('throws MINE'),
  ],
  ['read(0)', ({ ws }) => soon(ws.read(0)), ...same('throws COROSOCK_ARGUMENT')],
  ['write()', ({ ws }) => soon(ws.write('a')), 'ok', 'closed', 'closed', 'closed', 'closed'],
  [
    'write() with an aborted signal',
    ({ ws }) => soon(ws.write('a', { signal: AbortSignal.abort({ code: 'MINE' }) })),
    ...same('throws MINE'),
  ],
  ['write(5)', ({ ws }) => soon(ws.write(5 as unknown as string)), ...same('throws COROSOCK_ARGUMENT')],
  ['write([])', ({ ws }) => soon(ws.write(['a'])), 'ok', 'closed', 'closed', 'closed', 'closed'],
  ['readJson()', ({ ws }) => soon(ws.readJson()), ...same('throws COROSOCK_NOT_JSON')],
  [
    'a second readJson({ timeoutMs: 0 })',
    async ({ ws }) => {
      await ws.read();
      return soon(ws.readJson({ timeoutMs: 0 }));
    },
    TIMED_OUT,
    TIMED_OUT,
    CLOSED,
    CLOSED,
    CLOSED,
  ],
  ['writeJson()', ({ ws }) => soon(ws.writeJson({})), 'ok', 'closed', 'closed', 'closed', 'closed'],
  ['writeJson(undefined)', ({ ws }) => soon(ws.writeJson(undefined)), ...same('throws COROSOCK_ARGUMENT')],
  ['readable', ({ ws }) => soon(ws.readable.getReader().read()), ...same({ done: false, value: 'left' })],
  [
    'a second pull of readable',
    async ({ ws }) => {
      await ws.read();
      return soon(ws.readable.getReader().read());
    },
    'pending',
    'pending',
    DONE,
    DONE,
    'throws COROSOCK_CONNECTION_LOST',
  ],
  [
    'writable',
    ({ ws }) => soon(ws.writable.getWriter().write('a')),
    undefined,
    'pending',
    'throws ABORT_ERR',
    'throws ABORT_ERR',
    'throws COROSOCK_CONNECTION_LOST',
  ],
  ['close()', ({ ws }) => soon(ws.close()), 'pending', 'pending', BY_PEER, BY_US, LOST],
  ['close(1005)', ({ ws }) => soon(ws.close(1005)), ...same('throws COROSOCK_CLOSE_CODE')],
  [
    'close frames after close(4000)',
    ({ ws, link }) => {
      void ws.close(4000);
      return link.calls.filter((call) => call.startsWith('close'));
    },
    ['close 4000'],
    ['close 1000 done'],
    [],
    ['close 1000 done'],
    [],
  ],
  [
    'its end after terminate()',
    ({ ws, link }) => {
      ws.terminate();
      if (ws.closeInfo === undefined) link.end({ by: 'local' });
      return ws.closeInfo;
    },
    { ...LOST, by: 'local' },
    { ...LOST, by: 'local' },
    BY_PEER,
    BY_US,
    LOST,
  ],
  [
    '[Symbol.asyncDispose]()',
    ({ ws }) => soon(ws[Symbol.asyncDispose]()),
    'pending',
    'pending',
    undefined,
    undefined,
    undefined,
  ],
];

describe.each(Object.entries(STATES))('a socket that is %s', (state, prepare) => {
  const column = 2 + Object.keys(STATES).indexOf(state);

  it.each(ROWS.map((row) => [row[0], row[column], row[1]] as const))(
    'answers %s',
    async (_, expected, act) => {
      const { link, conversation } = scripted();
      const subject: Subject = { link, ws: new ConnectedSocket(conversation, 'ws://localhost/') };
      link.arrive('left');
      prepare(subject);
      expect(await act(subject)).toEqual(expected);
    },
  );
});
