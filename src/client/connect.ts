// The words `connect` and `connect.each`, the same in Node and in browsers. The two
// entry points beside hand in what differs.

import { clientSettings } from './connect-options.ts';
import type { ClientPlatform, ConnectOptions } from './connect-options.ts';
import { clientUrl } from './client-url.ts';
import { eachSettings } from './each-options.ts';
import type { ConnectEachOptions } from './each-options.ts';
import { openClient } from './open-client.ts';
import type { ClientKind } from './open-client.ts';
import { Reconnection } from './reconnection.ts';
import type { ClientSocket } from '../socket/client-socket.ts';
import { rejected } from '../waiting/abortable.ts';

/** Where to: fixed, or found anew for each attempt, so that a token in it is fresh. */
export type EachUrl = string | URL | (() => string | URL | PromiseLike<string | URL>);

export interface Connect {
  /**
   * Opens a conversation with a server.
   *
   * Nothing that the server says is lost before the first read. Redirects are not
   * followed. `await using` closes the socket at the end of its scope.
   *
   * @param url - `ws:`, `wss:`, `http:` (as `ws:`) or `https:` (as `wss:`), without a fragment.
   * @returns The socket, once the server has agreed.
   * @throws ConnectError (`status`: the HTTP answer, if there was one; in a browser always
   *   undefined) when the server refuses, is not there, speaks none of the `protocols`, or
   *   `timeoutMs` is over; UsageError `COROSOCK_ARGUMENT`; the signal's reason, when it
   *   aborts. No socket, timer or listener is left.
   */
  (url: string | URL, options?: ConnectOptions): Promise<ClientSocket>;

  /**
   * Opens one conversation after another: `for await (const ws of connect.each(url))`.
   *
   * When a round of the loop is over, its socket is closed with 1000 if it is still open,
   * and after a wait there is a new one. The first attempt comes at once; the waits are
   * random, from `minDelayMs` to a ceiling that doubles with each attempt up to
   * `maxDelayMs`, and begin anew after a connection that lived for `steadyAfterMs`.
   * Leaving the loop closes the socket at hand. Nobody else may be waiting for `next`.
   *
   * In the loop read with `ws.read` or `ws.readMessage`: a `for await` over the socket throws
   * at an end that is not clean, which leaves this loop, too.
   *
   * @param url - As `connect`'s, or a function that is asked before each attempt. What it
   *   throws ends the iteration, but for a ConnectError, which counts as the server's.
   * @throws ConnectError with status 400, 401, 403 or 404, and ConnectionLostError for the close
   *   codes 1002, 1003 and 1007 to 1010, whoever sent them: another attempt would end alike.
   *   The signal's reason, when it aborts. UsageError `COROSOCK_ARGUMENT`, at once for what is
   *   wrong from the start; `COROSOCK_CONCURRENT_NEXT`.
   */
  each(url: EachUrl, options?: ConnectEachOptions): AsyncIterableIterator<ClientSocket>;
}

/** Makes `connect` for where it runs. */
export function makeConnect(kind: ClientKind & ClientPlatform): Connect {
  const connect = (url: string | URL, options: ConnectOptions = {}): Promise<ClientSocket> => {
    try {
      const settings = clientSettings('connect()', options, kind);
      return openClient(kind, clientUrl('connect()', url), settings);
    } catch (error) {
      return rejected(error);
    }
  };
  const each = (url: EachUrl, options: ConnectEachOptions = {}): AsyncIterableIterator<ClientSocket> => {
    const call = 'connect.each()';
    const own = eachSettings(call, options, kind);
    return new Reconnection({
      locate: locator(call, url),
      open: (target, settings) => openClient(kind, target, settings),
      settings: clientSettings(call, own.rest, kind),
      each: own.each,
    });
  };
  return Object.assign(connect, { each });
}

function locator(call: string, url: EachUrl): () => URL | PromiseLike<URL> {
  if (typeof url === 'function') return async () => clientUrl(call, await url());
  const target = clientUrl(call, url);
  return () => target;
}
