// Before the 101: what a hook is given, what comes of it, and in which order many
// are asked.

import { AsyncLocalStorage } from 'node:async_hooks';
import type { Handshake, HandshakeRequest, WebSocketServer } from 'corosock';
import { settle } from 'corosock/testing';
import { describe, expect, it, vi } from 'vitest';
import { recordCrashes } from '../fixtures/process-events.ts';
import { held, setScene } from '../session/session-fixtures.ts';
import { acceptedAtOnce, isPlain, prepare } from '../../src/server/admission.ts';
import { SocketId } from '../../src/server/socket-id.ts';
import type { PendingHandshake, HandshakeResult } from '../../src/server/admission.ts';
import type { SessionHandle } from '../../src/session/session-handle.ts';
import { LazySignal } from '../../src/waiting/lazy-signal.ts';
import { TaskQueue } from '../../src/waiting/task-queue.ts';

const REQUEST: HandshakeRequest = {
  url: new URL('ws://localhost/'),
  headers: {},
  params: {},
  protocols: ['v2', 'v1'],
  remoteAddress: undefined,
  raw: undefined,
};

type Hook = (handshake: Handshake) => unknown;

function arrival(onPreServer?: Hook, id = 'an id'): PendingHandshake {
  const hook: Pick<WebSocketServer, 'onPreServer'> = onPreServer === undefined ? {} : { onPreServer };
  return {
    socketId: new SocketId(() => id),
    request: REQUEST,
    protocol: 'v2',
    server: { server: () => {}, ...hook },
    openSession: undefined,
  };
}

function ask(hook: Hook, over: LazySignal = new LazySignal()): Promise<HandshakeResult> {
  return prepare(arrival(hook), new TaskQueue(1), over);
}

/** A hook that decides when the spec says so. */
function heldHook(): { readonly hook: () => Promise<unknown>; readonly decide: (context?: unknown) => void } {
  let decide = (_context?: unknown): void => {};
  const decision = new Promise<unknown>((resolve) => {
    decide = resolve;
  });
  return { hook: () => decision, decide: (context) => decide(context) };
}

