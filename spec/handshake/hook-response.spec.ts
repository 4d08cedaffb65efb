// What a hook can refuse with: a Response of the global class, or of another one.

import { Readable } from 'node:stream';
import { runServer, settle, virtualClock } from 'corosock/testing';
import { afterEach, describe, expect, it } from 'vitest';
import { recordCrashes } from '../fixtures/process-events.ts';
import { bodyOf, responseFrom } from '../../src/handshake/hook-response.ts';
import { LazySignal } from '../../src/waiting/lazy-signal.ts';

const Native = globalThis.Response;
afterEach(() => {
  globalThis.Response = Native;
});

/** What a Response of another class is made of, as fetch libraries make them. */
class ForeignResponse {
  readonly body: unknown = null;
  readonly status: unknown = 403;
  readonly statusText = 'Forbidden';
  readonly headers: unknown = new Headers({ 'X-Why': 'not on the list' });

  constructor(
    parts: { readonly body?: unknown; readonly status?: unknown; readonly headers?: unknown } = {},
  ) {
    Object.assign(this, parts);
  }

  get [Symbol.toStringTag](): string {
    return 'Response';
  }
}

/** Replaces the global class, as frameworks do that make Responses lazily. */
function replaceGlobal(): void {
  globalThis.Response = class extends Native {};
}

/** How a visit goes whose hook returns something. */
async function visit(
  returned: unknown,
): Promise<readonly [status: number, body: string, reports: unknown[]]> {
  const reports: unknown[] = [];
  await using run = runServer(
    { onPreServer: () => returned, server: async (ws) => void (await ws.write('you are in')) },
    { clock: virtualClock(), report: (error) => reports.push(error) },
  );
  const outcome = await run.done;
  await run.client.catch(() => {});
  if (outcome.kind !== 'refused') return [101, '', reports];
  return [outcome.response.status, await outcome.response.text(), reports];
}

const encoded = (text: string): Uint8Array => new TextEncoder().encode(text);

describe('responseFrom', () => {
  it.each([
    { status: 401 },
    { status: 403, statusText: 'Forbidden', headers: {}, body: 'no' },
    Object.assign(Object.create(null) as object, { status: 401 }),
  ])('H33: refuses %o with 500, and says how a Response is written', async (returned) => {
    const { status } = returned as { readonly status: number };
    const [answer, , reports] = await visit(returned);
    expect([answer, reports.map(String)]).toEqual([
      500,
      [
        `UsageError: onPreServer: expected a Response: return new Response(null, { status: ${status} }), got an object`,
      ],
    ]);
  });

  it.each([
    undefined,
    null,
    'Response',
    {},
    { status: '403' },
    { status: 1, user: 'ann' },
    new Map(),
    () => new Response(),
  ])('takes %o for a context', (returned) => {
    expect(responseFrom(returned)).toBe(undefined);
  });

  it('gives a Response of the global class as it is', () => {
    const response = new Response('no', { status: 401 });
    expect(responseFrom(response)).toBe(response);
  });

  it.each<[string, () => unknown]>([
    ['a web stream', () => new Native('no').body],
    ['a stream of Node', () => Readable.from([encoded('n'), encoded('o')])],
  ])(
    'gives a Response of another class, whose body is %s, with status, headers and body',
    async (_, body) => {
      const response = responseFrom(new ForeignResponse({ body: body() }));
      expect([response?.status, response?.statusText, [...(response?.headers ?? [])]]).toEqual([
        403,
        'Forbidden',
        [['x-why', 'not on the list']],
      ]);
      expect(await response?.text()).toBe('no');
    },
  );

  it('gives each cookie of a Response of another class', () => {
    const headers = new Headers([
      ['Set-Cookie', 'a=1'],
      ['Set-Cookie', 'b=2'],
    ]);
    expect(responseFrom(new ForeignResponse({ headers }))?.headers.getSetCookie()).toEqual(['a=1', 'b=2']);
  });
});

describe('bodyOf', () => {
  const over = new LazySignal();

  it('reads the whole body, and leaves it readable', async () => {
    const response = new Response('grün', { status: 403 });
    expect(await bodyOf(response, over)).toEqual(Buffer.from('grün'));
    expect(await response.text()).toBe('grün');
  });

  it('is empty where there is no body', async () => {
    expect(await bodyOf(new Response(null, { status: 204 }), over)).toEqual(Buffer.alloc(0));
  });

  it('refuses a status that is no answer', async () => {
    await expect(bodyOf(Response.error(), over)).rejects.toThrow(RangeError);
  });

  it('rejects when the body fails, and leaves no unhandled rejection', async () => {
    using crashes = recordCrashes();
    const body = new ReadableStream({ pull: (source) => source.error(new Error('no')) });
    await expect(bodyOf(new Response(body), over)).rejects.toThrow('no');
    await settle();
    expect(crashes.errors).toEqual([]);
  });

  it('rejects with the reason of the signal, and cancels a body that does not end', async () => {
    const ending = new LazySignal();
    const cancelled: unknown[] = [];
    const body = new ReadableStream({ cancel: (reason) => void cancelled.push(reason) });
    const reading = bodyOf(new Response(body), ending);
    const gone = new Error('gone');
    ending.abort(() => gone);
    await expect(reading).rejects.toBe(gone);
    await settle();
    expect(cancelled).toEqual([[gone, gone]]);
  });
});

describe('a hook', () => {
  it('refuses with a Response of another class', async () => {
    expect(await visit(new ForeignResponse({ body: new Native('no').body }))).toEqual([403, 'no', []]);
  });

  it('refuses with a Response of the class that was the global one before', async () => {
    const response = new Response('no', { status: 403 });
    replaceGlobal();
    expect(await visit(response)).toEqual([403, 'no', []]);
  });

  it.each([
    ['has no status', { status: undefined }],
    ['has a status that HTTP does not have', { status: 99 }],
    ['has the status 101', { status: 101 }],
    ['has no headers', { headers: undefined }],
    ['has headers with line ends', { headers: new Map([['X-Why', 'a\r\nb: c']]) }],
    ['has a body where none may be', { body: 'no', status: 204 }],
    ['has a body that was read before', { body: readBefore() }],
  ])('fails closed, with 500, when its Response of another class %s', async (_, parts) => {
    using crashes = recordCrashes();
    const [status, , reports] = await visit(new ForeignResponse(parts));
    await settle();
    expect([status, reports.length, crashes.errors]).toEqual([500, 1, []]);
  });
});

function readBefore(): unknown {
  const { body } = new Native('no');
  void body?.getReader();
  return body;
}
