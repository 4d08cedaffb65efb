// `connect` and `connect.each`, the same in Node and in browsers: their docstrings, the checks of
// their arguments, and the URL. The entry points `index.ts` and `browser.ts` call `makeConnect`; it
// calls `open-client.ts` and `reconnection.ts`.

import { clientSettings } from './connect-options.ts';
import type { ClientPlatform, ConnectOptions } from './connect-options.ts';
import { eachSettings } from './each-options.ts';
import type { ConnectEachOptions } from './each-options.ts';
import { openClient } from './open-client.ts';
import type { ClientParts } from './open-client.ts';
import { Reconnection } from './reconnection.ts';
import type { ClientSocket } from '../socket/client-socket.ts';
import { abortable, rejected } from '../waiting/abortable.ts';
import { badArgument } from '../core/arguments.ts';
import { noop } from '../core/noop.ts';

/** A URL, or a function that gives one for each attempt, so that a token in it is fresh. */
export type EachUrl = string | URL | (() => string | URL | PromiseLike<string | URL>);

export interface Connect {
  /**
   * Opens a conversation with a server.
   *
   * Messages that the server sends before the first read are kept. Redirects are not followed.
   * `await using` closes the socket at the end of its scope.
   *
   * @param url - `ws:`, `wss:`, `http:` (as `ws:`) or `https:` (as `wss:`), without a fragment.
   * @returns The socket, once the server has accepted.
   * @throws ConnectError when the server refuses, does not answer or speaks none of the
   *   `protocols`, or when `timeoutMs` is over. Its `status` is that of the HTTP answer, if there
   *   was one; in a browser always undefined. UsageError `COROSOCK_ARGUMENT`; the signal's reason
   *   when it aborts. No socket, timer or listener is left.
   */
  (url: string | URL, options?: ConnectOptions): Promise<ClientSocket>;

  /**
   * Opens one conversation after another: `for await (const ws of connect.each(url))`.
   *
   * When a round of the loop ends, its socket is closed with 1000 if it is still open. After a
   * wait there is a new one. The first attempt comes at once. The waits are random, from
   * `minDelayMs` to a ceiling that doubles with each attempt up to `maxDelayMs`. They begin again
   * at the lowest ceiling after a connection that lived for `steadyAfterMs`. Leaving the loop
   * closes the open socket. Only one `next` may wait at a time.
   *
   * In the loop read with `ws.read` or `ws.readMessage`: a `for await` over the socket throws at an
   * end that is not clean, and that error leaves this loop, too.
   *
   * @param url - As for `connect`, or a function that is called before each attempt. If it throws,
   *   the iteration ends with that error; a ConnectError counts as one of the server.
   * @throws ConnectError with status 400, 401, 403 or 404, and ConnectionLostError for the close
   *   codes 1002, 1003 and 1007 to 1010 of either end: another attempt would end in the same way.
   *   The signal's reason when it aborts. UsageError `COROSOCK_ARGUMENT`, at once for wrong
   *   arguments; `COROSOCK_CONCURRENT_NEXT`.
   */
  each(url: EachUrl, options?: ConnectEachOptions): AsyncIterableIterator<ClientSocket>;
}

/** Makes `connect` for the platform that it runs on. */
export function makeConnect(platform: ClientParts & ClientPlatform): Connect {
  const connect = (url: string | URL, options: ConnectOptions = {}): Promise<ClientSocket> => {
    try {
      const settings = clientSettings('connect()', options, platform);
      return openClient(platform, clientUrl('connect()', url), settings);
    } catch (error) {
      return rejected(error);
    }
  };
  const each = (url: EachUrl, options: ConnectEachOptions = {}): AsyncIterableIterator<ClientSocket> => {
    const call = 'connect.each()';
    const own = eachSettings(call, options, platform);
    const locate = locator(call, url);
    const settings = clientSettings(call, own.rest, platform);
    const open = async (signal: AbortSignal): Promise<ClientSocket> =>
      openClient(platform, await locate(signal), { ...settings, signal });
    return new Reconnection(open, settings, own.each);
  };
  return Object.assign(connect, { each });
}

/** Gives what finds the URL of each attempt, until its signal aborts. */
function locator(call: string, url: EachUrl): (signal: AbortSignal) => Promise<URL> {
  if (typeof url !== 'function') {
    const target = Promise.resolve(clientUrl(call, url));
    return () => target;
  }
  const locate = async (): Promise<URL> => clientUrl(call, await url());
  return (signal) =>
    abortable(signal, (settle, fail) => {
      locate().then(settle, fail);
      return noop;
    });
}

const SCHEMES: Readonly<Record<string, string>> = Object.freeze({
  'ws:': 'ws:',
  'wss:': 'wss:',
  'http:': 'ws:',
  'https:': 'wss:',
});

/**
 * Checks a URL and gives its WebSocket form: `ws:` for `http:`, `wss:` for `https:`.
 *
 * @param call - Named in errors. They never show the URL, which may hold a token.
 * @throws UsageError `COROSOCK_ARGUMENT` for another scheme, a fragment (RFC 6455 §3), or no
 *   absolute URL.
 */
export function clientUrl(call: string, url: unknown): URL {
  const text = url instanceof URL ? url.href : url;
  if (typeof text !== 'string') throw badArgument(call, 'url to be a string or a URL', url);
  if (!URL.canParse(text)) throw badArgument(call, 'url to be an absolute URL', typeof url);
  const scheme = /^\w[\w+.-]*:/.exec(text.trim())?.[0] ?? '';
  const target = SCHEMES[scheme.toLowerCase()];
  if (target === undefined) throw badArgument(call, 'url to begin with ws:, wss:, http: or https:', scheme);
  const parsed = new URL(text);
  if (text.includes('#')) throw badArgument(call, 'url to have no fragment', '#');
  parsed.protocol = target;
  return parsed;
}