describe('prepare', () => {
  it.each([
    ['an object', { user: 'ann' }],
    ['undefined', undefined],
    ['null', null],
    ['false', false],
    ['what only looks like a Response', { status: 401 }],
  ])('accepts with what the hook returns, also %s', async (_, context) => {
    for (const hook of [(): unknown => context, (): unknown => Promise.resolve(context)]) {
      expect(await ask(hook)).toMatchObject({ kind: 'accepted', context });
    }
  });

  it('accepts with what the hook has set', async () => {
    const verdict = await ask(async (handshake) => {
      await settle();
      handshake.sharedConnection = true;
      handshake.protocol = 'v1';
      handshake.responseHeaders.set('X-Mark', '1');
    });
    expect(verdict).toMatchObject({
      answer: { sharedConnection: true, protocol: 'v1', responseHeaders: [['x-mark', '1']] },
    });
  });

  it('gives the hook the id, the request and the signal of the handshake', async () => {
    const over = new LazySignal();
    let seen: unknown[] = [];
    await ask(
      ({ id, request, signal, protocol }) => (seen = [id, request, signal === over.signal, protocol]),
      over,
    );
    expect(seen).toEqual(['an id', REQUEST, true, 'v2']);
  });

  it('keeps `this` in the hook', async () => {
    const server = {
      greeting: 'hello',
      onPreServer(): string {
        return this.greeting;
      },
      server: () => {},
    };
    expect(await prepare({ ...arrival(), server }, new TaskQueue(1), new LazySignal())).toMatchObject({
      context: 'hello',
    });
  });

  it('refuses with the Response that the hook returns', async () => {
    const response = new Response('no', { status: 401 });
    expect(await ask(() => response)).toEqual({ kind: 'refused', response, body: Buffer.from('no') });
    expect(await response.text()).toBe('no');
  });

  it('refuses with a Response that has no body', async () => {
    const response = new Response(null, { status: 204 });
    expect(await ask(() => response)).toEqual({ kind: 'refused', response, body: Buffer.alloc(0) });
  });

  it('is over when the signal aborts before the body of the Response has ended, and cancels it', async () => {
    using crashes = recordCrashes();
    const over = new LazySignal();
    const cancelled: unknown[] = [];
    const body = new ReadableStream({
      start: (controller) => controller.enqueue(Buffer.from('to be continued')),
      cancel: (reason) => (cancelled.push(reason), new Promise<void>(() => {})),
    });
    const verdict = ask(() => new Response(body, { status: 403 }), over);
    await settle();
    const gone = new Error('gone');
    over.abort(() => gone);
    expect(await verdict).toEqual({ kind: 'over' });
    await settle();
    // The copy that was read and the hook's own: a stream with two readers has a reason of each.
    expect([cancelled, crashes.errors]).toEqual([[[gone, gone]], []]);
  });

  it.each<[string, Hook, unknown]>([
    [
      'throws',
      () => {
        throw new Error('no');
      },
      { message: 'no' },
    ],
    ['rejects', () => Promise.reject(new Error('no')), { message: 'no' }],
    // oxlint-disable-next-line typescript/prefer-promise-reject-errors -- anything can be thrown
    ['throws undefined', () => Promise.reject(undefined), undefined],
    [
      'throws a Response',
      () => {
        // oxlint-disable-next-line typescript/only-throw-error -- as above
        throw new Response();
      },
      expect.any(Response),
    ],
    [
      'sets a protocol that was not offered',
      (handshake) => void (handshake.protocol = 'v3'),
      { code: 'COROSOCK_ARGUMENT' },
    ],
    [
      "sets a header of the handshake's own",
      ({ responseHeaders }) => responseHeaders.set('Upgrade', 'h2c'),
      { code: 'COROSOCK_ARGUMENT' },
    ],
    ['returns a Response that was read before', readBefore, expect.any(TypeError)],
    [
      'returns a Response whose body fails',
      () => new Response(new ReadableStream({ pull: (body) => body.error(new Error('no')) })),
      { message: 'no' },
    ],
    ['returns a Response of no status', () => Response.error(), expect.any(RangeError)],
  ])('fails when the hook %s', async (_, hook, error) => {
    const verdict = await ask(hook);
    expect([verdict.kind, 'error' in verdict && verdict.error]).toMatchObject(['failed', error]);
  });

  it.each<[string, (decide: (context?: unknown) => void) => void]>([
    ['never decides', () => {}],
    ['decides too late', (decide) => decide({ user: 'ann' })],
    ['throws too late', (decide) => decide(Promise.reject(new Error('late')))],
  ])('is over at once when the signal aborts, though the hook %s', async (_, finish) => {
    using crashes = recordCrashes();
    const over = new LazySignal();
    const { hook, decide } = heldHook();
    const verdict = ask(hook, over);
    await settle();
    over.abort(() => new Error('gone'));
    expect(await verdict).toEqual({ kind: 'over' });
    finish(decide);
    await settle();
    expect(crashes.errors).toEqual([]);
  });

  it('is over when the signal aborts in the turn in which the hook decides', async () => {
    const over = new LazySignal();
    expect(
      await ask(() => {
        over.abort(() => new Error('gone'));
        return { user: 'ann' };
      }, over),
    ).toEqual({ kind: 'over' });
  });

  it('gives a session back that is opened when the handshake is over', async () => {
    const over = new LazySignal();
    const opening = held<SessionHandle>();
    const { sessions } = setScene();
    const session = await sessions.open(undefined, false);
    const release = vi.spyOn(session, 'release');
    const verdict = prepare({ ...arrival(), openSession: () => opening.promise }, new TaskQueue(1), over);
    const gone = new Error('gone');
    over.abort(() => gone);
    expect(await verdict).toEqual({ kind: 'unavailable', error: gone, opened: undefined });
    opening.resolve(session);
    await settle();
    expect(release).toHaveBeenCalledOnce();
  });

  it('asks so many hooks at once, in the order in which they came, and those that gave up not at all', async () => {
    const admission = new TaskQueue(2);
    const asked: string[] = [];
    const held = Array.from({ length: 5 }, heldHook);
    const overs = held.map(() => new LazySignal());
    const verdicts = held.map(({ hook }, index) => {
      const id = String(index);
      return prepare(
        arrival(() => (asked.push(id), hook()), id),
        admission,
        overs[index] as LazySignal,
      );
    });
    await settle();
    expect(asked).toEqual(['0', '1']);
    overs[2]?.abort(() => new Error('gone'));
    expect(await verdicts[2]).toEqual({ kind: 'over' });
    held[1]?.decide();
    await settle();
    expect(asked).toEqual(['0', '1', '3']);
    for (const { decide } of held) decide();
    expect((await Promise.all(verdicts)).map(({ kind }) => kind)).toEqual([
      'accepted',
      'accepted',
      'over',
      'accepted',
      'accepted',
    ]);
    expect(asked).toEqual(['0', '1', '3', '4']);
  });

  it('keeps the AsyncLocalStorage contexts of handshakes apart', async () => {
    const storage = new AsyncLocalStorage<string>();
    const admission = new TaskQueue(1);
    const verdicts = ['a', 'b', 'c'].map((name) =>
      storage.run(name, () =>
        prepare(
          arrival(async () => {
            await settle();
            return storage.getStore();
          }),
          admission,
          new LazySignal(),
        ),
      ),
    );
    const contexts = (await Promise.all(verdicts)).map((verdict) => 'context' in verdict && verdict.context);
    expect(contexts).toEqual(['a', 'b', 'c']);
  });
});

/** One and the same response, given a second time. */
async function readBefore(): Promise<Response> {
  const response = new Response('no', { status: 401 });
  await response.text();
  return response;
}

describe('isPlain', () => {
  it('tells whether there is a hook to wait for', () => {
    expect([isPlain(arrival()), isPlain(arrival(() => {}))]).toEqual([true, false]);
  });
});

describe('acceptedAtOnce', () => {
  it('speaks the protocol that was chosen, and decides nothing else', () => {
    expect(acceptedAtOnce('v2')).toEqual({
      kind: 'accepted',
      context: undefined,
      answer: { sharedConnection: false, protocol: 'v2', responseHeaders: undefined },
      opened: undefined,
    });
  });
});
