// Before the 101: what a hook gets, what comes of its result, and in which order hooks run.

import { AsyncLocalStorage } from 'node:async_hooks';
import type { Handshake, HandshakeRequest, WebSocketServer } from 'corosock';
import { settle, virtualClock } from 'corosock/testing';
import { describe, expect, it, vi } from 'vitest';
import { recordCrashes } from '../fixtures/process-events.ts';
import { held, setScene } from '../session/session-fixtures.ts';
import { acceptedAtOnce, Admission } from '../../src/server/admission.ts';
import { SocketId } from '../../src/server/socket-id.ts';
import type { HandshakeResult, PendingHandshake } from '../../src/server/admission.ts';
import type { HandshakeEnd } from '../../src/core/errors.ts';
import type { SessionHandle } from '../../src/session/session-handle.ts';

const REQUEST: HandshakeRequest = {
  url: new URL('ws://localhost/'),
  headers: {},
  params: {},
  protocols: ['v2', 'v1'],
  remoteAddress: undefined,
  raw: undefined,
};

type Hook = (handshake: Handshake) => unknown;

function pending(onPreServer?: Hook, id = 'an id'): PendingHandshake {
  const hook: Pick<WebSocketServer, 'onPreServer'> = onPreServer === undefined ? {} : { onPreServer };
  return {
    socketId: new SocketId(() => id),
    request: REQUEST,
    protocol: 'v2',
    makeServer: () => ({ server: () => {}, ...hook }),
    route: '*',
    openSession: undefined,
  };
}

function admission(maxHandshakes = 1): Admission {
  return new Admission({ clock: virtualClock(), maxHandshakes, handshakeTimeoutMs: 10_000 });
}

/** What comes of one handshake, and a way to end it once it waits. */
interface Asked {
  readonly result: Promise<HandshakeResult>;
  end(why: HandshakeEnd): void;
}

function admit(of: Admission, handshake: PendingHandshake): Asked {
  let end: Asked['end'] = () => expect.unreachable('the handshake does not wait');
  const result = of.admit(
    handshake,
    (made) => made,
    (deadline) => (end = (why) => deadline.end(why)),
  );
  return { result: Promise.resolve(result), end: (why) => end(why) };
}

function ask(hook: Hook): Promise<HandshakeResult> {
  return admit(admission(), pending(hook)).result;
}

/** A hook that decides when the spec says so. */
function heldHook(): { readonly hook: () => Promise<unknown>; readonly decide: (context?: unknown) => void } {
  let decide = (_context?: unknown): void => {};
  const decision = new Promise<unknown>((resolve) => {
    decide = resolve;
  });
  return { hook: () => decision, decide: (context) => decide(context) };
}

describe('Admission', () => {
  it.each([
    ['an object', { user: 'ann' }],
    ['undefined', undefined],
    ['null', null],
    ['true', true],
    ['an object with a status among others', { user: 'ann', status: 401 }],
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
    const { hook, decide } = heldHook();
    let seen: Handshake | undefined;
    const { result, end } = admit(
      admission(),
      pending((handshake) => {
        seen = handshake;
        return hook();
      }),
    );
    await settle();
    expect([seen?.id, seen?.request, seen?.signal.aborted, seen?.protocol]).toEqual([
      'an id',
      REQUEST,
      false,
      'v2',
    ]);
    end('late');
    expect(seen?.signal.reason).toMatchObject({ name: 'AbortError', why: 'late' });
    decide();
    await result;
  });

  it('keeps `this` in the hook', async () => {
    const server = {
      greeting: 'hello',
      onPreServer(): string {
        return this.greeting;
      },
      server: () => {},
    };
    expect(await admit(admission(), { ...pending(), makeServer: () => server }).result).toMatchObject({
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

  it('is over when the deadline ends before the body of the Response has, and cancels it', async () => {
    using crashes = recordCrashes();
    const cancelled: unknown[] = [];
    let signal: AbortSignal | undefined;
    const body = new ReadableStream({
      start: (controller) => controller.enqueue(Buffer.from('to be continued')),
      cancel: (reason) => (cancelled.push(reason), new Promise<void>(() => {})),
    });
    const { result, end } = admit(
      admission(),
      pending((handshake) => {
        ({ signal } = handshake);
        return new Response(body, { status: 403 });
      }),
    );
    await settle();
    end('gone');
    expect(await result).toEqual({ kind: 'over', why: 'gone' });
    await settle();
    // The copy that was read and the hook's own: a stream with two readers has a reason of each.
    expect([cancelled, crashes.errors]).toEqual([[[signal?.reason, signal?.reason]], []]);
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
  ])('is over at once when the deadline ends, though the hook %s', async (_, finish) => {
    using crashes = recordCrashes();
    const { hook, decide } = heldHook();
    const { result, end } = admit(admission(), pending(hook));
    await settle();
    end('gone');
    expect(await result).toEqual({ kind: 'over', why: 'gone' });
    finish(decide);
    await settle();
    expect(crashes.errors).toEqual([]);
  });

  it('is over when the deadline ends in the turn in which the hook decides', async () => {
    const admitting = admission();
    const hook = (): unknown => {
      admitting.close();
      return { user: 'ann' };
    };
    expect(await admit(admitting, pending(hook)).result).toEqual({ kind: 'over', why: 'closing' });
  });

  it('releases a session that is opened when the handshake is over', async () => {
    const opening = held<SessionHandle>();
    const { sessions } = setScene();
    const session = await sessions.open(undefined, false);
    const release = vi.spyOn(session, 'release');
    const { result, end } = admit(admission(), { ...pending(), openSession: () => opening.promise });
    await settle();
    end('gone');
    expect(await result).toEqual({ kind: 'over', why: 'gone' });
    opening.resolve(session);
    await settle();
    expect(release).toHaveBeenCalledOnce();
  });

  it.each<[HandshakeEnd, 'release' | 'refuse']>([
    ['gone', 'release'],
    ['late', 'refuse'],
    ['closing', 'refuse'],
  ])('ends the session of a handshake that is over, %s, by %s', async (why, verb) => {
    const { sessions } = setScene();
    const session = await sessions.open(undefined, false);
    const ended = { release: vi.spyOn(session, 'release'), refuse: vi.spyOn(session, 'refuse') };
    const server = { server: () => {}, onPreServer: () => new Promise(() => {}) };
    const { result, end } = admit(admission(), {
      ...pending(),
      makeServer: () => server,
      openSession: () => session,
    });
    await settle();
    end(why);
    expect(await result).toEqual({ kind: 'over', why });
    expect([ended[verb].mock.calls.length, sessions.size]).toEqual([1, 0]);
  });

  it('stores no session where the host closes between the decision of the hook and its answer', async () => {
    const { sessions } = setScene();
    const session = await sessions.open(undefined, false);
    const commit = vi.spyOn(session, 'commit');
    const admitting = admission();
    const { hook, decide } = heldHook();
    const { result } = admit(admitting, { ...pending(hook), openSession: () => session });
    const closing = hook().then(() => admitting.close());
    decide();
    expect(await result).toEqual({ kind: 'over', why: 'closing' });
    await closing;
    expect(commit).not.toHaveBeenCalled();
  });

  it('is unavailable when the session cannot be stored for the hook that has accepted', async () => {
    const { sessions } = setScene();
    const session = await sessions.open(undefined, false);
    const down = new Error('store is down');
    vi.spyOn(session, 'commit').mockRejectedValue(down);
    const { result } = admit(admission(), { ...pending(() => ({})), openSession: () => session });
    expect(await result).toEqual({ kind: 'unavailable', error: down });
    expect(sessions.size).toBe(0);
  });

  it('is unavailable when the session store does not answer within the time', async () => {
    const opening = held<SessionHandle>();
    const { result, end } = admit(admission(), { ...pending(), openSession: () => opening.promise });
    await settle();
    end('late');
    expect(await result).toMatchObject({ kind: 'unavailable', error: { why: 'late' }, setCookie: undefined });
  });

  it('runs maxHandshakes hooks at once, in the order of their handshakes, and none that is over', async () => {
    const admitting = admission(2);
    const asked: string[] = [];
    const hooks = Array.from({ length: 5 }, heldHook);
    const handshakes = hooks.map(({ hook }, index) => {
      const id = String(index);
      return admit(
        admitting,
        pending(() => (asked.push(id), hook()), id),
      );
    });
    await settle();
    expect(asked).toEqual(['0', '1']);
    handshakes[2]?.end('gone');
    expect(await handshakes[2]?.result).toEqual({ kind: 'over', why: 'gone' });
    hooks[1]?.decide();
    await settle();
    expect(asked).toEqual(['0', '1', '3']);
    for (const { decide } of hooks) decide();
    const results = await Promise.all(handshakes.map(({ result }) => result));
    expect(results.map(({ kind }) => kind)).toEqual(['accepted', 'accepted', 'over', 'accepted', 'accepted']);
    expect(asked).toEqual(['0', '1', '3', '4']);
  });

  it('keeps the AsyncLocalStorage contexts of handshakes apart', async () => {
    const storage = new AsyncLocalStorage<string>();
    const admitting = admission();
    const results = ['a', 'b', 'c'].map((name) =>
      storage.run(
        name,
        () =>
          admit(
            admitting,
            pending(async () => {
              await settle();
              return storage.getStore();
            }),
          ).result,
      ),
    );
    const contexts = (await Promise.all(results)).map((result) => 'context' in result && result.context);
    expect(contexts).toEqual(['a', 'b', 'c']);
  });
});

/** One and the same response, given a second time. */
async function readBefore(): Promise<Response> {
  const response = new Response('no', { status: 401 });
  await response.text();
  return response;
}

describe('a handshake without session and hook', () => {
  it('is accepted inside the call', () => {
    expect(admission().admit(pending(), ({ kind }) => kind)).toBe('accepted');
  });

  it.each<[string, Partial<PendingHandshake>]>([
    ['a hook', { makeServer: () => ({ server: () => {}, onPreServer: () => {} }) }],
    ['a session', { openSession: () => new Promise(() => {}) }],
  ])('is accepted later with %s', (_, more) => {
    expect(admission().admit({ ...pending(), ...more }, ({ kind }) => kind)).toBeInstanceOf(Promise);
  });
});

describe('acceptedAtOnce', () => {
  it('speaks the protocol that was chosen, and decides nothing else', () => {
    const server = { server: () => {} };
    expect(acceptedAtOnce(server, 'v2')).toEqual({
      kind: 'accepted',
      server,
      context: undefined,
      answer: { sharedConnection: false, protocol: 'v2', responseHeaders: undefined },
      session: undefined,
    });
  });
});
